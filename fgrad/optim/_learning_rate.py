"""The last part of an optimiser: it makes a step of a gradient."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from fgrad import tree
from fgrad.optim._checks import (
    check_params,
    check_state,
    in_range,
    learning_rate as checked_rate,
)
from fgrad.optim._moments import cast
from fgrad.optim._transformation import GradientTransformation, stateless

__all__ = ["LearningRateState", "scale_by_learning_rate"]


class LearningRateState(NamedTuple):
    """How many steps a schedule has seen."""

    count: Any


def scale_by_learning_rate(
    learning_rate: float | Callable[[int], Any],
) -> GradientTransformation:
    """Minus a learning rate times the gradient: a step downhill.

    Parameters
    ----------
    learning_rate : float or callable
        Finite and not negative. A schedule gets the number of steps before this one,
        and returns a learning rate.

    Returns
    -------
    GradientTransformation

    Raises
    ------
    SettingError
        If the learning rate is nan, infinite or negative; by ``update``, if a schedule
        returns such a one.

    Notes
    -----
    The gradient of a real function of complex numbers is conjugated here: fgrad's
    gradient is ∂f/∂x - i ∂f/∂y, and a step along it would not lead downhill.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> last = optim.scale_by_learning_rate(lambda count: 1 / (1 + count))
    >>> params, grads = np.zeros(2), np.ones(2)
    >>> first, state = last.update(grads, last.init(params))
    >>> second, state = last.update(grads, state)
    >>> first, second, state
    (array([-1., -1.]), array([-0.5, -0.5]), LearningRateState(count=2))
    """
    rate = checked_rate(learning_rate)
    if callable(rate):
        return GradientTransformation(_init, partial(_update, rate))
    return stateless(partial(_step, rate))


def _init(params: Any) -> LearningRateState:
    check_params(params)
    return LearningRateState(0)


def _update(
    schedule: Callable[[Any], Any],
    grads: Any,
    state: Any = None,
    params: Any = None,
) -> tuple[Any, LearningRateState]:
    check_state(state, LearningRateState)
    source = f" from its schedule at step {state.count}"
    rate = in_range("a learning rate", schedule(state.count), source=source)
    return _step(rate, grads, params), LearningRateState(state.count + 1)


def _step(rate: Any, grads: Any, params: Any) -> Any:
    return tree.map(lambda g: cast(-rate * _downhill(g), g), grads)


def _downhill(g: Any) -> Any:
    return np.conj(g) if np.iscomplexobj(g) else g
