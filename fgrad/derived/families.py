"""Powers, roots, fits and weights in the families of `numpy.polynomial`."""

import operator
import warnings
from functools import reduce
from typing import Any

import numpy as np
from numpy.exceptions import RankWarning
from numpy.polynomial import chebyshev, polyutils

from fgrad._engine.box import primal, stand_in
from fgrad._engine.rules import derived
from fgrad.derived.creation import array, as_traced
from fgrad.derived.series import as_series, floating
from fgrad.primitives.series import FAMILIES, function


def define_powers(prefix: str, module: Any) -> None:
    """One product after the other, each as NumPy computes it."""
    plain = getattr(module, prefix + "pow")
    mul = np.convolve if prefix == "poly" else function(prefix, "mul")
    if prefix == "cheb":

        @derived(plain)
        def symmetric(c: Any, pow: Any, maxpower: Any = 16) -> Any:
            plain(np.ones(1), pow, maxpower)  # its checks
            c = as_series(c)
            if pow < 2:
                return np.copy(c) if pow else np.array([1], c.dtype)
            both = np.concatenate((c[:0:-1] / 2, c[:1], c[1:] / 2))
            power = reduce(np.convolve, [both] * int(pow))
            n = (power.size + 1) // 2
            return np.concatenate((power[n - 1 : n], 2 * power[n:]))

        return

    @derived(plain)
    def power(
        c: Any, pow: Any, maxpower: Any = None if prefix == "poly" else 16
    ) -> Any:
        plain(np.ones(1), pow, maxpower)  # its checks
        c = as_series(c)
        if pow == 1:
            return np.copy(c)
        return reduce(mul, [c] * int(pow)) if pow else np.array([1], c.dtype)


def define_roots(prefix: str, module: Any) -> None:
    """The product of the lines through the roots, two by two."""
    line, mul = function(prefix, "line"), function(prefix, "mul")

    @derived(getattr(module, prefix + "fromroots"))
    def fromroots(roots: Any) -> Any:
        roots = floating(np.atleast_1d(as_traced(roots)))
        factors = [line(-r, 1) for r in np.sort(roots)] or [np.ones(1)]
        while len(factors) > 1:
            half, odd = divmod(len(factors), 2)
            last = factors[-1]
            factors = [mul(factors[i], factors[i + half]) for i in range(half)]
            if odd:
                factors[0] = mul(factors[0], last)
        return factors[0]


def others(i: int, last: int) -> list[int]:
    """The axes, from 0 to `last`, that are not the one of variable i."""
    return [j for j in range(last + 1) if j != i]


def define_matrices(prefix: str, module: Any) -> None:
    """The matrix of several variables: products of the columns for each."""
    vander = function(prefix, "vander")

    def together(points: Any, deg: Any) -> Any:
        points = np.stack([as_traced(x) + 0.0 for x in points])
        last = len(deg) - 1
        products = reduce(
            operator.mul,
            (
                np.expand_dims(vander(x, n), [j - last - 1 for j in others(i, last)])
                for i, (x, n) in enumerate(zip(points, deg, strict=True))
            ),
        )
        return np.reshape(products, (*products.shape[: -len(deg)], -1))

    @derived(getattr(module, prefix + "vander2d"))
    def vander2d(x: Any, y: Any, deg: Any) -> Any:
        return together((x, y), deg)

    @derived(getattr(module, prefix + "vander3d"))
    def vander3d(x: Any, y: Any, z: Any, deg: Any) -> Any:
        return together((x, y, z), deg)


def define_fit(prefix: str, module: Any) -> None:
    """Least squares with the polynomials, scaled to columns of length 1."""
    vander, plain = function(prefix, "vander"), getattr(module, prefix + "fit")

    @derived(plain)
    def fit(
        x: Any, y: Any, deg: Any, rcond: Any = None, full: bool = False, w: Any = None
    ) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            checked = stand_in(x), stand_in(y), deg, rcond, full, stand_in(w)
            plain(*checked)
        x, y = as_traced(x) + 0.0, as_traced(y) + 0.0
        powers = np.sort(deg) if np.ndim(deg) else np.arange(int(deg) + 1)
        lhs, rhs = vander(x, int(powers[-1])).T, y.T
        lhs = lhs[powers] if np.ndim(deg) else lhs
        if w is not None:
            w = as_traced(w) + 0.0
            lhs, rhs = lhs * w, rhs * w
        if rcond is None:
            rcond = len(x) * np.finfo(x.dtype).eps
        size = np.square(np.real(lhs))
        if lhs.dtype.kind == "c":
            size = size + np.square(np.imag(lhs))
        scale = np.sqrt(np.sum(size, 1))
        scale = np.where(scale == 0, 1, scale)
        c, residuals, rank, s = np.linalg.lstsq(lhs.T / scale, rhs.T, rcond)
        c = (c.T / scale).T
        if np.ndim(deg):
            rows = np.zeros((int(powers[-1]) + 1, len(powers)), c.dtype)
            rows[powers, np.arange(len(powers))] = 1
            c = np.tensordot(rows, c, 1)
        if full:
            return c, [residuals, rank, s, rcond]
        if rank != len(powers):
            message = "The fit may be poorly conditioned"
            warnings.warn(message, RankWarning, stacklevel=2)
        return c


for prefix, module in FAMILIES.items():
    define_powers(prefix, module)
    define_roots(prefix, module)
    define_matrices(prefix, module)
    define_fit(prefix, module)
    if prefix != "poly":  # NumPy's own code computes with traced values
        weight = getattr(module, prefix + "weight")
        derived(weight)(weight)


@derived(polyutils.trimcoef)
def trimcoef(c: Any, tol: Any = 0) -> Any:
    polyutils.trimcoef(np.ones(1), tol)  # its checks
    c = as_series(c)
    if tol == 0:
        return np.copy(c)  # whose zeros have derivatives
    large = np.flatnonzero(abs(primal(c)) > tol)
    return np.copy(c[: large[-1] + 1]) if large.size else c[:1] * 0


@derived(FAMILIES["poly"].polyvalfromroots)
def polyvalfromroots(x: Any, r: Any, tensor: bool = True) -> Any:
    r, x = array(as_traced(r), ndmin=1) * 1.0, as_traced(x)
    if tensor:
        r = np.reshape(r, r.shape + (1,) * x.ndim)
    elif x.ndim >= r.ndim:
        raise ValueError("x.ndim must be < r.ndim when tensor == False")
    return np.prod(x - r, axis=0)


@derived(chebyshev.chebinterpolate)
def chebinterpolate(func: Any, deg: Any, args: Any = ()) -> Any:
    chebyshev.chebinterpolate(np.ones_like, deg)  # its checks
    order = deg + 1
    x = chebyshev.chebpts1(order)
    c = np.dot(chebyshev.chebvander(x, deg).T, func(x, *args))
    return c / np.where(np.arange(order) == 0, order, 0.5 * order)
