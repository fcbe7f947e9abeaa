"""Integrals that are derivatives, of many arguments at once, by Gauss and Legendre.

The integrands are positive, or change their sign once; so nothing cancels that does not
cancel in the derivative itself.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["DEPTH", "gauss", "in_pieces", "reach"]

NODES, WEIGHTS = np.polynomial.legendre.leggauss(64)

DEPTH = 42.0
"""Where an integrand has fallen by exp(-42), what is left is below the last digit."""

PIECE = 8192
"""How many integrals are computed at once: their nodes fit in a processor's cache."""


def gauss(integrand: Callable[[Any], Any], low: Any, high: Any) -> Any:
    """The integrals between bounds of shape (n,); the integrand gets (n, nodes)."""
    half = (high - low) / 2
    return half * (integrand((low + half)[:, None] + half[:, None] * NODES) @ WEIGHTS)


def reach(fallen: Callable[[Any], Any], limit: Any) -> Any:
    """How far from 0 a function goes before it has fallen to -`DEPTH`, or to `limit`.

    The function falls all the way, after a rise at most. A few digits will do.
    """
    low, high = np.zeros_like(limit), np.full_like(limit, 1e-8)
    for _ in range(70):
        ahead = (fallen(high) > -DEPTH) & (high < limit)
        if not np.any(ahead):
            break
        low, high = np.where(ahead, high, low), np.where(ahead, 4 * high, high)
    high = np.minimum(high, limit)
    for _ in range(8):
        middle = (low + high) / 2
        ahead = fallen(middle) > -DEPTH
        low, high = np.where(ahead, middle, low), np.where(ahead, high, middle)
    return high


def in_pieces(fun: Callable[..., Any], *arguments: Any) -> Any:
    """A function of vectors, for arrays of any shape, in their dtype."""
    arrays = np.broadcast_arrays(*map(np.asarray, arguments))
    dtype = np.result_type(*arrays, np.float32)
    if dtype.char not in "fd":
        raise TypeError(f"SciPy has no function of {dtype} here")
    flat = [array.ravel().astype(float) for array in arrays]
    with np.errstate(all="ignore"):
        parts = [
            fun(*(x[i : i + PIECE] for x in flat))
            for i in range(0, flat[0].size, PIECE)
        ]
    ans = np.concatenate(parts) if parts else np.empty(0)
    return ans.reshape(arrays[0].shape).astype(dtype)[()]
