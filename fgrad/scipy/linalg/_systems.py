"""Systems of linear equations, and inverses.

For ``M @ x = b`` the cotangent of b is the solution of the transposed system, and that
of M is minus its product with x. What SciPy does not read of a matrix has none.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg as sl

from fgrad._engine.box import as_array
from fgrad._engine.dispatch import lift, primitive
from fgrad._engine.rules import defvjp, derived
from fgrad.errors import MissingRuleError
from fgrad.primitives._matrices import (
    adjoint,
    conjugate,
    lower_half,
    onto_triangle,
    unbroadcast,
)
from fgrad.scipy.linalg._operation import operation

__all__ = ["as_matrix", "of_right_side", "ordered", "row_order"]


def as_matrix(x: Any, vector: bool) -> Any:
    """A right-hand side as a matrix; a vector is its only column."""
    return np.expand_dims(x, -1) if vector else x


def of_right_side(solve: Callable[[Any], Any], g: Any, like: Any) -> Any:
    """`solve` is the transposed system; a vector may have met a stack of matrices."""
    if like.ndim > 1 or g.ndim == 1:
        return unbroadcast(solve(g), like)
    return unbroadcast(solve(np.expand_dims(g, -1))[..., 0], like)


def _is_vector(b: Any) -> bool:
    return as_array(b).ndim < 2


# Any matrix ---------------------------------------------------------------------------

lifted_solve: Any = lift(sl.solve)


def solve(a: Any, b: Any, *, assume_a: Any = None, **options: Any) -> Any:
    """`scipy.linalg.solve`; before SciPy 1.15, there was no ``assume_a=None``."""
    if assume_a is not None:
        options["assume_a"] = assume_a
    return lifted_solve(a, b, **options)


FLIPPED = {
    "upper triangular": "lower triangular",
    "lower triangular": "upper triangular",
}
SYMMETRIC = ("sym", "symmetric")
HERMITIAN = ("her", "hermitian", "pos", "positive definite")


def _transposed_system(
    a: Any, lower: bool, assume_a: Any, transposed: bool
) -> Callable[[Any], Any]:
    """The solver of the transposed system, with the same structure."""
    a = as_array(a)
    if assume_a in SYMMETRIC:
        return lambda g: solve(a, g, lower=lower, assume_a=assume_a)
    if assume_a in HERMITIAN:
        return lambda g: conjugate(
            solve(a, conjugate(g), lower=lower, assume_a=assume_a)
        )
    if transposed:
        return lambda g: solve(a, g, assume_a=assume_a)
    flipped = FLIPPED.get(assume_a, assume_a)
    return lambda g: solve(a.mT, g, assume_a=flipped)


def _read(c: Any, lower: bool, assume_a: Any) -> Any:
    """The cotangent of those entries that SciPy reads, from that of the matrix."""
    uplo = "L" if lower else "U"
    if assume_a in SYMMETRIC:
        return lower_half(c + c.mT, uplo)
    if assume_a in HERMITIAN:
        return onto_triangle(c, uplo)
    if assume_a == "upper triangular":
        return np.triu(c)
    if assume_a == "lower triangular":
        return np.tril(c)
    width = {"diagonal": 0, "tridiagonal": 1}.get(assume_a)
    return c if width is None else np.tril(np.triu(c, -width), width)


def solve_a_pullback(g, ans, a, b, like, lower=False, assume_a=None, transposed=False):
    """Minus the outer product of both solutions."""
    vector = _is_vector(b)
    back = _transposed_system(a, lower, assume_a, transposed)
    c = -back(as_matrix(g, vector)) @ as_matrix(ans, vector).mT
    if like.shape[-1] == 1:  # one number divides any number of rows
        c = np.sum(np.diagonal(c, axis1=-2, axis2=-1), axis=-1)[..., None, None]
    c = _read(c.mT if transposed else c, lower, assume_a)
    return unbroadcast(c, like)


def solve_b_pullback(g, a, like, lower=False, assume_a=None, transposed=False):
    """The solution of the transposed system."""
    return of_right_side(_transposed_system(a, lower, assume_a, transposed), g, like)


def inv_pullback(g, ans, assume_a=None, lower=False):
    """Of what SciPy reads, too."""
    if assume_a == "diagonal":
        raise MissingRuleError(
            "no derivative rule for scipy.linalg.inv(..., assume_a='diagonal'), which "
            "leaves the entries beside the diagonal as they are. Use "
            "np.diag(1 / np.diagonal(a))."
        )
    return _read(-ans.mT @ g @ ans.mT, lower, assume_a)


operation(sl.solve, a=solve_a_pullback, b=solve_b_pullback)
operation(sl.inv, a=inv_pullback)

# Triangular matrices ------------------------------------------------------------------

solve_triangular: Any = lift(sl.solve_triangular)

TRANS = {"N": 0, "T": 1, "C": 2}


def _transposed_triangular(
    a: Any, trans: Any, lower: bool, unit_diagonal: bool
) -> Callable[[Any], Any]:
    def back(g: Any) -> Any:
        code: Any = TRANS.get(trans, trans)
        rest = lower, unit_diagonal, False, False
        if code == 2:
            return conjugate(solve_triangular(a, conjugate(g), 0, *rest))
        return solve_triangular(a, g, 1 - code, *rest)

    return back


def solve_triangular_a_pullback(
    g, ans, a, b, like, trans=0, lower=False, unit_diagonal=False
):
    """Minus the outer product of both solutions, in the triangle that is read."""
    vector = _is_vector(b)
    back = _transposed_triangular(a, trans, lower, unit_diagonal)
    c = -back(as_matrix(g, vector)) @ as_matrix(ans, vector).mT
    code = TRANS.get(trans, trans)
    if code:
        c = c.mT if code == 1 else adjoint(c)
    c = unbroadcast(c, like)
    k = int(bool(unit_diagonal))
    return np.tril(c, -k) if lower else np.triu(c, k)


def solve_triangular_b_pullback(g, a, like, trans=0, lower=False, unit_diagonal=False):
    """The solution of the transposed system."""
    back = _transposed_triangular(a, trans, lower, unit_diagonal)
    return of_right_side(back, g, like)


operation(
    sl.solve_triangular,
    a=solve_triangular_a_pullback,
    b=solve_triangular_b_pullback,
)

# Factored matrices --------------------------------------------------------------------


@primitive
def factored_solve(c: Any, b: Any, lower: Any, check_finite: bool = True) -> Any:
    """`scipy.linalg.cho_solve`, with the two parts of its first argument apart."""
    return sl.cho_solve((c, lower), b, check_finite=check_finite)


def _back(c: Any, lower: Any) -> Callable[[Any], Any]:
    return lambda g: conjugate(factored_solve(c, conjugate(g), lower, False))


def factored_solve_c_pullback(g, ans, c, b, like, lower):
    """Of ``c @ c^H``, or of ``c^H @ c``: with vectors, not with matrices of n rows."""
    vector = _is_vector(b)
    back = _back(c, lower)
    gb, x = back(as_matrix(g, vector)), as_matrix(ans, vector)
    hc = conjugate(np.tril(c) if lower else np.triu(c))
    left = np.concatenate([gb, conjugate(x)], axis=-1)
    right = np.concatenate([-x, -conjugate(gb)], axis=-1)
    if lower:
        return unbroadcast(np.tril(left @ (hc.mT @ right).mT), like)
    return unbroadcast(np.triu((hc @ left) @ right.mT), like)


def factored_solve_b_pullback(g, c, like, lower):
    """The matrix is Hermitian."""
    return of_right_side(_back(c, lower), g, like)


defvjp(
    factored_solve,
    neutral=("check_finite",),
    c=factored_solve_c_pullback,
    b=factored_solve_b_pullback,
)


@derived(sl.cho_solve)
def cho_solve(
    c_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    c, lower = c_and_lower
    return factored_solve(c, b, lower, check_finite)


@primitive
def pivoted_solve(
    lu: Any, b: Any, piv: Any, trans: int = 0, check_finite: bool = True
) -> Any:
    """`scipy.linalg.lu_solve`, with the two parts of its first argument apart."""
    return sl.lu_solve((lu, piv), b, trans, check_finite=check_finite)


def _transposed_pivoted(lu: Any, piv: Any, trans: int) -> Callable[[Any], Any]:
    if trans == 2:
        return lambda g: conjugate(pivoted_solve(lu, conjugate(g), piv, 0, False))
    return lambda g: pivoted_solve(lu, g, piv, 1 - trans, False)


def pivoted_solve_lu_pullback(g, ans, lu, b, piv, like, trans=0):
    """Of the product of both factors, with rows in the order of the factors."""
    vector = _is_vector(b)
    back = _transposed_pivoted(lu, piv, trans)
    gb, x = back(as_matrix(g, vector)), as_matrix(ans, vector)
    if trans:
        gb, x = (x, gb) if trans == 1 else (conjugate(x), conjugate(gb))
    gb = ordered(gb, row_order(piv, lu.shape[-2]))
    upper = np.triu(lu)
    lower = np.tril(lu, -1) + np.eye(lu.shape[-1], dtype=lu.real.dtype)
    c = np.tril(gb @ (upper @ x).mT, -1) + np.triu((lower.mT @ gb) @ x.mT)
    return unbroadcast(-c, like)


def ordered(x: Any, order: Any) -> Any:
    """The rows of each matrix in its order; either may be a stack, or both."""
    lead = np.broadcast_shapes(x.shape[:-2], order.shape[:-1])
    x = np.broadcast_to(x, (*lead, *x.shape[-2:]))
    order = np.broadcast_to(order, (*lead, order.shape[-1]))
    return np.take_along_axis(x, order[..., None], -2)


def row_order(piv: Any, rows: int) -> Any:
    """The rows of a matrix in the order of its factors, from LAPACK's swaps."""
    piv = as_array(piv)
    order = np.broadcast_to(np.arange(rows), (*piv.shape[:-1], rows)).copy()
    for index in np.ndindex(piv.shape[:-1]):
        for i, j in enumerate(piv[index]):
            order[index][[i, j]] = order[index][[j, i]]
    return order


def pivoted_solve_b_pullback(g, lu, piv, like, trans=0):
    """The solution of the transposed system."""
    return of_right_side(_transposed_pivoted(lu, piv, trans), g, like)


defvjp(
    pivoted_solve,
    neutral=("check_finite",),
    lu=pivoted_solve_lu_pullback,
    b=pivoted_solve_b_pullback,
)


@derived(sl.lu_solve)
def lu_solve(
    lu_and_piv: Any,
    b: Any,
    trans: int = 0,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    lu, piv = lu_and_piv
    return pivoted_solve(lu, b, piv, trans, check_finite)
