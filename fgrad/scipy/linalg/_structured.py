"""Matrices that are arranged from few numbers, and systems with them."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg as sl

from fgrad._engine.box import as_array, primal
from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp, derived
from fgrad.derived.creation import as_traced
from fgrad.errors import MissingRuleError
from fgrad.primitives._matrices import unbroadcast
from fgrad.scipy.linalg._operation import operation, pulled
from fgrad.scipy.linalg._systems import as_matrix, of_right_side

__all__: list[str] = []


def arranged(fun: Callable[..., Any], *arrays: Any) -> Any:
    """What `fun` makes of vectors, by asking it where it puts their entries.

    It gets the numbers 1, 2, ... in place of the entries; 0 is a zero of its own.
    """
    numbers, start = [], 1
    for x in arrays:
        numbers.append(np.arange(start, start + x.shape[-1]))
        start += x.shape[-1]
    places = fun(*numbers)
    lead = np.broadcast_shapes(*(x.shape[:-1] for x in arrays))
    arrays = tuple(np.broadcast_to(x, (*lead, x.shape[-1])) for x in arrays)
    zero = np.zeros((*lead, 1), arrays[0].dtype)
    return np.concatenate([zero, *arrays], axis=-1)[..., places.astype(int)]


def _vector(x: Any) -> Any:
    return np.atleast_1d(as_traced(x))


@derived(sl.toeplitz)
def toeplitz(c: Any, r: Any = None) -> Any:
    c = _vector(c)
    return arranged(sl.toeplitz, c, np.conjugate(c) if r is None else _vector(r))


@derived(sl.hankel)
def hankel(c: Any, r: Any = None) -> Any:
    c = as_traced(c)
    r = np.zeros(c.shape, c.dtype) if r is None else as_traced(r)
    return arranged(sl.hankel, np.ravel(c), np.ravel(r))


@derived(sl.circulant)
def circulant(c: Any) -> Any:
    return arranged(sl.circulant, _vector(c))


@derived(sl.convolution_matrix)
def convolution_matrix(a: Any, n: int, mode: str = "full") -> Any:
    return arranged(lambda a: sl.convolution_matrix(a, n, mode), as_traced(a))


@derived(sl.leslie)
def leslie(f: Any, s: Any) -> Any:
    return arranged(sl.leslie, _vector(f), _vector(s))


@derived(sl.diagsvd)
def diagsvd(s: Any, M: int, N: int) -> Any:
    return arranged(lambda s: sl.diagsvd(s, M, N), as_traced(s))


if hasattr(sl, "kron"):  # until SciPy 1.16

    @derived(sl.kron)
    def kron(a: Any, b: Any) -> Any:
        return np.kron(as_traced(a), as_traced(b))


@derived(sl.block_diag)
def block_diag(*arrs: Any) -> Any:
    blocks = [np.atleast_2d(as_traced(a)) for a in arrs]
    shapes = [a.shape[-2:] for a in blocks]
    flat = [np.reshape(a, (*a.shape[:-2], math.prod(a.shape[-2:]))) for a in blocks]

    def arrange(*numbers: Any) -> Any:
        pairs = zip(numbers, shapes, strict=True)
        return sl.block_diag(*(np.reshape(*pair) for pair in pairs))

    return arranged(arrange, *flat)


@derived(sl.companion)
def companion(a: Any) -> Any:
    a = _vector(a)
    n = sl.companion(primal(a)).shape[-1]
    first = np.expand_dims(-a[..., 1:] / (1.0 * a[..., :1]), -2)
    below = np.broadcast_to(np.eye(n - 1, n), (*a.shape[:-1], n - 1, n))
    return np.concatenate([first, below.astype(first.dtype)], axis=-2)


@derived(sl.fiedler)
def fiedler(a: Any) -> Any:
    a = _vector(a)
    if a.size < 2:
        return sl.fiedler(primal(a))
    own = np.eye(a.shape[-1], dtype=bool)
    gaps = np.expand_dims(a, -1) - np.expand_dims(a, -2)
    return np.where(own, 0, np.abs(np.where(own, 1, gaps)))


@derived(sl.fiedler_companion)
def fiedler_companion(a: Any) -> Any:
    a = _vector(a)
    places = sl.fiedler_companion(np.arange(1.0, a.shape[-1] + 1))
    sl.fiedler_companion(primal(a))  # for its errors
    own = places < -1
    monic = -(a / a[..., :1])
    index = np.where(own, -places, 1).astype(int) - 1
    return np.where(
        own, monic[..., index], np.where(own, 0, places).astype(monic.dtype)
    )


operation(
    sl.khatri_rao,
    linear=True,
    a=lambda g, b, like: unbroadcast(
        np.sum(
            _products(g, like.shape[-2], as_array(b).shape[-2]) * np.expand_dims(b, -3),
            axis=-2,
        ),
        like,
    ),
    b=lambda g, a, like: unbroadcast(
        np.sum(
            _products(g, as_array(a).shape[-2], like.shape[-2]) * np.expand_dims(a, -2),
            axis=-3,
        ),
        like,
    ),
)


def _products(g: Any, rows: int, columns: int) -> Any:
    """The cotangents of the products of each two rows."""
    return np.reshape(g, (*g.shape[:-2], rows, columns, g.shape[-1]))


# Toeplitz matrices --------------------------------------------------------------------


@primitive
def toeplitz_solve(c: Any, r: Any, b: Any, check_finite: bool = True) -> Any:
    """`scipy.linalg.solve_toeplitz`, with the two parts of its first argument apart."""
    return sl.solve_toeplitz((c, r), b, check_finite)


@primitive
def toeplitz_product(
    c: Any, r: Any, x: Any, check_finite: bool = False, workers: Any = None
) -> Any:
    """`scipy.linalg.matmul_toeplitz`, with the parts of its first argument apart."""
    return sl.matmul_toeplitz((c, r), x, check_finite, workers)


def _flipped(c: Any, r: Any) -> tuple[Any, Any]:
    """Column and row of the transposed matrix: what counts on the diagonal is in c."""
    c, r = as_array(c), as_array(r)
    lead = np.broadcast_shapes(c.shape[:-1], r.shape[:-1])
    parts = [np.broadcast_to(x, (*lead, x.shape[-1])) for x in (c[..., :1], r[..., 1:])]
    return np.concatenate(parts, axis=-1), c


def _from_matrix(cotangent: Any, c: Any, r: Any, of: str) -> Any:
    """The cotangent of the column or of the row, from that of the matrix."""
    c, r = as_array(c), as_array(r)
    lead = np.broadcast_shapes(c.shape[:-1], r.shape[:-1])
    matrix = np.broadcast_to(np.int8(0), (*lead, c.shape[-1], r.shape[-1]))
    cotangent = unbroadcast(cotangent, matrix)
    if of == "c":
        return pulled(cotangent, lambda c: _mixed(c, r, cotangent), c)
    return pulled(cotangent, lambda r: _mixed(c, r, cotangent), r)


def _mixed(c: Any, r: Any, like: Any) -> Any:
    """The matrix, complex if its cotangent is."""
    return toeplitz(c, r) + np.zeros((), like.dtype)


def _solved_pullback(of: str) -> Callable[..., Any]:
    def pullback(g, ans, c, r, b, like):
        if not ans.size:
            return np.zeros(like.shape, g.dtype)
        vector = as_array(b).ndim < 2
        gb = toeplitz_solve(*_flipped(c, r), as_matrix(g, vector), False)
        return _from_matrix(-gb @ as_matrix(ans, vector).mT, c, r, of)

    return pullback


def _product_pullback(of: str) -> Callable[..., Any]:
    def pullback(g, c, r, x):
        x = as_array(x)
        vector = x.ndim < 2
        return _from_matrix(as_matrix(g, vector) @ as_matrix(x, vector).mT, c, r, of)

    return pullback


defvjp(
    toeplitz_solve,
    neutral=("check_finite",),
    c=_solved_pullback("c"),
    r=_solved_pullback("r"),
    b=lambda g, c, r, like: of_right_side(
        lambda g: toeplitz_solve(*_flipped(c, r), g, False), g, like
    ),
)
defvjp(
    toeplitz_product,
    neutral=("check_finite", "workers"),
    c=_product_pullback("c"),
    r=_product_pullback("r"),
    x=lambda g, c, r, like: of_right_side(
        lambda g: toeplitz_product(*_flipped(c, r), g), g, like
    ),
)


def _column_and_row(c_or_cr: Any) -> tuple[Any, Any]:
    if isinstance(c_or_cr, tuple):
        return c_or_cr
    return c_or_cr, np.conjugate(c_or_cr)


@derived(sl.solve_toeplitz)
def solve_toeplitz(c_or_cr: Any, b: Any, check_finite: bool = True) -> Any:
    return toeplitz_solve(*_column_and_row(c_or_cr), b, check_finite)


@derived(sl.matmul_toeplitz)
def matmul_toeplitz(
    c_or_cr: Any, x: Any, check_finite: bool = False, workers: Any = None
) -> Any:
    return toeplitz_product(*_column_and_row(c_or_cr), x, check_finite, workers)


# Circulant matrices -------------------------------------------------------------------


def _quotient(c: Any, b: Any, caxis: int, baxis: int, outaxis: int) -> Any:
    real = c.dtype.kind != "c" and b.dtype.kind != "c"
    c, b = np.moveaxis(c, caxis, -1), np.moveaxis(b, baxis, -1)
    x = np.fft.ifft(np.fft.fft(b) / np.fft.fft(c))
    return np.moveaxis(np.real(x) if real else x, -1, outaxis)


def _circulant_pullback(of: str) -> Callable[..., Any]:
    def pullback(
        g, c, b, like, singular="raise", tol=None, caxis=-1, baxis=0, outaxis=0
    ):
        if not like.size:
            return np.zeros(like.shape, g.dtype)
        c, b = np.atleast_1d(c), np.atleast_1d(b)
        if singular != "raise":
            _refuse_singular(primal(c), primal(b), tol, caxis, baxis)
        axes = caxis, baxis, outaxis
        if of == "c":
            found = pulled(g, lambda c: _quotient(c, b, *axes), c)
        else:
            found = pulled(g, lambda b: _quotient(c, b, *axes), b)
        return np.reshape(found, like.shape)

    return pullback


def _refuse_singular(c: Any, b: Any, tol: Any, caxis: int, baxis: int) -> None:
    try:
        sl.solve_circulant(c, b, "raise", tol, caxis, baxis)
    except np.linalg.LinAlgError:
        raise MissingRuleError(
            "no derivative rule for scipy.linalg.solve_circulant(..., "
            "singular='lstsq') of a matrix that is singular. Use "
            "scipy.linalg.pinv(scipy.linalg.circulant(c)) @ b."
        ) from None


operation(
    sl.solve_circulant,
    c=_circulant_pullback("c"),
    b=_circulant_pullback("b"),
)
