"""`i0` and `sinc`, with precise derivatives of all orders.

`i0` is made of a hypergeometric function, whose derivative is 0F1(b + 1, z) / b:

    0F1(b, z) = 1 + z / b + z**2 / (2! b (b + 1)) + ...,    i0(x) = 0F1(1, x**2 / 4).

Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 9.6.47.
"""

import math
from typing import Any

import numpy as np

from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp

__all__ = ["hypergeometric", "sinc_derivative"]


# The modified Bessel function ---------------------------------------------------------


def terms(b: int, r: float, precision: float) -> int:
    """How many terms the series needs at `r`."""
    term = total = 1.0
    count = 0
    while term > precision * total:
        term *= r / ((b + count) * (count + 1))
        total += term
        count += 1
        if total > 1e200:  # only their ratio matters
            term, total = term / total, 1.0
    return count


@primitive
def hypergeometric(b: int, x: Any) -> Any:
    """0F1(b, x**2 / 4): the series, as far as the largest argument needs it.

    An argument whose result overflows needs no more terms than the last one before.
    """
    x = np.asarray(x)
    half = x.astype(np.result_type(x, np.float64)) / 2
    info = np.finfo(half.dtype)
    overflow = (float(np.log(info.max)) + 16 + 8 * b) / 2
    size = np.abs(half)
    reach = min(float(np.max(size, initial=0, where=np.isfinite(size))), overflow)
    ans, one = np.ones_like(half), half.dtype.type(1)
    for k in reversed(range(terms(b, reach * reach, float(info.eps) / 20))):
        ans *= half  # twice: an error of the square would be one of all terms
        ans *= half
        ans *= one / ((b + k) * (k + 1))
        ans += 1
    return ans.astype(x.dtype)[()]


defvjp(
    hypergeometric,
    elementwise=True,
    x=lambda g, b, x: g * x / (2 * b) * hypergeometric(b + 1, x),
)
defvjp(
    np.i0,
    elementwise=True,
    x=lambda g, x: g * x / 2 * hypergeometric(2, x),
)


# The sine, divided by its argument ----------------------------------------------------


def sine_and_cosine(x: Any, pi: Any) -> tuple[Any, Any]:
    """sin(pi x) and cos(pi x), exact where x is a multiple of 1/2, also a large one."""
    whole = np.fmod(x.real, 2)
    nearest = np.rint(whole)
    rest = whole - nearest
    turned = 0.5 - np.abs(rest)
    if np.iscomplexobj(x):
        turned = turned - np.where(rest < 0, -1j, 1j) * x.imag
        rest = rest + 1j * x.imag
    sign = np.where(np.abs(nearest) == 1, -1.0, 1.0)
    return sign * np.sin(pi * rest), sign * np.sin(pi * turned)


def sinc_outside(n: int, x: Any, pi: Any) -> Any:
    """By ``x f = sin(pi x) / pi``, differentiated again and again.

    Each derivative follows from the one before; far from 0, no digits are lost.
    """
    parts = sine_and_cosine(x, pi)
    ans = parts[0] / (pi * x)
    for k in range(1, n + 1):
        sign = -1 if k % 4 >= 2 else 1
        ans = (sign * pi ** (k - 1) * parts[k % 2] - k * ans) / x
    return ans


def sinc_inside(n: int, x: Any, pi: Any, reach: float) -> Any:
    """By the Taylor series sum over k of (-1)**k (pi x)**(2k) / (2k + 1)!."""
    k = (n + 1) // 2
    coefficients: list[Any] = []
    least = np.finfo(x.dtype).eps / 20
    while True:
        c = (-1) ** k * pi ** (2 * k) / ((2 * k + 1) * math.factorial(2 * k - n))
        coefficients.append(c)
        size = abs(c) * reach ** (2 * k - n)
        if 2 * k - n > 4 * reach and size < least * abs(coefficients[0]):
            break
        k += 1
    ans, square = np.zeros_like(x), x * x
    for c in reversed(coefficients):
        ans *= square
        ans += c
    return ans * x if n % 2 else ans


@primitive
def sinc_derivative(n: int, x: Any) -> Any:
    """The n-th derivative of `np.sinc`."""
    x = np.asarray(x)
    wide = x.astype(np.result_type(x, np.float64))
    pi = np.arctan2(0, -np.ones((), wide.real.dtype))
    reach = max(0.6, n / 4)
    far = np.abs(wide) > reach
    if np.all(far):
        return sinc_outside(n, wide, pi).astype(x.dtype)[()]
    out = np.empty_like(wide)
    out[far] = sinc_outside(n, wide[far], pi)
    out[~far] = sinc_inside(n, wide[~far], pi, reach)
    return out.astype(x.dtype)[()]


defvjp(
    sinc_derivative,
    elementwise=True,
    x=lambda g, n, x: g * sinc_derivative(n + 1, x),
)
defvjp(np.sinc, elementwise=True, x=lambda g, x: g * sinc_derivative(1, x))
