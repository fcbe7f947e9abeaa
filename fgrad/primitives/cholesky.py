"""Cholesky's factor: its pullback, for large matrices in blocks.

Murray, Differentiation of the Cholesky decomposition (2016), has both ways. The formula
solves two systems with the whole factor. In blocks it takes a third of the time, since
half of those numbers are zeros.
"""

from typing import Any

import numpy as np

from fgrad._engine.dispatch import lift
from fgrad._engine.rules import defvjp, derived
from fgrad.primitives._matrices import adjoint, conjugate, lower_half, onto_triangle
from fgrad.primitives.triangular import solve_lower

__all__ = ["cholesky_pullback"]

BLOCK = 64
"""Rows of a block."""


def by_formula(factor: Any, g: Any) -> Any:
    """The cotangent of the triangle that NumPy reads, from that of the lower factor."""
    c = solve_lower(factor, lower_half(factor.mT @ g), True)
    c = solve_lower(conjugate(factor), c.mT, True).mT
    return onto_triangle(c)


def in_blocks(factor: Any, g: Any) -> Any:
    """The same, for a large real matrix from its last rows to the first ones.

    With A = [[R, D], [B, C]] for some rows and all rows below, D square: first C and B
    get what they owe to D, then the block D is pulled back alone, and pays R.
    """
    n = factor.shape[-1]
    if factor.ndim > 2 or factor.dtype.kind != "f" or n < 2 * BLOCK:
        return by_formula(factor, g)
    c = np.tril(g)
    for end in range(n, 0, -BLOCK):
        start = max(0, end - BLOCK)
        left, rows, below = slice(start), slice(start, end), slice(end, n)
        d = factor[rows, rows]
        under = solve_lower(d, c[below, rows].T, True).T
        c[below, rows] = under
        c[below, left] -= under @ factor[rows, left]
        c[rows, rows] -= np.tril(under.T @ factor[below, rows])
        c[rows, rows] = own = by_formula(d, c[rows, rows])
        c[rows, left] -= under.T @ factor[below, left]
        c[rows, left] -= (own + own.T) @ factor[rows, left]
    return c


derived(in_blocks)(by_formula)
pulled_back = lift(in_blocks)


def cholesky_pullback(g: Any, ans: Any, upper: bool = False) -> Any:
    """In blocks where nothing is traced; what is traced follows the formula."""
    if upper:
        return adjoint(cholesky_pullback(adjoint(g), adjoint(ans)))
    return pulled_back(ans, g)


defvjp(np.linalg.cholesky, a=cholesky_pullback)
