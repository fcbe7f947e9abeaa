"""Matrices that are given by their diagonals.

Row r of the diagonals of a matrix is the one at distance ``k = upper - r`` above the
main one: its entry j is ``a[j - k, j]``. Entries that lie outside the matrix are not
read, and have no derivative.
"""

from typing import Any

import numpy as np
import scipy.linalg as sl

from fgrad._engine.dispatch import lift, primitive
from fgrad._engine.rules import defvjp, derived
from fgrad.primitives._matrices import conjugate, unbroadcast
from fgrad.primitives.cholesky import cholesky_pullback
from fgrad.scipy.linalg._operation import operation
from fgrad.scipy.linalg._systems import as_matrix, of_right_side

__all__ = ["dense", "diagonals"]


def _shifted(x: Any, k: int, axis: int) -> Any:
    """``x[j - k]`` in place of ``x[j]``, and 0 where there is none."""
    x = np.moveaxis(x, axis, -1)
    n = x.shape[-1]
    k = max(-n, min(k, n))
    zeros = np.zeros((*x.shape[:-1], abs(k)), x.dtype)
    parts = (zeros, x[..., : n - k]) if k >= 0 else (x[..., -k:], zeros)
    return np.moveaxis(np.concatenate(parts, axis=-1), -1, axis)


def _transposed(ab: Any, lower: int, upper: int) -> Any:
    """The diagonals of the transposed matrix."""
    ks = range(lower, -upper - 1, -1)
    return np.stack([_shifted(ab[..., upper + k, :], k, -1) for k in ks], axis=-2)


def _product(u: Any, v: Any, lower: int, upper: int) -> Any:
    """The diagonals of ``u @ v.mT``."""
    ks = range(upper, -lower - 1, -1)
    rows = [np.sum(_shifted(u, k, -2) * v, axis=-1) for k in ks]
    return np.stack(rows, axis=-2)


def _places(n: int, lower: int, upper: int) -> tuple[Any, Any, Any]:
    """For each entry of a matrix, its diagonal and column, and if it is in the band."""
    i, j = np.indices((n, n))
    row = upper + i - j
    inside = (row >= 0) & (row <= lower + upper)
    return np.where(inside, row, 0), j, inside


def dense(ab: Any, lower: int, upper: int) -> Any:
    """The matrix that has these diagonals."""
    row, column, inside = _places(ab.shape[-1], lower, upper)
    return np.where(inside, ab[..., row, column], 0)


def diagonals(a: Any, lower: int, upper: int) -> Any:
    """The diagonals of a matrix, with zeros outside of it."""
    n = a.shape[-1]
    column = np.arange(n)
    row = column - np.arange(upper, -lower - 1, -1)[:, None]
    inside = (row >= 0) & (row < n)
    return np.where(inside, a[..., np.where(inside, row, 0), column], 0)


# Systems ------------------------------------------------------------------------------


@primitive
def banded_solve(
    ab: Any, b: Any, lower: int, upper: int, check_finite: bool = True
) -> Any:
    """`scipy.linalg.solve_banded`, with the two parts of its first argument apart."""
    return sl.solve_banded((lower, upper), ab, b, check_finite=check_finite)


def banded_solve_ab_pullback(g, ans, ab, like, lower, upper):
    """Only the diagonals of the product of both solutions."""
    vector = ans.ndim == like.ndim - 1
    flipped = _transposed(ab, lower, upper)
    gb = banded_solve(flipped, as_matrix(g, vector), upper, lower, False)
    return unbroadcast(-_product(gb, as_matrix(ans, vector), lower, upper), like)


def banded_solve_b_pullback(g, ab, like, lower, upper):
    """The solution of the transposed system."""
    flipped = _transposed(np.asarray(ab) if isinstance(ab, list) else ab, lower, upper)
    return of_right_side(
        lambda g: banded_solve(flipped, g, upper, lower, False), g, like
    )


defvjp(
    banded_solve,
    neutral=("check_finite",),
    ab=banded_solve_ab_pullback,
    b=banded_solve_b_pullback,
)


@derived(sl.solve_banded)
def solve_banded(
    l_and_u: Any,
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    lower, upper = l_and_u
    return banded_solve(ab, b, lower, upper, check_finite)


solveh_banded: Any = lift(sl.solveh_banded)


def _hermitian_diagonals(u: Any, v: Any, count: int, lower: bool) -> Any:
    """Of ``u @ v.mT``, for a matrix of which one half of the diagonals is given."""
    width = count - 1
    both = (width, 0) if lower else (0, width)
    c = _product(u, v, *both) + _product(conjugate(v), conjugate(u), *both)
    main = np.arange(count)[:, None] == (0 if lower else width)
    return c * np.where(main, 0.5, 1).astype(c.real.dtype)


def solveh_banded_ab_pullback(g, ans, ab, like, lower=False):
    """Only the diagonals that are read."""
    vector = ans.ndim == like.ndim - 1
    g = conjugate(as_matrix(g, vector))
    gb = conjugate(solveh_banded(ab, g, lower=lower, check_finite=False))
    x = as_matrix(ans, vector)
    return -unbroadcast(_hermitian_diagonals(gb, x, like.shape[-2], lower), like)


def solveh_banded_b_pullback(g, ab, like, lower=False):
    """The matrix is Hermitian."""
    return of_right_side(
        lambda g: conjugate(
            solveh_banded(ab, conjugate(g), lower=lower, check_finite=False)
        ),
        g,
        like,
    )


operation(sl.solveh_banded, ab=solveh_banded_ab_pullback, b=solveh_banded_b_pullback)

# The Cholesky decomposition -----------------------------------------------------------


def cholesky_banded_pullback(g, ans, ab, lower=False):
    """As of the whole matrix. What is not read is copied into the result."""
    widths = (ans.shape[-2] - 1, 0) if lower else (0, ans.shape[-2] - 1)
    c = cholesky_pullback(dense(g, *widths), dense(ans, *widths), not lower)
    copied = g - diagonals(dense(g, *widths), *widths)
    return diagonals(c, *widths) + copied


operation(sl.cholesky_banded, ab=cholesky_banded_pullback)


@primitive
def banded_factored_solve(
    cb: Any, b: Any, lower: bool, check_finite: bool = True
) -> Any:
    """`scipy.linalg.cho_solve_banded`, with the parts of its first argument apart."""
    return sl.cho_solve_banded((cb, lower), b, check_finite=check_finite)


def _factored_back(cb: Any, lower: bool) -> Any:
    return lambda g: conjugate(banded_factored_solve(cb, conjugate(g), lower, False))


def _times(ab: Any, x: Any, lower: int, upper: int) -> Any:
    """The product of a matrix that is given by its diagonals, and others."""
    ks = range(upper, -lower - 1, -1)
    return sum(_shifted(ab[..., upper - k, :, None] * x, -k, -2) for k in ks)


def banded_factored_solve_cb_pullback(g, ans, cb, like, lower):
    """Of ``c @ c^H``, or of ``c^H @ c``: only the diagonals of products of vectors."""
    vector = ans.ndim == like.ndim - 1
    width = like.shape[-2] - 1
    gb = _factored_back(cb, lower)(as_matrix(g, vector))
    x, hc = as_matrix(ans, vector), conjugate(cb)
    if lower:
        # (x.mT @ conj(c)).mT is c^H @ x: by the diagonals of the transposed matrix.
        flipped = _transposed(hc, width, 0)
        right, left = (
            _times(flipped, x, 0, width),
            _times(flipped, conjugate(gb), 0, width),
        )
        c = _product(gb, right, width, 0) + _product(conjugate(x), left, width, 0)
        return unbroadcast(-c, like)
    right, left = _times(hc, gb, 0, width), _times(hc, conjugate(x), 0, width)
    c = _product(right, x, 0, width) + _product(left, conjugate(gb), 0, width)
    return unbroadcast(-c, like)


def banded_factored_solve_b_pullback(g, cb, like, lower):
    """The matrix is Hermitian."""
    return of_right_side(_factored_back(cb, lower), g, like)


defvjp(
    banded_factored_solve,
    neutral=("check_finite",),
    cb=banded_factored_solve_cb_pullback,
    b=banded_factored_solve_b_pullback,
)


@derived(sl.cho_solve_banded)
def cho_solve_banded(
    cb_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    cb, lower = cb_and_lower
    return banded_factored_solve(cb, b, lower, check_finite)
