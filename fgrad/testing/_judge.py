"""What a line says about a derivative: right, wrong, or why it cannot tell."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fgrad.testing._line import FIRST, LADDER, Line, Slope

__all__ = ["Finding", "judge"]


class Finding(NamedTuple):
    """What was found along one line."""

    kind: str
    slope: Slope
    sides: tuple[float, float] | None = None
    """The slopes to the left and to the right, at a kink."""
    between: bool = True
    """Whether the derivative lies between these."""


def judge(
    line: Line, got: float, size: float, values: float, rtol: float, atol: float
) -> Finding:
    """Compare a derivative with the slope of a line.

    The `size` of the derivative is that of the sum of its terms, without signs; the
    `values` are the size of the function's values.
    """
    quick = _quick(line, got, size, rtol, atol)
    if quick:
        return quick
    # A value of 0 at the point says nothing: look at the values around it, too. A
    # derivative is not more precise than they are.
    values = max(values, line.reach())
    floor = 100 * line.rounding * values
    atol += floor
    if line.jumps(values):
        return Finding("jump", line.slope())
    usual = line.noise
    noise = line.measure_noise()
    slope, left, right = line.slope(), line.side(-1), line.side(1)
    if slope.error == float("inf"):
        return _edge(got, size, left, right, rtol, atol)
    allowed = rtol * size + atol
    errors = left.error + right.error
    gap = abs(left.value - right.value)
    least = 10 * errors + 1e-7 * (size + abs(left.value) + abs(right.value))
    halfway = abs(slope.value - (left.value + right.value) / 2) <= 0.1 * gap
    if gap > least and halfway:  # else one side was misled by large steps
        low, high = sorted((left.value, right.value))
        slack = 3 * errors + allowed + 1e-9 * (high - low)
        between = low - slack <= got <= high + slack
        return Finding("kink", slope, (left.value, right.value), between)
    off = abs(got - slope.value)
    largest = max(size, abs(slope.value))
    if off > allowed + 10 * slope.error and not _lost(line, got, slope):
        return Finding("wrong", slope)
    sure = slope.error <= max(1e-3 * largest, 1e-8 * values)
    if off <= allowed + 3 * slope.error and sure:
        return Finding("right", slope._replace(error=max(slope.error, floor)))
    return Finding("noisy" if noise > 1e4 * usual else "cannot tell", slope)


def _lost(line: Line, got: float, slope: Slope) -> bool:
    """Whether a slope that nobody knows to two digits may be as large as claimed.

    To long steps, a fast wave looks flat, and short ones show noise.
    """
    if slope.error <= 1e-2 * abs(slope.value):
        return False
    return abs(got) <= 2 * max(np.nan_to_num(abs(line.stencil(k))) for k in LADDER)


def _quick(
    line: Line, got: float, size: float, rtol: float, atol: float
) -> Finding | None:
    """One stencil is enough where it agrees, is precise, and sees no kink."""
    rounding = line.noise * 2.0**FIRST
    want = line.stencil(FIRST)
    visible = size >= 1e4 * rounding or size <= 1e-2 * rounding
    agrees = abs(got - want) <= rtol * size + atol + 8 * rounding
    if visible and agrees and not line.bends():
        return Finding("right", Slope(want, rounding, 2.0**-FIRST))
    return None


def _edge(
    got: float, size: float, left: Slope, right: Slope, rtol: float, atol: float
) -> Finding:
    """There is no value on one side, so only the other one is compared."""
    side = min(left, right, key=lambda slope: slope.error)
    if side.error <= 1e-3 * max(size, abs(side.value)):
        if abs(got - side.value) > rtol * size + atol + 10 * side.error:
            return Finding("wrong", side)
        return Finding("right", side)
    return Finding("edge of domain", side)
