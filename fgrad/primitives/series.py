"""Series in the six families of `numpy.polynomial`, by one table.

The value of a series is linear in its coefficients: what multiplies them are the
polynomials of the family, from its `vander`. A derivative or an integral is a matrix,
whose columns NumPy gives for unit vectors.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.polynomial import (
    chebyshev,
    hermite,
    hermite_e,
    laguerre,
    legendre,
    polynomial,
)

from fgrad._engine.dispatch import primitive, traced
from fgrad._engine.rules import defvjp
from fgrad._engine.signatures import parameters_of

FAMILIES = {"poly": polynomial, "cheb": chebyshev, "leg": legendre, "herm": hermite,
            "herme": hermite_e, "lag": laguerre}  # fmt: skip
"""Their modules, by the prefix of the functions in them."""

INTEGRAL: dict[str, Callable[..., Any]] = {}
"""One integration in each family: ``integral(c, k, lbnd, scl, axis)``."""


def function(prefix: str, name: str) -> Callable[..., Any]:
    """A function of a family, for plain and traced arguments."""
    fun = getattr(FAMILIES[prefix], prefix + name)
    return lambda *args: traced(fun)(*args)


def length(like: Any, axis: int = 0) -> int:
    """The number of coefficients along an axis; a scalar is one."""
    return like.shape[axis] if like.shape else 1


def applied_along(matrix: Any, g: Any, axis: int, like: Any) -> Any:
    """The products of a matrix with the vectors along an axis."""
    c = np.moveaxis(np.tensordot(matrix, g, (1, axis)), 0, axis)
    return np.reshape(c, like.shape)


def sum_to(a: Any, shape: tuple[int, ...]) -> Any:
    """Summed over the axes after the first along which `shape` was broadcast."""
    a = np.sum(a, axis=tuple(range(1, 1 + a.ndim - len(shape))))
    axes = tuple(i for i in range(1, a.ndim) if shape[i] == 1)
    return np.sum(a, axis=axes, keepdims=True)


# Values -------------------------------------------------------------------------------


def define_val(prefix: str) -> None:
    """c[k] P_k(x): the derivative is a series again, and linear in c."""
    val, der, vander = (function(prefix, name) for name in ("val", "der", "vander"))

    def val_pullback(g: Any, like: Any, x: Any, tensor: bool) -> Any:
        """The polynomials at x, times the cotangent, summed over the points."""
        n, *rest = like.shape or (1,)
        v = np.moveaxis(np.reshape(vander(x, n - 1), (*np.shape(x), n)), -1, 0)
        if tensor:
            points = tuple(range(len(rest), np.ndim(g)))
            c = np.tensordot(v, g, (tuple(range(1, v.ndim)), points))
        else:
            lead = (1,) * (np.ndim(g) - np.ndim(x))
            c = sum_to(g * np.reshape(v, (n, *lead, *np.shape(x))), (n, *rest))
        return np.reshape(c, like.shape)

    def vander_pullback(g: Any, like: Any, x: Any, deg: int) -> Any:
        """Derivatives of the polynomials, in terms of the polynomials."""
        matrix = der(np.eye(deg + 1))
        slopes = vander(x, len(matrix) - 1) @ matrix
        return np.reshape(np.sum(g * slopes, axis=-1), like.shape)

    def roots_pullback(g: Any, ans: Any, like: Any, c: Any) -> Any:
        """p(z) = 0 along a change of p: dz = -Σ P_k(z) dc_k / p'(z)."""
        slope = val(ans, der(c))
        return np.reshape(-(g / slope) @ vander(ans, length(like) - 1), like.shape)

    module = FAMILIES[prefix]
    defvjp(
        getattr(module, prefix + "val"),
        broadcasts=True,
        x=lambda g, x, c, tensor: g * val(x, der(c), tensor),
        c=val_pullback,
    )
    defvjp(getattr(module, prefix + "vander"), x=vander_pullback)
    defvjp(getattr(module, prefix + "roots"), c=roots_pullback)


# Derivatives and integrals ------------------------------------------------------------


def define_der(prefix: str) -> None:
    """``der(c, m, scl)`` is ``scl**m der(c, m)``."""
    der = function(prefix, "der")

    def der_pullback(g: Any, like: Any, m: int, scl: Any, axis: int) -> Any:
        """The transposed matrix."""
        matrix = der(np.eye(length(like, axis)), m)
        return applied_along(matrix.T * scl**m, g, axis, like)

    def der_scl_pullback(g: Any, c: Any, m: int, scl: Any, axis: int) -> Any:
        """The slope of ``scl**m``."""
        return np.sum(g * der(c, m, 1, axis)) * (m * scl ** max(m - 1, 0))

    fun = getattr(FAMILIES[prefix], prefix + "der")
    defvjp(fun, c=der_pullback, scl=der_scl_pullback)


def define_integral(prefix: str) -> None:
    """The constant plus `scl` times the integral from `lbnd`."""
    fun = getattr(FAMILIES[prefix], prefix + "int")
    val = function(prefix, "val")

    @primitive
    def integral(c: Any, k: Any, lbnd: Any, scl: Any, axis: int) -> Any:
        return fun(c, 1, [k], lbnd, scl, axis)

    def integral_pullback(g: Any, like: Any, lbnd: Any, scl: Any, axis: int) -> Any:
        """The transposed matrix; the integral of a single 0 has no second entry."""
        unit = np.eye(length(like, axis), dtype=g.dtype)
        matrix = integral(unit, 0, lbnd, scl, 0)
        return applied_along(matrix[: length(g, axis)].T, g, axis, like)

    def integral_k_pullback(g: Any, like: Any, axis: int) -> Any:
        """The constant that is added to the first coefficient."""
        first = np.take(g, 0, axis)
        return np.sum(first, axis=tuple(range(first.ndim - like.ndim)))

    def integral_lbnd_pullback(g: Any, c: Any, lbnd: Any, scl: Any, axis: int) -> Any:
        """The value at the lower bound, which is subtracted."""
        c = np.moveaxis(np.atleast_1d(c), axis, 0)
        return -np.sum(np.take(g, 0, axis) * val(lbnd, c)) * scl

    def integral_scl_pullback(g: Any, c: Any, lbnd: Any, axis: int) -> Any:
        """The integral itself."""
        return np.sum(g * integral(c, 0, lbnd, 1, axis))

    inner: Any = integral
    inner.__wrapped__.__qualname__ = prefix + "int"
    INTEGRAL[prefix] = integral
    defvjp(
        inner.__wrapped__,
        c=integral_pullback,
        k=integral_k_pullback,
        lbnd=integral_lbnd_pullback,
        scl=integral_scl_pullback,
    )


# Products -----------------------------------------------------------------------------


@cache
def products(mul: Callable[..., Any], n1: int, n2: int) -> Any:
    """The coefficient of P_k in P_i P_j, at ``[k, i, j]``."""
    table = np.zeros((n1 + n2 - 1, n1, n2))
    for i, first in enumerate(np.eye(n1)):
        for j, second in enumerate(np.eye(n2)):
            product = mul(first, second)
            table[: len(product), i, j] = product
    return table


def define_mul(prefix: str) -> None:
    """A product is linear in each of its factors."""
    mul = getattr(FAMILIES[prefix], prefix + "mul")

    def pull(g: Any, like: Any, other: Any) -> Any:
        other = np.reshape(other, -1)
        table = products(mul, length(like), len(other))[: len(g)]
        c = np.tensordot(np.tensordot(g, table, (0, 0)), other, (1, 0))
        return np.reshape(c, like.shape)

    defvjp(mul, c1=lambda g, like, c2: pull(g, like, c2),
           c2=lambda g, like, c1: pull(g, like, c1))  # fmt: skip


# Other linear functions ---------------------------------------------------------------


@cache
def images(fun: Callable[..., Any], n: int, m: int) -> Any:
    """The images of the unit vectors under a linear function: n rows of length m."""
    rows = [fun(unit)[:m] for unit in np.eye(n)]
    return np.stack([np.pad(row, (0, m - len(row))) for row in rows])


def define_linear(prefix: str) -> None:
    """Conversions between families, the product with x, and straight lines."""
    module = FAMILIES[prefix]
    conversions = [prefix + "2poly", "poly2" + prefix] if prefix != "poly" else []
    for name in (prefix + "mulx", *conversions):
        fun = getattr(module, name)

        def pullback(g: Any, like: Any, fun: Any = fun) -> Any:
            return np.reshape(images(fun, length(like), len(g)) @ g, like.shape)

        (parameter,) = parameters_of(fun)
        defvjp(fun, **{parameter: lambda g, like, pull=pullback: pull(g, like)})
    line = getattr(module, prefix + "line")

    def ends(pair: Any) -> Any:
        return line(*pair)

    defvjp(line, off=lambda g: np.dot(images(ends, 2, len(g))[0], g),
           scl=lambda g: np.dot(images(ends, 2, len(g))[1], g))  # fmt: skip


for prefix in FAMILIES:
    define_linear(prefix)
    define_val(prefix)
    define_der(prefix)
    define_integral(prefix)
    define_mul(prefix)
