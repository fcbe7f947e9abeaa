"""Eigenvalues, singular values, and what is made of them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg as sl

from fgrad._engine.box import as_array, primal
from fgrad.errors import MissingRuleError
from fgrad.primitives._matrices import adjoint, from_triangle, unbroadcast
from fgrad.primitives._spectrum import undecided
from fgrad.primitives.decompositions import (
    eig_pullback,
    eigh_pullback,
    eigvals_pullback,
    eigvalsh_pullback,
    svd_pullback,
)
from fgrad.scipy.linalg._banded import dense
from fgrad.scipy.linalg._operation import operation, pulled

__all__: list[str] = []

# Singular values ----------------------------------------------------------------------

operation(
    sl.svd,
    a=lambda g, ans, a, full_matrices=True, compute_uv=True: svd_pullback(
        g, ans, a, full_matrices, compute_uv
    ),
)
operation(sl.svdvals, a=lambda g, a: svd_pullback(g, None, a, compute_uv=False))
# Hermitian matrices -------------------------------------------------------------------


def _reduced(a: Any, b: Any, uplo: str, type: int) -> tuple[Any, Any]:
    """A usual problem with the same values, and what makes its vectors those of this.

    Golub and Van Loan, Matrix computations (2013), section 8.7.2. The last two types
    are ``a @ b @ v = w v`` and ``b @ a @ v = w v``.
    """
    a = from_triangle(a, uplo)
    if b is None:
        return a, np.eye(a.shape[-1], dtype=a.dtype)
    lower = np.linalg.cholesky(from_triangle(b, uplo))
    back = lower if type == 3 else adjoint(np.linalg.inv(lower))
    left = adjoint(back if type == 1 else lower)
    return left @ a @ adjoint(left), back


def _positions(some: Any, w: Any) -> Any:
    """Where some values are among all; they follow each other, also if equal."""
    if not some.shape[-1]:
        return np.zeros(some.shape, int)
    first = np.argmin(np.abs(w - some[..., :1]), axis=-1, keepdims=True)
    return np.minimum(first, w.shape[-1] - some.shape[-1]) + np.arange(some.shape[-1])


def _completed(g: Any, ans: Any, matrix: Any) -> tuple[Any, Any]:
    """All values and vectors, those of a subset first, and their cotangents."""
    (w, v), (gw, gv) = ans, g
    others, basis = np.linalg.eigh(matrix)
    chosen = _positions(primal(w), primal(others))
    places = np.arange(others.shape[-1])
    left = np.all(places[..., :, None] != np.expand_dims(chosen, -2), axis=-1)
    count = others.shape[-1] - w.shape[-1]
    rest = np.argsort(~left, axis=-1, stable=True)[..., :count]
    others = np.take_along_axis(others, rest, -1)
    basis = np.take_along_axis(basis, np.expand_dims(rest, -2), -1)
    both = np.concatenate([w, others], -1), np.concatenate([v, basis], -1)
    zeros = np.zeros(others.shape, gw.dtype), np.zeros(basis.shape, gv.dtype)
    cotangents = [
        np.concatenate(pair, -1) for pair in zip((gw, gv), zeros, strict=True)
    ]
    return tuple(cotangents), both


def _vectors_pullback(
    g: Any, ans: Any, a: Any, b: Any, of: str, uplo: str, type: int
) -> Any:
    """Through the usual problem, of which the vectors are those of this one."""
    matrix, back = _reduced(a, b, uplo, type)
    doubt = np.sum(undecided(g, g[1], ans[0], "eigh"))
    y = np.linalg.solve(back, ans[1])
    cotangents, all_of_them = _completed((g[0], back.mT @ g[1]), (ans[0], y), matrix)
    c = eigh_pullback(cotangents, all_of_them, matrix) + doubt

    def again(x: Any) -> tuple[Any, Any]:
        matrix, back = _reduced(*((x, b) if of == "a" else (a, x)), uplo, type)
        return matrix, back @ y

    return pulled((c, g[1]), again, a if of == "a" else b)


def _values_pullback(
    g: Any, ans: Any, a: Any, b: Any, of: str, uplo: str, type: int
) -> Any:
    def some(x: Any) -> Any:
        matrix, _ = _reduced(*((x, b) if of == "a" else (a, x)), uplo, type)
        w = np.linalg.eigvalsh(matrix)
        return np.take_along_axis(w, _positions(primal(ans), primal(w)), -1)

    return pulled(g, some, a if of == "a" else b)


def _eigh_pullback(of: str) -> Callable[..., Any]:
    def pullback(g, ans, a, b=None, lower=True, eigvals_only=False, type=1,
                 subset_by_index=None, subset_by_value=None):  # fmt: skip
        uplo = "L" if lower else "U"
        if b is None and subset_by_index is None and subset_by_value is None:
            if eigvals_only:
                return eigvalsh_pullback(g, a, uplo)
            return eigh_pullback(g, ans, a, uplo)
        b = None if b is None else as_array(b)
        through = _values_pullback if eigvals_only else _vectors_pullback
        return through(g, ans, as_array(a), b, of, uplo, type)

    return pullback


def _eigvalsh_pullback(of: str) -> Callable[..., Any]:
    whole = _eigh_pullback(of)

    def pullback(g, ans, a, b=None, lower=True, type=1,
                 subset_by_index=None, subset_by_value=None):  # fmt: skip
        subset = subset_by_index, subset_by_value
        return whole(g, ans, a, b, lower, True, type, *subset)

    return pullback


operation(sl.eigh, a=_eigh_pullback("a"), b=_eigh_pullback("b"))
operation(sl.eigvalsh, a=_eigvalsh_pullback("a"), b=_eigvalsh_pullback("b"))

# Banded and tridiagonal matrices ------------------------------------------------------


def _refuse_selection(name: str, select: Any) -> None:
    if select not in ("a", "all", 0):
        raise MissingRuleError(
            f"no derivative rule for scipy.linalg.{name}(..., select={select!r}). Use "
            f"scipy.linalg.eigh(..., subset_by_index=...) of the whole matrix."
        )


def _band(a_band: Any, lower: bool) -> Any:
    width = a_band.shape[-2] - 1
    return dense(a_band, width, 0) if lower else dense(a_band, 0, width)


def eig_banded_pullback(g, ans, a_band, lower=False, eigvals_only=False, select="a"):
    """As of the whole matrix."""
    _refuse_selection("eig_banded", select)
    uplo = "L" if lower else "U"
    rows = 1 if a_band.shape[-1] == 1 else a_band.shape[-2]  # SciPy reads the first

    def matrix(band: Any) -> Any:
        return _band(band[..., :rows, :], lower)

    whole = matrix(a_band)
    if eigvals_only:
        c = eigvalsh_pullback(g, whole, uplo)
    else:
        c = eigh_pullback(g, ans, whole, uplo)
    return pulled(c, matrix, a_band)


def _tridiagonal(d: Any, e: Any) -> Any:
    n = d.shape[-1]
    lead = np.broadcast_shapes(d.shape[:-1], e.shape[:-1])
    d, e = (np.broadcast_to(x, (*lead, x.shape[-1])) for x in (d, e))
    main = np.expand_dims(d, -1) * np.eye(n, dtype=d.real.dtype)
    if n < 2:
        return main
    below = np.expand_dims(e, -2) * np.eye(n, n - 1, -1, dtype=d.real.dtype)
    return main + np.concatenate([below, np.zeros_like(main[..., :1])], axis=-1)


def _tridiagonal_pullback(g, ans, d, e, vectors, select, of):
    _refuse_selection("eigh_tridiagonal", select)
    d, e = as_array(d), as_array(e)
    whole = _tridiagonal(d, e)
    c = eigh_pullback(g, ans, whole) if vectors else eigvalsh_pullback(g, whole)
    return pulled(
        c,
        lambda x: _tridiagonal(x, e) if of == "d" else _tridiagonal(d, x),
        d if of == "d" else e,
    )


operation(
    sl.eig_banded,
    neutral=("max_ev", "select_range"),
    a_band=eig_banded_pullback,
)
operation(
    sl.eigvals_banded,
    neutral=("select_range",),
    a_band=lambda g, ans, a_band, lower=False, select="a": eig_banded_pullback(
        g, ans, a_band, lower, True, select
    ),
)
operation(
    sl.eigh_tridiagonal,
    neutral=("tol", "select_range"),
    d=lambda g, ans, d, e, eigvals_only=False, select="a": _tridiagonal_pullback(
        g, ans, d, e, not eigvals_only, select, "d"
    ),
    e=lambda g, ans, d, e, eigvals_only=False, select="a": _tridiagonal_pullback(
        g, ans, d, e, not eigvals_only, select, "e"
    ),
)
operation(
    sl.eigvalsh_tridiagonal,
    neutral=("tol", "select_range"),
    d=lambda g, ans, d, e, select="a": _tridiagonal_pullback(
        g, ans, d, e, False, select, "d"
    ),
    e=lambda g, ans, d, e, select="a": _tridiagonal_pullback(
        g, ans, d, e, False, select, "e"
    ),
)

# General matrices ---------------------------------------------------------------------


def pencil_a_pullback(g, ans, a, b=None):
    """The eigenvalues are those of ``inv(b) @ a``."""
    if b is None:
        return eigvals_pullback(g, ans, a)
    b = as_array(b)
    c = np.linalg.solve(b.mT, eigvals_pullback(g, ans, np.linalg.solve(b, a)))
    return unbroadcast(c, a)


def pencil_b_pullback(g, ans, a, b):
    """As of a, times minus the matrix whose eigenvalues they are."""
    matrix = np.linalg.solve(b, a)
    c = np.linalg.solve(b.mT, eigvals_pullback(g, ans, matrix))
    return unbroadcast(-c @ matrix.mT, b)


operation(
    sl.eig,
    a=lambda g, ans, a, right=True: (
        eig_pullback(g, ans, a) if right else eigvals_pullback(g, ans, a)
    ),
)
operation(sl.eigvals, a=pencil_a_pullback, b=pencil_b_pullback)


def matrix_balance_pullback(g, ans, A):
    """The transformation is a permutation with powers of 2: a constant."""
    transform = primal(ans[1])
    return np.linalg.solve(transform.mT, g[0]) @ transform.mT


operation(sl.matrix_balance, neutral=("permute", "scale"), A=matrix_balance_pullback)
