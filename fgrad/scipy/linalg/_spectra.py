"""Eigenvalues, singular values, and what is made of them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg as sl

from fgrad._engine.box import as_array, primal
from fgrad.errors import MissingRuleError
from fgrad.primitives._matrices import adjoint, from_triangle
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


def _standard(a: Any, b: Any, uplo: str, type: int) -> tuple[Any, Any]:
    """All eigenvalues and vectors of a generalised problem, through a usual one.

    Golub and Van Loan, Matrix computations (2013), section 8.7.2. The last two types
    are ``a @ b @ v = w v`` and ``b @ a @ v = w v``.
    """
    if b is None:
        return np.linalg.eigh(a, uplo)
    a, lower = from_triangle(a, uplo), np.linalg.cholesky(from_triangle(b, uplo))
    inverse = np.linalg.inv(lower)
    left = inverse if type == 1 else adjoint(lower)
    w, y = np.linalg.eigh(left @ a @ adjoint(left))
    return w, (lower if type == 3 else adjoint(inverse)) @ y


def _chosen(w: Any, v: Any, ans: Any) -> Callable[[Any, Any], tuple[Any, Any]]:
    """What makes of all values and vectors those that SciPy returned: a constant map.

    Vectors may differ by signs, and among equal values by a rotation.
    """
    some, vectors = ans
    positions = np.argmin(np.abs(some[..., :, None] - w[..., None, :]), axis=-1)
    if some.shape[-1] > 1:  # equal values follow each other
        start = positions[..., :1]
        positions = start + np.arange(some.shape[-1])
    if vectors is None:
        return lambda w, v: (np.take_along_axis(w, positions, -1), v)
    mapping = np.linalg.solve(v, vectors)
    rounding = np.sqrt(np.finfo(mapping.dtype).eps)
    mapping = np.where(np.abs(mapping) < rounding, 0, mapping)
    return lambda w, v: (np.take_along_axis(w, positions, -1), v @ mapping)


def _of_problem(
    g: Any, ans: Any, a: Any, b: Any, of: str, lower: bool, type: int, vectors: bool
) -> Any:
    """The cotangent of a or b through all values and vectors."""
    uplo = "L" if lower else "U"
    plain = primal(ans[0]), primal(ans[1]) if vectors else None
    known = _standard(primal(a), None if b is None else primal(b), uplo, type)
    chosen = _chosen(*known, plain)

    def some(x: Any) -> Any:
        pair = (x, b) if of == "a" else (a, x)
        w, v = chosen(*_standard(*pair, uplo, type))
        return (w, v) if vectors else w

    return pulled(g if vectors else g[0], some, a if of == "a" else b)


def _eigh_pullback(of: str) -> Callable[..., Any]:
    def pullback(g, ans, a, b=None, lower=True, eigvals_only=False, type=1,
                 subset_by_index=None, subset_by_value=None):  # fmt: skip
        whole = b is None and subset_by_index is None and subset_by_value is None
        uplo = "L" if lower else "U"
        if whole and not eigvals_only:
            return eigh_pullback(g, ans, a, uplo)
        if whole:
            return eigvalsh_pullback(g, a, uplo)
        b = None if b is None else as_array(b)
        if eigvals_only:
            g, ans = (g,), (ans,)
        return _of_problem(g, ans, as_array(a), b, of, lower, type, not eigvals_only)

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
    whole = _band(a_band, lower)
    if eigvals_only:
        c = eigvalsh_pullback(g, whole, uplo)
    else:
        c = eigh_pullback(g, ans, whole, uplo)
    return pulled(c, lambda band: _band(band, lower), a_band)


def _tridiagonal(d: Any, e: Any) -> Any:
    n = d.shape[-1]
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
    return np.linalg.solve(b.mT, eigvals_pullback(g, ans, np.linalg.solve(b, a)))


def pencil_b_pullback(g, ans, a, b):
    """As of a, times minus the matrix whose eigenvalues they are."""
    matrix = np.linalg.solve(b, a)
    c = np.linalg.solve(b.mT, eigvals_pullback(g, ans, matrix))
    return -c @ matrix.mT


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
