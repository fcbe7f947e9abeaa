"""A function along a straight line through a point: its slope, and how sure that is.

The line knows a number F(t), with F(0) = 0, for every t where the function has a value.
It is asked at powers of two, and remembers the answers, so that all questions about the
same line (slope, slopes of both sides, jumps, noise) share their evaluations.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

__all__ = ["FIRST", "LADDER", "Line", "Slope"]

FIRST = 10
"""The stencil is tried with the step 2**-10 first: see `_stencil.STEP`."""

LADDER = range(3, 27)
"""All steps are 2**-k. Larger ones than 1/8 see another function; the rounding of the
values hides the slope from smaller ones."""

SIDES = range(4, 27)
CLOSE = range(14, 27)


class Slope(NamedTuple):
    """A slope of a line, how far off it may be, and the step that it was found with."""

    value: float
    error: float
    step: float


NO_SLOPE = Slope(np.nan, np.inf, np.nan)


class Line:
    """A function of one number, from outside: nan where it has no value.

    Parameters
    ----------
    fun : callable
        ``fun(t) -> float``, 0 at 0. It may raise: then it has no value at `t`.
    rounding : float
        The relative error of its values.
    values : float
        Their size.
    """

    def __init__(
        self, fun: Callable[[float], float], rounding: float, values: float
    ) -> None:
        self._fun = fun
        self._known: dict[float, float] = {0.0: 0.0}
        self.rounding = rounding
        self.noise = rounding * values

    def __call__(self, t: float) -> float:
        value = self._known.get(t)
        if value is None:
            try:
                with np.errstate(all="ignore"), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    value = self._fun(t)
            except Exception:  # noqa: BLE001 (a point outside the domain, whatever it says)
                value = np.nan
            self._known[t] = value if np.isfinite(value) else np.nan
        return self._known[t]

    def stencil(self, k: int) -> float:
        """The slope by the five-point stencil with the step 2**-k."""
        h = 2.0**-k
        return (self(-2 * h) - 8 * self(-h) + 8 * self(h) - self(2 * h)) / (12 * h)

    def _even(self, k: int) -> float:
        h = 2.0**-k
        return self(h) + self(-h)

    def bends(self) -> bool:
        """Whether there seems to be a kink: F(h) + F(-h) shrinks with h, not h**2."""
        small = abs(self._even(FIRST))
        return small > 100 * self.noise and not abs(self._even(FIRST - 1)) > 3 * small

    def reach(self) -> float:
        """How far the values go around the point."""
        return max(np.nan_to_num(abs(self(t))) for t in (-0.25, 0.25))

    # The ladder

    def slope(self) -> Slope:
        """The slope by the step at which the neighbours on the ladder agree best."""
        found = {k: self.stencil(k) for k in LADDER}
        return _best(found, 1.5 * self.noise)

    def side(self, sign: int) -> Slope:
        """The slope of one side."""
        found: dict[int, float] = {}
        for k in SIDES:
            h = 2.0**-k
            found[k] = sign * (4 * self(sign * h) - self(2 * sign * h)) / (2 * h)
        return _best(found, 3 * self.noise)

    def jumps(self, size: float) -> bool:
        """Whether F does not go to 0 at 0; `size` is that of the function's values."""
        for sign in (-1, 1):
            far, near, nearest = (abs(self(sign * 2.0**-k)) for k in (14, 20, 26))
            if nearest > 1e-6 * size and nearest > 0.5 * near and near > 0.5 * far:
                return True
        return False

    def is_vertical(self) -> bool:
        """Whether the slope grows without bound at 0."""
        for sign in (-1, 1):
            far, near = (abs(self(sign * 2.0**-k)) * 2.0**k for k in (14, 26))
            if near > 4 * far:
                return True
        return False

    def measure_noise(self) -> float:
        """The noise of the values, from what is left of them when h**2 is taken out."""
        found = [abs(self._even(k - 1) - 4 * self._even(k)) / 6 for k in CLOSE]
        found = [value for value in found if np.isfinite(value)]
        if found:
            self.noise = max(self.noise, 2 * float(np.quantile(found, 0.25)))
        return self.noise


def _best(found: dict[int, float], noise: float) -> Slope:
    """The value that differs least from those of the next larger and smaller steps.

    Large steps make small slopes of fast waves. So a value that is known to a hundredth
    of itself is better than any that is not, and then its relative error counts.
    """
    best, least = NO_SLOPE, (True, np.inf)
    for k, value in found.items():
        if k - 1 in found and k + 2 in found:
            # Two smaller steps: noise makes one agree by chance now and then.
            around = np.array([found[k - 1], found[k + 1], found[k + 2]])
            error = float(np.max(np.abs(value - around))) + noise * 2.0**k
            relative = error / abs(value) if value else np.inf
            known = relative < 1e-2
            rank = (not known, relative if known else error)
            if rank < least:
                best, least = Slope(value, error, 2.0**-k), rank
    return best
