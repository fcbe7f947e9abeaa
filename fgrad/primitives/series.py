"""Series in the six families of `numpy.polynomial`, by one table.

The value of a series is linear in its coefficients: what multiplies them are the
polynomials of the family, from its `vander`. A derivative or an integral is a matrix,
whose columns NumPy gives for unit vectors.

NumPy drops the highest coefficients that are 0. Their derivatives are not 0, so traced
series keep all coefficients (`OPERATIONS`): they are the same functions.
"""

from collections.abc import Callable
from functools import cache, update_wrapper
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

OPERATIONS: dict[Callable[..., Any], Callable[..., Any]] = {}
"""NumPy's functions whose results have another length if a coefficient is 0.

Each has an operation that keeps all coefficients, of which a composition makes use.
"""


def function(prefix: str, name: str) -> Callable[..., Any]:
    """A function of a family, for plain and traced arguments."""
    fun = getattr(FAMILIES[prefix], prefix + name)
    return lambda *args: traced(fun)(*args)


def length(like: Any, axis: int = 0) -> int:
    """The number of coefficients along an axis; a scalar is one."""
    return like.shape[axis] if like.shape else 1


def padded(c: Any, n: int, axis: int = 0) -> Any:
    """With zeros for the coefficients that NumPy has dropped."""
    missing = n - c.shape[axis]
    if not missing:
        return c
    shape = list(c.shape)
    shape[axis] = missing
    return np.concatenate([c, np.zeros(shape, c.dtype)], axis)


def define_operation(fun: Callable[..., Any], call: Callable[..., Any]) -> Any:
    """A part of the composition for `fun`, with its name and parameters."""

    def operation(*args: Any) -> Any:
        return call(*args)

    OPERATIONS[fun] = primitive(update_wrapper(operation, fun))
    return operation


def define_whole(fun: Callable[..., Any], number: Callable[..., int]) -> Any:
    """The operation that has `number` coefficients, whatever their values are."""

    def whole(*args: Any) -> Any:
        return padded(fun(*args), number(*map(np.size, args)))

    return define_operation(fun, whole)


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
        return -(g / val(ans, der(c))) @ vander(ans, like.size - 1)

    module = FAMILIES[prefix]
    defvjp(
        getattr(module, prefix + "val"),
        broadcasts=True,
        x=lambda g, x, c, tensor: g * val(x, der(c), tensor),
        c=val_pullback,
    )
    defvjp(getattr(module, prefix + "vander"), x=vander_pullback)
    roots = getattr(module, prefix + "roots")
    defvjp(define_operation(roots, roots), c=roots_pullback)


# Derivatives and integrals ------------------------------------------------------------


def define_der(prefix: str) -> None:
    """``der(c, m, scl)`` is ``scl**m der(c, m)``."""
    der = function(prefix, "der")

    def der_pullback(g: Any, like: Any, m: int, scl: Any, axis: int) -> Any:
        """The transposed matrix; NumPy may turn the axes of a derivative that is 0."""
        if m >= length(like, axis):
            return np.zeros(like.shape, g.dtype)
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
        ans = fun(c, 1, [k], lbnd, scl, axis)
        return padded(ans, np.shape(c)[axis] + 1, axis)  # NumPy's of a single 0 is 0

    def integral_pullback(g: Any, like: Any, lbnd: Any, scl: Any, axis: int) -> Any:
        """The transposed matrix."""
        unit = np.eye(length(like, axis), dtype=g.dtype)
        return applied_along(integral(unit, 0, lbnd, scl, 0).T, g, axis, like)

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

    def pull(g: Any, other: Any) -> Any:
        table = products(mul, len(g) + 1 - len(other), len(other))
        return np.tensordot(np.tensordot(g, table, (0, 0)), other, (1, 0))

    defvjp(define_whole(mul, lambda n1, n2: n1 + n2 - 1),
           c1=lambda g, c2: pull(g, c2),
           c2=lambda g, c1: pull(g, c1))  # fmt: skip


# Other linear functions ---------------------------------------------------------------


@cache
def images(fun: Callable[..., Any], n: int, m: int) -> Any:
    """The images of the unit vectors under a linear function: n rows of length m."""
    return np.stack([padded(fun(unit), m) for unit in np.eye(n)])


def define_linear(prefix: str) -> None:
    """Conversions between families, the product with x, and straight lines."""
    module = FAMILIES[prefix]
    numbers = {prefix + "mulx": lambda n: n + 1}
    if prefix != "poly":
        numbers |= dict.fromkeys((prefix + "2poly", "poly2" + prefix), lambda n: n)
    for name, number in numbers.items():
        fun = getattr(module, name)

        def pullback(g: Any, like: Any, fun: Any = fun) -> Any:
            return images(fun, like.size, len(g)) @ g

        (parameter,) = parameters_of(fun)
        whole = define_whole(fun, number)
        defvjp(whole, **{parameter: lambda g, like, pull=pullback: pull(g, like)})
    line = getattr(module, prefix + "line")

    def ends(pair: Any) -> Any:
        return line(*pair)

    defvjp(define_whole(line, lambda *_: 2),
           off=lambda g: np.dot(images(ends, 2, 2)[0], g),
           scl=lambda g: np.dot(images(ends, 2, 2)[1], g))  # fmt: skip


for prefix in FAMILIES:
    define_linear(prefix)
    define_val(prefix)
    define_der(prefix)
    define_integral(prefix)
    define_mul(prefix)
