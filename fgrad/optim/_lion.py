"""Lion: only the sign of an average counts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from fgrad import tree
from fgrad.optim._checks import agree, check_params, check_state, in_range
from fgrad.optim._decay import add_decayed_weights
from fgrad.optim._learning_rate import scale_by_learning_rate
from fgrad.optim._moments import average, cast, filled
from fgrad.optim._transformation import GradientTransformation, chain

__all__ = ["LionState", "lion", "scale_by_lion"]


class LionState(NamedTuple):
    """The average of the gradients."""

    mu: Any


def scale_by_lion(b1: float = 0.9, b2: float = 0.99) -> GradientTransformation:
    """The signs of an average of the gradients.

    Parameters
    ----------
    b1 : float
        The weight of the average before this step, in [0, 1), where the sign is taken.
    b2 : float
        How much of the average is left after a step, in [0, 1).

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
    >>> part = optim.scale_by_lion()
    >>> part.update(np.array([300.0, -0.02, 0.0]), part.init(np.zeros(3)))[0]
    array([ 1., -1.,  0.])
    """
    return GradientTransformation(
        _init,
        partial(
            _update,
            in_range("b1 of lion", b1, below=1),
            in_range("b2 of lion", b2, below=1),
        ),
    )


def _init(params: Any) -> LionState:
    check_params(params)
    return LionState(filled(params))


def _update(
    b1: Any, b2: Any, grads: Any, state: Any = None, params: Any = None
) -> tuple[Any, LionState]:
    check_state(state, LionState)
    agree("grads", grads, "state.mu", state.mu)
    ahead = average(b1, state.mu, grads)
    updates = tree.map(lambda g, m: cast(np.sign(m), g), grads, ahead)
    return updates, LionState(average(b2, state.mu, grads))


def lion(
    learning_rate: float | Callable[[int], Any],
    b1: float = 0.9,
    b2: float = 0.99,
    weight_decay: float = 1e-3,
    mask: Any = None,
) -> GradientTransformation:
    """Lion: steps of one length, along the signs of an average of the gradients.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule: the length of a step, for each entry.
    b1, b2
        See `scale_by_lion`.
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
    Chen et al., Symbolic discovery of optimization algorithms (2023), algorithm 2. A
    sign is constant almost everywhere: the derivative of a step in the gradients is 0.

    Examples
    --------
    >>> from fgrad import optim
    >>> optimiser, params = optim.lion(0.25, weight_decay=0.0), {"w": 1.0}
    >>> optimiser.update({"w": 123.0}, optimiser.init(params), params)[0]
    {'w': np.float64(-0.25)}
    """
    return chain(
        scale_by_lion(b1, b2),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )
