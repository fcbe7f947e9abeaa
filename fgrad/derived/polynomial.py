"""Polynomials as NumPy's `poly` functions have them: the highest power first.

NumPy drops leading zeros. Those of traced polynomials have derivatives, so they stay.
"""

import warnings
from typing import Any

import numpy as np
from numpy.exceptions import RankWarning

from fgrad._engine.box import primal
from fgrad._engine.rules import derived
from fgrad.derived.creation import as_traced, asarray
from fgrad.primitives.indexing import index_add
from fgrad.primitives.polynomial import leading_zeros, of_degree, roots


def coefficients(p: Any) -> Any:
    """Those of a `poly1d`, or of a sequence."""
    return np.atleast_1d(as_traced(p.coeffs if isinstance(p, np.poly1d) else p))


def like_given(value: Any, *given: Any) -> Any:
    """A `poly1d`, if one of the arguments is."""
    return np.poly1d(value) if any(isinstance(p, np.poly1d) for p in given) else value


def trimmed(p: Any) -> Any:
    """Without leading zeros, but for the last one, if nothing is traced.

    Traced coefficients that are 0 have derivatives, so they stay.
    """
    return np.poly1d(p).coeffs if type(p) is np.ndarray else p


# Values and arithmetic ----------------------------------------------------------------


@derived(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    """Horner's scheme, also for a polynomial in place of x."""
    if isinstance(x, np.poly1d):
        y: Any = 0
    else:
        x = asarray(x)  # 0-d arrays multiply as arrays do, scalars round differently
        y = np.zeros_like(x)
    for pv in coefficients(p):
        y = y * x + pv
    return y


def aligned(a1: Any, a2: Any) -> tuple[Any, Any]:
    """Both with as many coefficients as the longer one."""
    a1, a2 = coefficients(a1), coefficients(a2)
    length = max(len(a1), len(a2))

    def filled(a: Any) -> Any:
        zeros = np.zeros(length - len(a), a.dtype)
        return np.concatenate([zeros, a]) if len(zeros) else a

    return filled(a1), filled(a2)


@derived(np.polyadd)
def polyadd(a1: Any, a2: Any) -> Any:
    p1, p2 = aligned(a1, a2)
    return like_given(p1 + p2, a1, a2)


@derived(np.polysub)
def polysub(a1: Any, a2: Any) -> Any:
    p1, p2 = aligned(a1, a2)
    return like_given(p1 - p2, a1, a2)


@derived(np.polymul)
def polymul(a1: Any, a2: Any) -> Any:
    p1, p2 = trimmed(coefficients(a1)), trimmed(coefficients(a2))
    return like_given(np.convolve(p1, p2), a1, a2)


@derived(np.polydiv)
def polydiv(u: Any, v: Any) -> tuple[Any, Any]:
    """Long division."""
    r, divisor = coefficients(u) + 0.0, coefficients(v) + 0.0
    dtype = np.result_type(r, divisor)
    r = r.astype(dtype)
    scale = 1.0 / divisor[0]
    n = len(divisor)
    q: list[Any] = []
    for k in range(len(r) - n + 1):
        q.append(scale * r[k])
        r = index_add(r, slice(k, k + n), -q[-1] * divisor)
    quotient = np.stack(q) if q else np.zeros(1, dtype)
    remainder = r[min(len(q), len(r) - 1) :]  # NumPy also drops zeros that follow
    return like_given(quotient, u, v), like_given(remainder, u, v)


# Derivatives, integrals, roots --------------------------------------------------------


@derived(np.polyder)
def polyder(p: Any, m: Any = 1) -> Any:
    if (m := int(m)) < 0:
        raise ValueError("Order of derivative must be positive (see polyint)")
    c = coefficients(p)
    for _ in range(m):
        c = c[:-1] * np.arange(len(c) - 1, 0, -1)
    return like_given(c, p)


@derived(np.polyint)
def polyint(p: Any, m: Any = 1, k: Any = None) -> Any:
    if (m := int(m)) < 0:
        raise ValueError("Order of integral must be positive (see polyder)")
    if m == 0:
        return as_traced(p)
    k = np.atleast_1d(as_traced(np.zeros(m) if k is None else k))
    if len(k) == 1 and m > 1:
        k = k[0] * np.ones(m)
    if len(k) < m:
        raise ValueError("k must be a scalar or a rank-1 array of length 1 or >m.")
    c = coefficients(p)
    for i in range(m):
        c = np.concatenate([c / np.arange(len(c), 0, -1), k[i : i + 1]])
    return like_given(c, p)


@derived(np.roots)
def roots_of(p: Any) -> Any:
    """As many as the degree."""
    p = coefficients(p)
    return roots(of_degree(p, leading_zeros(p)))


@derived(np.poly)
def poly(seq_of_zeros: Any) -> Any:
    """Multiply the factors x - z."""
    zeros = np.atleast_1d(as_traced(seq_of_zeros))
    if zeros.ndim == 2 and zeros.shape[0] == zeros.shape[1] != 0:
        zeros = np.linalg.eigvals(zeros)
    elif zeros.ndim != 1:
        raise ValueError("input must be 1d or non-empty square 2d array.")
    else:
        zeros = zeros.astype(np.mintypecode(zeros.dtype.char))
    if not zeros.size:
        return 1.0
    one = np.ones((), zeros.dtype)
    a = np.ones(1, zeros.dtype)
    for zero in zeros:
        a = np.convolve(a, np.stack([one, -zero]))
    plain = primal(zeros)
    if np.iscomplexobj(plain) and np.all(np.sort(plain) == np.sort(plain.conj())):
        return np.real(a)
    return a


# Least squares ------------------------------------------------------------------------


@derived(np.polyfit)
def polyfit(
    x: Any,
    y: Any,
    deg: Any,
    rcond: Any = None,
    full: bool = False,
    w: Any = None,
    cov: Any = False,
) -> Any:
    """Least squares with the powers of x, scaled to columns of length 1."""
    x, y = as_traced(x) + 0.0, as_traced(y) + 0.0
    order = int(deg) + 1
    check_fit(x, y, deg)
    if rcond is None:
        rcond = len(x) * np.finfo(x.dtype).eps
    lhs, rhs = np.vander(x, order), y
    if w is not None:
        w = as_traced(w) + 0.0
        check_weights(w, y)
        lhs = lhs * w[:, np.newaxis]
        rhs = rhs * (w[:, np.newaxis] if rhs.ndim == 2 else w)
    scale = np.sqrt(np.sum(lhs * lhs, axis=0))
    lhs = lhs / scale
    c, residuals, rank, s = np.linalg.lstsq(lhs, rhs, rcond)
    c = (c.T / scale).T
    if full:
        return c, residuals, rank, s, rcond
    if rank != order:
        message = "Polyfit may be poorly conditioned"
        warnings.warn(message, RankWarning, stacklevel=2)
    if not cov:
        return c
    base = np.linalg.inv(np.dot(lhs.T, lhs)) / np.outer(scale, scale)
    if cov != "unscaled":
        if len(x) <= order:
            raise ValueError(
                "the number of data points must exceed order "
                "to scale the covariance matrix"
            )
        factor = residuals / (len(x) - order)
    else:
        factor = 1
    return c, (base if y.ndim == 1 else base[:, :, np.newaxis]) * factor


def check_fit(x: Any, y: Any, deg: Any) -> None:
    """As NumPy checks what is fitted."""
    if deg < 0:
        raise ValueError("expected deg >= 0")
    if x.ndim != 1:
        raise TypeError("expected 1D vector for x")
    if x.size == 0:
        raise TypeError("expected non-empty vector for x")
    if y.ndim < 1 or y.ndim > 2:
        raise TypeError("expected 1D or 2D array for y")
    if x.shape[0] != y.shape[0]:
        raise TypeError("expected x and y to have same length")


def check_weights(w: Any, y: Any) -> None:
    """As NumPy checks the weights."""
    if w.ndim != 1:
        raise TypeError("expected a 1-d array for weights")
    if w.shape[0] != y.shape[0]:
        raise TypeError("expected w and y to have the same length")
