"""AdaGrad: gradients in units of the length of all gradients so far."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from fgrad import tree
from fgrad.optim._checks import agree, check_params, check_state, in_range
from fgrad.optim._learning_rate import scale_by_learning_rate
from fgrad.optim._moments import cast, filled, squared
from fgrad.optim._transformation import GradientTransformation, chain

__all__ = ["RssState", "adagrad", "scale_by_rss"]


class RssState(NamedTuple):
    """The sum of the squares of the gradients."""

    sum_of_squares: Any


def scale_by_rss(
    initial_accumulator_value: float = 0.1, eps: float = 1e-7
) -> GradientTransformation:
    """The gradients, divided by the root of the sum of their squares so far.

    Parameters
    ----------
    initial_accumulator_value : float
        The sum before the first step.
    eps : float
        Added below the root. If the sum is 0, too, the result is 0.

    Returns
    -------
    GradientTransformation

    Raises
    ------
    SettingError
        If a setting is out of range.

    Examples
    --------
    >>> from fgrad import optim
    >>> part = optim.scale_by_rss(0.0, eps=0.0)
    >>> first, state = part.update(-3.0, part.init(0.0))
    >>> second, state = part.update(4.0, state)
    >>> float(first), float(second)
    (-1.0, 0.8)
    """
    return GradientTransformation(
        partial(
            _init,
            in_range("initial_accumulator_value of adagrad", initial_accumulator_value),
        ),
        partial(_update, in_range("eps of adagrad", eps)),
    )


def _init(start: Any, params: Any) -> RssState:
    check_params(params)
    return RssState(filled(params, start, real=True))


def _update(
    eps: Any, grads: Any, state: Any = None, params: Any = None
) -> tuple[Any, RssState]:
    check_state(state, RssState)
    total = state.sum_of_squares
    agree("grads", grads, "state.sum_of_squares", total, squares=True)
    total = tree.map(lambda s, q: cast(s + q, s), total, squared(grads))

    def scaled(g: Any, s: Any) -> Any:
        nothing = s + eps == 0
        return cast(np.where(nothing, 0, g / np.sqrt(np.where(nothing, 1, s + eps))), g)

    return tree.map(scaled, grads, total), RssState(total)


def adagrad(
    learning_rate: float | Callable[[int], Any],
    initial_accumulator_value: float = 0.1,
    eps: float = 1e-7,
) -> GradientTransformation:
    """AdaGrad: steps along the gradient, scaled by the sum of squares so far.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    initial_accumulator_value, eps
        See `scale_by_rss`.

    Returns
    -------
    GradientTransformation

    Raises
    ------
    SettingError
        If a setting is out of range.

    Notes
    -----
    Duchi, Hazan and Singer, Adaptive subgradient methods for online learning and
    stochastic optimization (2011), with diagonal matrices.

    Examples
    --------
    >>> from fgrad import grad, optim
    >>> optimiser, x = optim.adagrad(0.3), 1.0
    >>> state = optimiser.init(x)
    >>> for _ in range(100):
    ...     updates, state = optimiser.update(grad(lambda x: x**2)(x), state, x)
    ...     x = optim.apply_updates(x, updates)
    >>> abs(x) < 1e-6
    np.True_
    """
    return chain(
        scale_by_rss(initial_accumulator_value, eps),
        scale_by_learning_rate(learning_rate),
    )
