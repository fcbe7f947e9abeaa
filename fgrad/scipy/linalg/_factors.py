"""Triangular and orthogonal factors: Cholesky, LU, LDL, QR, RQ."""

from typing import Any

import numpy as np
import scipy.linalg as sl

from fgrad._engine.box import primal
from fgrad._engine.dispatch import lift, primitive
from fgrad._engine.rules import defvjp, derived
from fgrad.errors import MissingRuleError
from fgrad.primitives._matrices import adjoint, conjugate, onto_triangle
from fgrad.primitives.cholesky import cholesky_pullback
from fgrad.primitives.decompositions import qr_pullback
from fgrad.scipy.linalg._operation import operation
from fgrad.scipy.linalg._systems import ordered, row_order

__all__: list[str] = []

# Cholesky -----------------------------------------------------------------------------


@primitive
def packed_cholesky(a: Any, lower: bool, check_finite: bool = True) -> Any:
    """The first result of `scipy.linalg.cho_factor`; the second is `lower`."""
    return sl.cho_factor(a, lower, check_finite=check_finite)[0]


def packed_cholesky_pullback(g, ans, lower):
    """SciPy leaves the other triangle as it was in the matrix."""
    factor, other = (np.tril, np.triu) if lower else (np.triu, np.tril)
    c = cholesky_pullback(factor(g), factor(ans), not lower)
    return c + other(g, 1 if lower else -1)


operation(
    sl.cholesky, a=lambda g, ans, lower=False: cholesky_pullback(g, ans, not lower)
)
operation(packed_cholesky, a=packed_cholesky_pullback)


@derived(sl.cho_factor)
def cho_factor(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Any:
    c = packed_cholesky(a, lower, check_finite)
    return c, np.full(a.shape[:-2], lower) if a.ndim > 2 else lower


# LU -----------------------------------------------------------------------------------


lu: Any = lift(sl.lu)
solve_triangular: Any = lift(sl.solve_triangular)


def _inverse_times(factor: Any, x: Any, lower: bool) -> Any:
    """``inv(factor.mT) @ x``, or words for a factor that has no inverse."""
    return solve_triangular(factor, x, 1, lower, lower, check_finite=False)


def factors_pullback(glow: Any, gup: Any, low: Any, up: Any) -> Any:
    """Of ``low @ up``, for a unit lower and an upper triangular factor of any shape.

    De Hoog, Anderssen and Lukas, Differentiation of matrix functionals using triangular
    factorization (2011). What is beyond a square is a product with an inverse.
    """
    m, n, k = low.shape[-2], up.shape[-1], low.shape[-1]
    _refuse_singular(up)
    below = right = None
    if m > k:
        below = _inverse_times_right(glow[..., k:, :], up[..., :, :k])
        gup = gup - low[..., k:, :].mT @ below
        low, glow = low[..., :k, :], glow[..., :k, :]
    if n > k:
        right = _inverse_times(low, gup[..., k:], True)
        glow = glow - right @ up[..., k:].mT
        up, gup = up[..., :k], gup[..., :k]
    inner = np.tril(low.mT @ glow, -1) + np.triu(gup @ up.mT)
    c = _inverse_times_right(_inverse_times(low, inner, True), up)
    if below is not None:
        c = np.concatenate([c, below], axis=-2)
    return c if right is None else np.concatenate([c, right], axis=-1)


def _inverse_times_right(x: Any, up: Any) -> Any:
    """``x @ inv(up.mT)`` for an upper triangular matrix."""
    return solve_triangular(up, x.mT, 0, False, check_finite=False).mT


def _refuse_singular(up: Any) -> None:
    pivots = np.diagonal(primal(up), axis1=-2, axis2=-1)
    if bool(np.any(pivots == 0)):
        raise np.linalg.LinAlgError(
            "the derivative of a matrix's LU decomposition needs nonzero pivots, but "
            "the matrix is singular: a pivot is 0. Use np.linalg.det or "
            "scipy.linalg.qr, which have derivatives there."
        )


def lu_pullback(g, ans, a, permute_l=False, p_indices=False):
    """With rows in the order of the factors, and back: ``a = low[where] @ up``."""
    if not a.size:
        return np.zeros_like(a)
    if permute_l:
        where, low, up = lu(a, p_indices=True, check_finite=False)
        glow = ordered(g[0], np.argsort(where, axis=-1))
        return ordered(factors_pullback(glow, g[1], low, up), where)
    where, low, up = ans
    where = where if p_indices else np.argmax(np.real(primal(where)), axis=-1)
    return ordered(factors_pullback(g[1], g[2], low, up), where)


def lu_factor_pullback(g, ans):
    """Both factors are in one matrix; the ones on the diagonal of L are not."""
    packed, piv = ans
    k = min(packed.shape[-2:])
    eye = np.eye(packed.shape[-2], k, dtype=packed.real.dtype)
    low, up = np.tril(packed[..., :k], -1) + eye, np.triu(packed[..., :k, :])
    c = factors_pullback(np.tril(g[0][..., :k], -1), np.triu(g[0][..., :k, :]), low, up)
    where = np.argsort(row_order(piv, packed.shape[-2]), axis=-1)
    return ordered(c, where)


operation(sl.lu, a=lu_pullback)
operation(sl.lu_factor, a=lu_factor_pullback)


# LDL ----------------------------------------------------------------------------------


def ldl_pullback(g, ans, A, lower=True, hermitian=True):
    """As of LU, with blocks of one or two rows on the diagonal.

    With ``a = low @ d @ low^H``, what is strictly below the blocks of
    ``inv(low) @ da @ inv(low)^H`` belongs to dl, and the blocks are those of dd.
    """
    (low, d, order), (glow, gd, _) = ans, g
    low, glow = (ordered(x, order) for x in (low, glow))
    part = np.tril if lower else np.triu
    blocks = (primal(d) != 0) | np.eye(d.shape[-1], dtype=bool)
    outside = part(np.ones(d.shape[-2:], bool)) & ~blocks
    turned = conjugate if hermitian else np.positive
    inner = np.where(outside, low.mT @ glow, 0)
    inner = _block_solve(d, inner.mT).mT if d.size else inner
    inner = np.where(outside, inner, 0) + np.where(blocks, gd, 0)
    c = np.linalg.solve(low.mT, inner) if d.size else inner
    c = np.linalg.solve(turned(low).mT, c.mT).mT if c.size else c
    back = np.argsort(order, axis=-1)
    c: Any = ordered(c, back)
    c = np.take_along_axis(c, back[..., None, :], -1)
    uplo = "L" if lower else "U"
    if hermitian:
        return onto_triangle(c, uplo)
    c = c + c.mT
    half = np.where(np.eye(c.shape[-1], dtype=bool), 0.5, 1).astype(c.real.dtype)
    return part(c * half)


def _block_solve(d: Any, x: Any) -> Any:
    try:
        return np.linalg.solve(d, x)
    except np.linalg.LinAlgError:
        raise np.linalg.LinAlgError(
            "the derivative of scipy.linalg.ldl needs a matrix that has an inverse, "
            "but this one is singular. Use scipy.linalg.eigh, which has derivatives "
            "there."
        ) from None


operation(sl.ldl, A=ldl_pullback)

# QR and RQ ----------------------------------------------------------------------------

rq: Any = lift(sl.rq)


@primitive
def orthogonal(
    a: Any, mode: str = "full", pivoting: bool = False, check_finite: bool = True
) -> Any:
    """`scipy.linalg.qr`, without the packed factors of the mode ``raw``."""
    return sl.qr(a, mode=mode, pivoting=pivoting, check_finite=check_finite)


def orthogonal_pullback(g, ans, a, mode="full", pivoting=False):
    """As of NumPy's, with the columns in the order of the pivots."""
    if mode == "r":
        g = g if isinstance(g, tuple) else (g,)
        q, r, *order = orthogonal(a, "full", pivoting, False)
        gq, gr = np.zeros(q.shape, q.dtype), g[0]
    else:
        (q, r, *order), (gq, gr, *_) = ans, g
    if not pivoting:
        return qr_pullback((gq, gr), (q, r), a)
    order = primal(order[0])[..., None, :]
    c = qr_pullback((gq, gr), (q, r), np.take_along_axis(a, order, -1))
    return np.take_along_axis(c, np.argsort(order, axis=-1), -1)


defvjp(orthogonal, neutral=("check_finite",), a=orthogonal_pullback)


@derived(sl.qr)
def qr(
    a: Any,
    overwrite_a: bool = False,
    lwork: Any = None,
    mode: str = "full",
    pivoting: bool = False,
    check_finite: bool = True,
) -> Any:
    if mode == "raw":
        raise MissingRuleError(
            "no derivative rule for scipy.linalg.qr(..., mode='raw'). Use "
            "mode='economic', which returns the factors themselves."
        )
    return orthogonal(a, mode, pivoting, check_finite)


def rq_pullback(g, ans, a, mode="full"):
    """As of QR, of the matrix with its rows in reverse, conjugated and transposed."""
    if mode == "r":
        (r, q), gr = rq(a, check_finite=False), g
        gq = np.zeros(q.shape, q.dtype)
    else:
        (r, q), (gr, gq) = ans, g
    gq, q = (adjoint(x[..., ::-1, :]) for x in (gq, q))
    gr, r = (adjoint(x[..., ::-1, ::-1]) for x in (gr, r))
    c = qr_pullback((gq, gr), (q, r), adjoint(a[..., ::-1, :]))
    return adjoint(c)[..., ::-1, :]


operation(sl.rq, a=rq_pullback)
