"""RMSProp: gradients in units of their recent size."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from fgrad import tree
from fgrad.optim._checks import agree, check_params, check_state, in_range
from fgrad.optim._learning_rate import scale_by_learning_rate
from fgrad.optim._moments import average, cast, filled, root, squared
from fgrad.optim._momentum import momentum_of
from fgrad.optim._transformation import GradientTransformation, chain

__all__ = ["RmsState", "rmsprop", "scale_by_rms"]


class RmsState(NamedTuple):
    """The average of the squares of the gradients."""

    nu: Any


def scale_by_rms(
    decay: float = 0.9,
    eps: float = 1e-8,
    initial_scale: float = 0.0,
    eps_in_sqrt: bool = True,
) -> GradientTransformation:
    """The gradients, divided by the root of the average of their squares.

    Parameters
    ----------
    decay : float
        How much of the average is left after a step, in [0, 1).
    eps : float
        Added below the root; or to the root, as in PyTorch, if `eps_in_sqrt` is False.
    initial_scale : float
        The average before the first step.
    eps_in_sqrt : bool
        Whether `eps` is below the root.

    Returns
    -------
    GradientTransformation

    Raises
    ------
    SettingError
        If a setting is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> part = optim.scale_by_rms(decay=0.75)
    >>> part.update(np.array([300.0, -0.02]), part.init(np.zeros(2)))[0].round(2)
    array([ 2., -2.])
    """
    start = in_range("initial_scale of rmsprop", initial_scale)
    return GradientTransformation(
        partial(_init, start),
        partial(
            _update,
            in_range("the decay of rmsprop", decay, below=1),
            in_range("eps of rmsprop", eps),
            eps_in_sqrt,
        ),
    )


def _init(start: Any, params: Any) -> RmsState:
    check_params(params)
    return RmsState(filled(params, start, real=True))


def _update(
    decay: Any,
    eps: Any,
    eps_in_sqrt: bool,
    grads: Any,
    state: Any = None,
    params: Any = None,
) -> tuple[Any, RmsState]:
    check_state(state, RmsState)
    agree("grads", grads, "state.nu", state.nu, squares=True)
    nu = average(decay, state.nu, squared(grads))

    def scaled(g: Any, v: Any) -> Any:
        return cast(g / (np.sqrt(v + eps) if eps_in_sqrt else root(v) + eps), g)

    return tree.map(scaled, grads, nu), RmsState(nu)


def rmsprop(
    learning_rate: float | Callable[[int], Any],
    decay: float = 0.9,
    eps: float = 1e-8,
    initial_scale: float = 0.0,
    eps_in_sqrt: bool = True,
    momentum: float | None = None,
    nesterov: bool = False,
) -> GradientTransformation:
    """RMSProp: steps along the gradient, scaled by the average square.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    decay, eps, initial_scale, eps_in_sqrt
        See `scale_by_rms`.
    momentum : float, optional
        The decay of a velocity, in [0, 1), which the steps add to.
    nesterov : bool
        Nesterov's momentum, see `trace`.

    Returns
    -------
    GradientTransformation

    Raises
    ------
    SettingError
        If a setting is out of range, or `nesterov` is true without a momentum.

    Notes
    -----
    Tieleman and Hinton, Lecture 6.5 of Neural networks for machine learning (2012).

    Examples
    --------
    >>> from fgrad import grad, optim
    >>> optimiser, x = optim.rmsprop(0.01), 1.0
    >>> state = optimiser.init(x)
    >>> for _ in range(200):
    ...     updates, state = optimiser.update(grad(lambda x: x**4)(x), state, x)
    ...     x = optim.apply_updates(x, updates)
    >>> abs(x) < 0.1
    np.True_
    """
    return chain(
        scale_by_rms(decay, eps, initial_scale, eps_in_sqrt),
        scale_by_learning_rate(learning_rate),
        *momentum_of("rmsprop", momentum, nesterov),
    )
