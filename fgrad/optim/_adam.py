"""Adam: each parameter has a step of its own, about as long as the learning rate."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from fgrad import tree
from fgrad.optim._checks import agree, check_params, check_state, in_range
from fgrad.optim._decay import add_decayed_weights
from fgrad.optim._learning_rate import scale_by_learning_rate
from fgrad.optim._moments import average, cast, corrected, filled, root, squared
from fgrad.optim._transformation import GradientTransformation, chain

__all__ = ["AdamState", "adam", "adamw", "scale_by_adam"]


class AdamState(NamedTuple):
    """The number of steps so far, and averages of the gradients and their squares."""

    count: Any
    mu: Any
    nu: Any


def scale_by_adam(
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    *,
    nesterov: bool = False,
) -> GradientTransformation:
    """The average gradient, divided by the root of the average square.

    Parameters
    ----------
    b1, b2 : float
        How much of the average of the gradients, and of their squares, is left after a
        step; in [0, 1).
    eps : float
        Added to the root.
    eps_root : float
        Added below the root.
    nesterov : bool
        Whether the average is looked at one step later: Dozat, Incorporating Nesterov
        momentum into Adam (2016).

    Returns
    -------
    GradientTransformation
        Its state is ``AdamState(count, mu, nu)``.

    Raises
    ------
    SettingError
        If a setting is out of range.

    Notes
    -----
    Kingma and Ba, Adam: a method for stochastic optimization (2015), algorithm 1. Its
    derivatives are exact also where all gradients have been 0. Averages of float16
    gradients are float32, whose squares and `eps` are not rounded to 0.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> part = optim.scale_by_adam()
    >>> part.update(np.array([300.0, -0.02]), part.init(np.zeros(2)))[0].round(4)
    array([ 1., -1.])
    """
    return GradientTransformation(
        _init,
        partial(
            _update,
            in_range("b1 of adam", b1, below=1),
            in_range("b2 of adam", b2, below=1),
            in_range("eps of adam", eps),
            in_range("eps_root of adam", eps_root),
            nesterov,
        ),
    )


def _init(params: Any) -> AdamState:
    check_params(params)
    return AdamState(0, filled(params), filled(params, real=True))


def _update(
    b1: Any,
    b2: Any,
    eps: Any,
    eps_root: Any,
    nesterov: bool,
    grads: Any,
    state: Any = None,
    params: Any = None,
) -> tuple[Any, AdamState]:
    check_state(state, AdamState)
    agree("grads", grads, "state.mu", state.mu)
    count = state.count + 1
    mu = average(b1, state.mu, grads)
    nu = average(b2, state.nu, squared(grads))
    if nesterov:
        ahead, now = corrected(mu, b1, count + 1), corrected(grads, b1, count)
        mean = average(b1, ahead, now)
    else:
        mean = corrected(mu, b1, count)
    updates = tree.map(
        lambda g, m, v: cast(m / (root(v + eps_root) + eps), g),
        grads,
        mean,
        corrected(nu, b2, count),
    )
    return updates, AdamState(count, mu, nu)


def adam(
    learning_rate: float | Callable[[int], Any],
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    *,
    nesterov: bool = False,
) -> GradientTransformation:
    """Adam: steps along the average gradient, scaled by the average square.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule. Steps are about as long.
    b1, b2, eps, eps_root, nesterov
        See `scale_by_adam`.

    Returns
    -------
    GradientTransformation

    Raises
    ------
    SettingError
        If a setting is out of range.

    Examples
    --------
    >>> from fgrad import grad, optim
    >>> optimiser, x = optim.adam(0.1), 1.0
    >>> state = optimiser.init(x)
    >>> for _ in range(200):
    ...     updates, state = optimiser.update(grad(lambda x: x**4)(x), state, x)
    ...     x = optim.apply_updates(x, updates)
    >>> abs(x) < 0.1
    np.True_
    """
    return chain(
        scale_by_adam(b1, b2, eps, eps_root, nesterov=nesterov),
        scale_by_learning_rate(learning_rate),
    )


def adamw(
    learning_rate: float | Callable[[int], Any],
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    weight_decay: float = 1e-4,
    mask: Any = None,
    *,
    nesterov: bool = False,
) -> GradientTransformation:
    """Adam, with weights that decay by themselves.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    b1, b2, eps, eps_root, nesterov
        See `scale_by_adam`.
    weight_decay : float
        Each step takes ``learning_rate * weight_decay`` of a parameter away.
    mask : tree of bool, or callable, optional
        Which parameters decay, see `add_decayed_weights`.

    Returns
    -------
    GradientTransformation
        Its ``update`` needs the parameters.

    Raises
    ------
    SettingError
        If a setting is out of range.

    Notes
    -----
    Loshchilov and Hutter, Decoupled weight decay regularization (2019), algorithm 2.

    Examples
    --------
    >>> from fgrad import optim
    >>> optimiser = optim.adamw(0.1, weight_decay=0.5, mask={"w": True, "b": False})
    >>> params, grads = {"w": 1.0, "b": 1.0}, {"w": 0.0, "b": 0.0}
    >>> updates, state = optimiser.update(grads, optimiser.init(params), params)
    >>> optim.apply_updates(params, updates)
    {'w': np.float64(0.95), 'b': np.float64(1.0)}
    """
    return chain(
        scale_by_adam(b1, b2, eps, eps_root, nesterov=nesterov),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )
