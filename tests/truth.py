"""First and second derivatives of elementwise functions, by hand, for mpmath.

A formula gives the derivative, or a pair: the derivative, and the size of the terms
that cancel in it. Nobody can be more precise than a few ulp of that size.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import mpmath
import numpy as np
from mpmath import mp

__all__ = ["BINARY", "UNARY", "exact"]

I = mpmath.mpc(0, 1)  # noqa: E741
_ZERO = mpmath.mpf("1e-500")
"""What stands for a zero of a complex number: unlike zeros of mpmath, it has a sign."""


def exact(number: Any) -> Any:
    """A floating-point number for mpmath, with all its digits."""
    if not np.iscomplexobj(number):
        return mpmath.mpf(float(number))
    parts = [
        mpmath.mpf(float(part)) if part else math.copysign(1, part) * _ZERO
        for part in (number.real, number.imag)
    ]
    return mpmath.mpc(*parts)


# Terms that several formulas share ----------------------------------------------------


@cache
def inside(z: Any) -> Any:
    """The square root of 1 - z**2, with cuts beyond 1 and -1."""
    return mp.sqrt(1 - z) * mp.sqrt(1 + z)


@cache
def above(z: Any) -> Any:
    """The square root of 1 + z**2, positive on the real line."""
    if isinstance(z, mpmath.mpf):
        return mp.sqrt(1 + z * z)
    return mp.sqrt(1 - I * z) * mp.sqrt(1 + I * z)


@cache
def beyond(z: Any) -> Any:
    """The square root of z**2 - 1, with its cut to the left of 1."""
    return mp.sqrt(z - 1) * mp.sqrt(z + 1)


@cache
def circle(z: Any) -> Any:
    """1 + z**2, also near the zeros at i and -i."""
    return (1 + z * z) if isinstance(z, mpmath.mpf) else (1 - I * z) * (1 + I * z)


@cache
def cube_root(x: Any) -> Any:
    """The real cube root."""
    return mp.sign(x) * mp.cbrt(abs(x))


@cache
def secant(z: Any) -> Any:
    """1 / cos(z)**2."""
    return 1 / mp.cos(z) ** 2


@cache
def hyperbolic_secant(z: Any) -> Any:
    """1 / cosh(z)**2."""
    return 1 / mp.cosh(z) ** 2


@cache
def sinc(x: Any) -> tuple[Any, ...]:
    """The first and second derivative of sin(pi x) / (pi x), each with its size."""
    z = -((mp.pi * x) ** 2) / 4
    if abs(x) < 1:
        a, b = mp.hyp0f1(2.5, z), mp.hyp0f1(3.5, z)
        c = -(mp.pi**2) / 3
        return c * x * a, abs(x), c * (a - (mp.pi * x) ** 2 / 5 * b), 1
    sine, cosine = mp.sinpi(x), mp.cospi(x)
    terms = cosine / x, -sine / mp.pi / x / x
    first = sum(terms)
    more = -mp.pi * sine / x, -2 * first / x
    return first, sum(map(abs, terms)), sum(more), sum(map(abs, more))


@cache
def radius(x: Any, y: Any) -> Any:
    """The length of (x, y)."""
    return mp.sqrt(x * x + y * y)


@cache
def share(x: Any, y: Any) -> Any:
    """exp(x) / (exp(x) + exp(y))."""
    return 1 / (1 + mp.exp(y - x))


@cache
def share2(x: Any, y: Any) -> Any:
    """The same for powers of two."""
    return share(x * mp.ln2, y * mp.ln2)


@cache
def power(x: Any, y: Any) -> Any:
    """x**y, which stands in all derivatives."""
    return mp.power(x, y)


def mixed(x: Any, y: Any) -> tuple[Any, Any]:
    """The mixed derivative of x**y."""
    a, b = power(x, y) / x, mp.log(x) * y
    return a * (1 + b), abs(a) * (1 + abs(b))


# The tables ---------------------------------------------------------------------------

DEGREE = mp.pi / 180
Formula = Callable[..., Any]

UNARY: dict[np.ufunc | Callable[..., Any], tuple[Formula, Formula]] = {
    np.positive: (lambda x: 1, lambda x: 0),
    np.negative: (lambda x: -1, lambda x: 0),
    np.reciprocal: (lambda x: -1 / x**2, lambda x: 2 / x**3),
    np.square: (lambda x: 2 * x, lambda x: 2),
    np.sqrt: (lambda x: 1 / (2 * mp.sqrt(x)), lambda x: -1 / (4 * x * mp.sqrt(x))),
    np.cbrt: (
        lambda x: 1 / (3 * cube_root(x) ** 2),
        lambda x: -2 / (9 * cube_root(x) ** 5),
    ),
    np.exp: (mp.exp, mp.exp),
    np.exp2: (lambda x: mp.ln2 * 2**x, lambda x: mp.ln2**2 * 2**x),
    np.expm1: (mp.exp, mp.exp),
    np.log: (lambda x: 1 / x, lambda x: -1 / x**2),
    np.log2: (lambda x: 1 / x / mp.ln2, lambda x: -1 / x**2 / mp.ln2),
    np.log10: (lambda x: 1 / x / mp.ln10, lambda x: -1 / x**2 / mp.ln10),
    np.log1p: (lambda x: 1 / (1 + x), lambda x: -1 / (1 + x) ** 2),
    np.sin: (mp.cos, lambda x: -mp.sin(x)),
    np.cos: (lambda x: -mp.sin(x), lambda x: -mp.cos(x)),
    np.tan: (secant, lambda x: 2 * mp.tan(x) * secant(x)),
    np.arcsin: (lambda x: 1 / inside(x), lambda x: x / inside(x) ** 3),
    np.arccos: (lambda x: -1 / inside(x), lambda x: -x / inside(x) ** 3),
    np.arctan: (lambda x: 1 / circle(x), lambda x: -2 * x / circle(x) ** 2),
    np.sinh: (mp.cosh, mp.sinh),
    np.cosh: (mp.sinh, mp.cosh),
    np.tanh: (
        hyperbolic_secant,
        lambda x: -2 * mp.tanh(x) * hyperbolic_secant(x),
    ),
    np.arcsinh: (lambda x: 1 / above(x), lambda x: -x / above(x) ** 3),
    np.arccosh: (lambda x: 1 / beyond(x), lambda x: -x / beyond(x) ** 3),
    np.arctanh: (
        lambda x: 1 / ((1 - x) * (1 + x)),
        lambda x: 2 * x / ((1 - x) * (1 + x)) ** 2,
    ),
    np.deg2rad: (lambda x: DEGREE, lambda x: 0),
    np.radians: (lambda x: DEGREE, lambda x: 0),
    np.rad2deg: (lambda x: 1 / DEGREE, lambda x: 0),
    np.degrees: (lambda x: 1 / DEGREE, lambda x: 0),
    np.absolute: (mp.sign, lambda x: 0),
    np.fabs: (mp.sign, lambda x: 0),
    np.sinc: (lambda x: sinc(x)[:2], lambda x: sinc(x)[2:]),
    np.i0: (
        lambda x: mp.besseli(1, x),
        lambda x: (mp.besseli(0, x) + mp.besseli(2, x)) / 2,
    ),
}
"""The first and the second derivative."""

BINARY: dict[np.ufunc, tuple[Formula, ...]] = {
    np.multiply: (
        lambda x, y: y,
        lambda x, y: x,
        lambda x, y: 0,
        lambda x, y: 1,
        lambda x, y: 0,
    ),
    np.divide: (
        lambda x, y: 1 / y,
        lambda x, y: -x / y**2,
        lambda x, y: 0,
        lambda x, y: -1 / y**2,
        lambda x, y: 2 * x / y**3,
    ),
    np.power: (
        lambda x, y: y * power(x, y) / x,
        lambda x, y: power(x, y) * mp.log(x),
        lambda x, y: y * (y - 1) * power(x, y) / x / x,
        mixed,
        lambda x, y: power(x, y) * mp.log(x) ** 2,
    ),
    np.hypot: (
        lambda x, y: x / radius(x, y),
        lambda x, y: y / radius(x, y),
        lambda x, y: y * y / radius(x, y) ** 3,
        lambda x, y: -x * y / radius(x, y) ** 3,
        lambda x, y: x * x / radius(x, y) ** 3,
    ),
    np.arctan2: (
        lambda x, y: y / radius(x, y) ** 2,
        lambda x, y: -x / radius(x, y) ** 2,
        lambda x, y: -2 * x * y / radius(x, y) ** 4,
        lambda x, y: (x - y) * (x + y) / radius(x, y) ** 4,
        lambda x, y: 2 * x * y / radius(x, y) ** 4,
    ),
    np.logaddexp: (
        share,
        lambda x, y: share(y, x),
        lambda x, y: share(x, y) * share(y, x),
        lambda x, y: -share(x, y) * share(y, x),
        lambda x, y: share(x, y) * share(y, x),
    ),
    np.logaddexp2: (
        share2,
        lambda x, y: share2(y, x),
        lambda x, y: mp.ln2 * share2(x, y) * share2(y, x),
        lambda x, y: -mp.ln2 * share2(x, y) * share2(y, x),
        lambda x, y: mp.ln2 * share2(x, y) * share2(y, x),
    ),
}
"""The derivatives 1, 2, 11, 12 and 22."""

BINARY[np.float_power] = BINARY[np.power]
