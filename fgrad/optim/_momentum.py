"""Gradient descent, and momentum: a ball that rolls instead of a walker."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from fgrad import tree
from fgrad._words.callsite import at
from fgrad.errors import SettingError
from fgrad.optim._checks import agree, check_params, check_state, in_range
from fgrad.optim._learning_rate import scale_by_learning_rate
from fgrad.optim._moments import cast, filled
from fgrad.optim._transformation import GradientTransformation, chain

__all__ = ["TraceState", "momentum_of", "sgd", "trace"]


class TraceState(NamedTuple):
    """The velocity: a tree like the parameters."""

    trace: Any


def trace(decay: float, nesterov: bool = False) -> GradientTransformation:
    """A decaying sum of all gradients so far: momentum.

    Parameters
    ----------
    decay : float
        What is left of the sum after a step, in [0, 1).
    nesterov : bool
        Whether the sum is looked at one step later: Sutskever, Martens, Dahl and
        Hinton, On the importance of initialization and momentum (2013).

    Returns
    -------
    GradientTransformation

    Raises
    ------
    SettingError
        If `decay` is not in [0, 1).

    Examples
    --------
    >>> from fgrad import optim
    >>> momentum = optim.trace(0.5)
    >>> state = momentum.init(0.0)
    >>> for _ in range(3):
    ...     update, state = momentum.update(1.0, state)
    >>> float(update)
    1.75
    """
    decay = in_range("the decay of momentum", decay, below=1)
    return GradientTransformation(_init, partial(_update, decay, nesterov))


def _init(params: Any) -> TraceState:
    check_params(params)
    return TraceState(filled(params))


def _update(
    decay: Any, nesterov: bool, grads: Any, state: Any = None, params: Any = None
) -> tuple[Any, TraceState]:
    check_state(state, TraceState)
    agree("grads", grads, "state.trace", state.trace)

    def summed(g: Any, t: Any) -> Any:
        return cast(g + decay * t, t)

    velocity = tree.map(summed, grads, state.trace)
    ahead = tree.map(summed, grads, velocity) if nesterov else velocity
    updates = tree.map(lambda g, t: cast(t, g), grads, ahead)
    return updates, TraceState(velocity)


def sgd(
    learning_rate: float | Callable[[int], Any],
    momentum: float | None = None,
    nesterov: bool = False,
) -> GradientTransformation:
    """Gradient descent, with or without momentum.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    momentum : float, optional
        The decay of the velocity, in [0, 1).
    nesterov : bool
        Nesterov's momentum, see `trace`.

    Returns
    -------
    GradientTransformation

    Raises
    ------
    SettingError
        If a setting is out of range, or `nesterov` is true without a momentum.

    Examples
    --------
    >>> from fgrad import grad, optim
    >>> optimiser, x = optim.sgd(0.1, momentum=0.5), 1.0
    >>> state = optimiser.init(x)
    >>> for _ in range(100):
    ...     updates, state = optimiser.update(grad(lambda x: x**2)(x), state, x)
    ...     x = optim.apply_updates(x, updates)
    >>> abs(x) < 1e-12
    np.True_
    """
    last = scale_by_learning_rate(learning_rate)
    ball = momentum_of("sgd", momentum, nesterov)
    if ball:
        return chain(*ball, last)
    return GradientTransformation(last.init, partial(_fitting, last.update))


def _fitting(
    update: Any, grads: Any, state: Any = None, params: Any = None
) -> tuple[Any, Any]:
    """An update whose state knows no shapes: the parameters do."""
    if params is not None:
        agree("grads", grads, "params", params)
    return update(grads, state, params)


def momentum_of(
    name: str, momentum: float | None, nesterov: bool
) -> list[GradientTransformation]:
    """The momentum of an optimiser, if it has one."""
    if momentum is not None:
        return [trace(momentum, nesterov)]
    if nesterov:
        raise SettingError(
            at(
                f"{name} with nesterov=True needs a momentum: write momentum=0.9, or "
                f"leave nesterov out"
            )
        )
    return []
