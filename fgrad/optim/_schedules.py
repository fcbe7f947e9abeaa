"""Learning rates that change: functions of the number of steps so far."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from fgrad.optim._checks import in_range, steps

__all__ = [
    "Schedule",
    "constant_schedule",
    "cosine",
    "cosine_decay_schedule",
    "exponential_decay",
    "linear_schedule",
]

Schedule = Callable[[Any], Any]


def constant_schedule(value: float) -> Schedule:
    """The same learning rate at all steps.

    Parameters
    ----------
    value : float

    Returns
    -------
    callable
        From the number of steps so far to the learning rate.

    Raises
    ------
    SettingError
        If `value` is nan, infinite or negative.

    Examples
    --------
    >>> from fgrad import optim
    >>> optim.constant_schedule(0.1)(1000)
    0.1
    """
    return partial(_constant, in_range("value of a schedule", value))


def _constant(value: Any, count: Any) -> Any:
    return value


def linear_schedule(
    init_value: float,
    end_value: float,
    transition_steps: int,
    transition_begin: int = 0,
) -> Schedule:
    """A straight line from one learning rate to another, and constant after it.

    Parameters
    ----------
    init_value, end_value : float
    transition_steps : int
        How many steps the way takes.
    transition_begin : int
        How many steps there are before it.

    Returns
    -------
    callable
        From the number of steps so far to the learning rate.

    Raises
    ------
    SettingError
        If a value is nan, infinite or negative, or if there are no steps.

    Examples
    --------
    >>> from fgrad import optim
    >>> warm_up = optim.linear_schedule(0.0, 0.5, 10)
    >>> [float(warm_up(count)) for count in (0, 1, 10, 11)]
    [0.0, 0.05, 0.5, 0.5]
    """
    return partial(
        _linear,
        in_range("init_value of a schedule", init_value),
        in_range("end_value of a schedule", end_value),
        steps("transition_steps", transition_steps),
        steps("transition_begin", transition_begin, 0),
    )


def _linear(init: Any, end: Any, length: int, begin: int, count: Any) -> Any:
    return init + (end - init) * np.clip((count - begin) / length, 0, 1)


def cosine_decay_schedule(
    init_value: float, decay_steps: int, alpha: float = 0.0, exponent: float = 1.0
) -> Schedule:
    """Half a cosine from a learning rate down to a fraction of it.

    Parameters
    ----------
    init_value : float
    decay_steps : int
        How many steps the way takes; the rate is constant after it.
    alpha : float
        The fraction of `init_value` at the end.
    exponent : float
        The power that the cosine, which goes from 1 to 0, is raised to.

    Returns
    -------
    callable
        From the number of steps so far to the learning rate.

    Raises
    ------
    SettingError
        If a value is nan, infinite or negative, or if there are no steps.

    Notes
    -----
    Loshchilov and Hutter, SGDR (2017), equation 5, without restarts.

    Examples
    --------
    >>> from fgrad import optim
    >>> rate = optim.cosine_decay_schedule(0.5, 100)
    >>> [round(float(rate(count)), 6) for count in (0, 50, 100, 200)]
    [0.5, 0.25, 0.0, 0.0]
    """
    return partial(
        cosine,
        in_range("init_value of a schedule", init_value),
        steps("decay_steps", decay_steps),
        in_range("alpha of a schedule", alpha),
        in_range("exponent of a schedule", exponent),
    )


def cosine(init: Any, length: int, alpha: Any, exponent: Any, count: Any) -> Any:
    """Half a cosine, raised to a power, from a rate down to a fraction of it."""
    wave = 0.5 * (1 + np.cos(np.pi * np.clip(count / length, 0, 1)))
    return init * ((1 - alpha) * wave**exponent + alpha)


def exponential_decay(
    init_value: float,
    transition_steps: int,
    decay_rate: float,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: float | None = None,
) -> Schedule:
    """A learning rate that is multiplied by the same factor again and again.

    Parameters
    ----------
    init_value : float
    transition_steps : int
        After how many steps the rate is multiplied by `decay_rate`.
    decay_rate : float
        Below 1, the rate falls; above 1, it grows.
    transition_begin : int
        How many steps there are before it.
    staircase : bool
        Whether the rate changes only after each `transition_steps`.
    end_value : float, optional
        Where the rate stops.

    Returns
    -------
    callable
        From the number of steps so far to the learning rate.

    Raises
    ------
    SettingError
        If a value is nan, infinite or negative, or if there are no steps.

    Examples
    --------
    >>> from fgrad import optim
    >>> rate = optim.exponential_decay(0.8, 10, 0.5)
    >>> [float(rate(count)) for count in (0, 10, 20)]
    [0.8, 0.4, 0.2]
    """
    return partial(
        _exponential,
        in_range("init_value of a schedule", init_value),
        steps("transition_steps", transition_steps),
        in_range("decay_rate of a schedule", decay_rate),
        steps("transition_begin", transition_begin, 0),
        staircase,
        None if end_value is None else in_range("end_value of a schedule", end_value),
    )


def _exponential(
    init: Any,
    length: int,
    factor: Any,
    begin: int,
    staircase: bool,
    end: Any,
    count: Any,
) -> Any:
    power = np.maximum(count - begin, 0) / length
    rate = init * factor ** (np.floor(power) if staircase else power)
    if end is None:
        return rate
    return np.where(factor < 1, np.maximum(rate, end), np.minimum(rate, end))[()]
