"""Learning rates that follow several schedules, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from fgrad._words.callsite import at
from fgrad.errors import SettingError
from fgrad.optim._checks import in_range, steps
from fgrad.optim._schedules import Schedule, cosine, linear_schedule

__all__ = [
    "cosine_onecycle_schedule",
    "join_schedules",
    "warmup_cosine_decay_schedule",
]


def join_schedules(
    schedules: Sequence[Schedule], boundaries: Sequence[int]
) -> Schedule:
    """Several schedules, one after the other.

    Parameters
    ----------
    schedules : sequence of callable
        Each counts its own steps, from 0.
    boundaries : sequence of int
        The step at which each schedule but the first begins; they increase.

    Returns
    -------
    callable
        From the number of steps so far to the learning rate.

    Raises
    ------
    SettingError
        If a schedule is no function, if there is not one boundary between two
        schedules, or if they do not increase.

    Examples
    --------
    >>> from fgrad import optim
    >>> warm_up = optim.linear_schedule(0.0, 0.5, 10)
    >>> rate = optim.join_schedules([warm_up, optim.constant_schedule(0.1)], [10])
    >>> [float(rate(count)) for count in (0, 9, 10, 11)]
    [0.0, 0.45, 0.1, 0.1]
    """
    for schedule in schedules:
        if not callable(schedule):
            raise SettingError(
                at(
                    f"join_schedules needs schedules, but got {schedule!r}: write "
                    f"optim.constant_schedule(...) for one number"
                )
            )
    if len(boundaries) != len(schedules) - 1:
        raise SettingError(
            at(
                f"join_schedules needs one boundary between two schedules, but got "
                f"{len(schedules)} schedules and {len(boundaries)} boundaries"
            )
        )
    if not all(a < b for a, b in pairwise(boundaries)):
        raise SettingError(
            at(f"the boundaries of join_schedules increase, but got {[*boundaries]}")
        )
    return partial(_joined, tuple(schedules), tuple(boundaries))


def _joined(
    schedules: tuple[Schedule, ...], boundaries: tuple[int, ...], count: Any
) -> Any:
    rate = schedules[0](count)
    for begin, schedule in zip(boundaries, schedules[1:], strict=True):
        rate = np.where(count < begin, rate, schedule(count - begin))[()]
    return rate


def warmup_cosine_decay_schedule(
    init_value: float,
    peak_value: float,
    warmup_steps: int,
    decay_steps: int,
    end_value: float = 0.0,
    exponent: float = 1.0,
) -> Schedule:
    """Up in a straight line, and down along half a cosine.

    Parameters
    ----------
    init_value, peak_value, end_value : float
        The learning rate at the first step, after the warm-up, and at the end.
    warmup_steps : int
        With 0, the first step has the rate `peak_value`.
    decay_steps : int
        All steps, those of the warm-up among them.
    exponent : float
        See `cosine_decay_schedule`.

    Returns
    -------
    callable
        From the number of steps so far to the learning rate.

    Raises
    ------
    SettingError
        If a value is nan, infinite or negative, if `decay_steps` is not more than
        `warmup_steps`, or if `peak_value` is 0 and `end_value` is not.

    Examples
    --------
    >>> from fgrad import optim
    >>> rate = optim.warmup_cosine_decay_schedule(0.0, 0.5, 10, 110)
    >>> [round(float(rate(count)), 6) for count in (0, 5, 10, 60, 110)]
    [0.0, 0.25, 0.5, 0.25, 0.0]
    """
    peak = in_range("peak_value of a schedule", peak_value)
    end = in_range("end_value of a schedule", end_value)
    first = in_range("init_value of a schedule", init_value)
    up = steps("warmup_steps", warmup_steps, 0)
    down = steps("decay_steps - warmup_steps", steps("decay_steps", decay_steps) - up)
    decay = partial(
        _from_to, peak, end, down, in_range("exponent of a schedule", exponent)
    )
    if not up:
        return decay
    return join_schedules([linear_schedule(first, peak, up), decay], [up])


def _from_to(init: Any, end: Any, length: int, exponent: Any, count: Any) -> Any:
    """From one rate to another along half a cosine."""
    return end + (init - end) * cosine(1, length, 0, exponent, count)


def cosine_onecycle_schedule(
    transition_steps: int,
    peak_value: float,
    pct_start: float = 0.3,
    div_factor: float = 25.0,
    final_div_factor: float = 10000.0,
) -> Schedule:
    """One cycle: up along half a cosine, and down along another one.

    Parameters
    ----------
    transition_steps : int
        All steps.
    peak_value : float
        The highest learning rate.
    pct_start : float
        The fraction of the steps that lead up, in [0, 1).
    div_factor : float
        `peak_value` is so many times the rate at the first step.
    final_div_factor : float
        The rate at the first step is so many times that at the end.

    Returns
    -------
    callable
        From the number of steps so far to the learning rate.

    Raises
    ------
    SettingError
        If a setting is out of range, or if no steps lead up or down.

    Notes
    -----
    Smith and Topin, Super-convergence (2017).

    Examples
    --------
    >>> from fgrad import optim
    >>> rate = optim.cosine_onecycle_schedule(100, 1.0)
    >>> [round(float(rate(count)), 6) for count in (0, 15, 30, 65, 100)]
    [0.04, 0.52, 1.0, 0.500002, 4e-06]
    """
    peak = in_range("peak_value of a schedule", peak_value)
    first = peak / in_range("div_factor of a schedule", div_factor, positive=True)
    last = first / in_range(
        "final_div_factor of a schedule", final_div_factor, positive=True
    )
    total = steps("transition_steps", transition_steps)
    up = steps(
        "pct_start * transition_steps",
        int(in_range("pct_start of a schedule", pct_start, below=1) * total),
    )
    return join_schedules(
        [
            partial(_from_to, first, peak, up, 1),
            partial(_from_to, peak, last, total - up, 1),
        ],
        [up],
    )
