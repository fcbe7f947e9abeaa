"""Divided differences of a function, of all orders, where arguments may be equal.

``f[a, b] = (f(b) - f(a)) / (b - a)`` loses digits where a and b are close. There the
formula of Hermite and Genocchi has them: an integral of a derivative of f over the
simplex that the arguments span. Each is taken where its own error is the smaller one.
"""

from collections.abc import Callable
from itertools import combinations_with_replacement
from math import factorial
from typing import Any

import numpy as np

__all__ = ["divided_differences"]

EPS = np.finfo(float).eps
GOOD = 16
"""Up to how many roundings a quotient may have lost, without asking the integral."""
AT_ONCE = 1_000_000
"""For how many numbers at most the derivative is asked for at once."""

Derivative = Callable[[Any, int], Any]
"""``derivative(x, k)`` are the k-th derivatives of f at the numbers in a vector x."""


def divided_differences(derivative: Derivative, w: Any, order: int) -> Any:
    """``f[w[i], w[j], ...]`` for all tuples of ``order + 1`` places in the rows of w.

    Each row is sorted. The result has one more axis for each further place.
    """
    count, n = w.shape
    with np.errstate(all="ignore"):
        value = np.reshape(derivative(np.ravel(w), 0), w.shape)
        error = EPS * np.abs(value)
        for k in range(1, order + 1):
            places = np.array([*combinations_with_replacement(range(n), k + 1)], int)
            places = np.reshape(places, (-1, k + 1)).T
            x = w[:, places]
            found = _quotients(value, error, x, places)
            _integrated(derivative, x, k, *found)
            value = np.zeros((count, *(n,) * (k + 1)), found[0].dtype)
            error = np.zeros(value.shape)
            value[:, *places], error[:, *places] = found
    places = np.sort(np.reshape(np.indices((n,) * (order + 1)), (order + 1, -1)), 0)
    return np.reshape(value[:, *places], (count, *(n,) * (order + 1)))


def _quotients(value: Any, error: Any, x: Any, places: Any) -> tuple[Any, Any]:
    """From those of one argument less; and what rounding may have changed in them."""
    above, below = (slice(1, None), slice(None, -1))
    upper, lower = (value[:, *places[part]] for part in (above, below))
    lost = EPS * (np.abs(upper) + np.abs(lower))
    lost = lost + error[:, *places[above]] + error[:, *places[below]]
    gap = x[:, -1] - x[:, 0]
    quotient = (upper - lower) / gap
    return quotient, np.where(gap == 0, np.inf, lost / gap)


def _integrated(derivative: Derivative, x: Any, k: int, value: Any, error: Any) -> None:
    """Put integrals in place of those quotients that are less exact."""
    equal = x[:, -1] == x[:, 0]
    if np.any(equal):
        value[equal] = derivative(x[:, 0][equal], k) / factorial(k)
        error[equal] = EPS * np.abs(value[equal])
    doubtful = ~equal & ~(error <= GOOD * EPS * np.abs(value))
    if not np.any(doubtful):
        return
    rows, cols = np.nonzero(doubtful)
    step = max(1, AT_ONCE // 8**k)
    parts = [
        _fine(derivative, x[rows[i : i + step], :, cols[i : i + step]].T, k)
        for i in range(0, rows.size, step)
    ]
    fine, unsure = (np.concatenate(part) for part in zip(*parts, strict=True))
    quotient, lost = value[doubtful], error[doubtful]
    # Two rules agree by chance where both miss a peak; the quotient's bound holds.
    better = (unsure < lost) & (np.abs(fine - quotient) <= 16 * lost + unsure)
    better |= ~np.isfinite(quotient) & np.isfinite(unsure)
    value[doubtful] = np.where(better, fine, quotient)
    error[doubtful] = np.where(better, unsure, lost)


def _fine(derivative: Derivative, x: Any, k: int) -> tuple[Any, Any]:
    """The integrals by a fine rule, and how far a rough one is from them."""
    (rough, _), (fine, rounding) = (_simplex(derivative, x, k, m) for m in (6, 8))
    return fine, np.abs(fine - rough) + rounding


def _simplex(derivative: Derivative, x: Any, k: int, m: int) -> tuple[Any, Any]:
    """Hermite and Genocchi's integral, by Gauss's rule along each edge, and its error.

    De Boor, Divided differences (2005), section 9.
    """
    nodes, weights = np.polynomial.legendre.leggauss(m)
    nodes, weights = 0.5 * (nodes + 1), 0.5 * weights
    t = np.meshgrid(*(nodes,) * k, indexing="ij")
    shares = np.meshgrid(*(weights * nodes**i for i in range(k)), indexing="ij")
    weight = np.ravel(np.prod(shares, axis=0))
    points = np.zeros((m**k, x.shape[1]))
    for i in range(k, 0, -1):
        points = np.ravel(t[k - i])[:, None] * (x[i] - x[i - 1] + points)
    points = x[0] + points
    slopes = np.reshape(derivative(np.ravel(points), k), points.shape)
    return weight @ slopes, 4 * EPS * (weight @ np.abs(slopes))
