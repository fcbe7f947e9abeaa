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
    ans = np.ones_like(half)
    for k in reversed(range(terms(b, reach * reach, float(info.eps) / 20))):
        ans *= half  # twice: an error of the square would be one of all terms
        ans *= half
        ans *= 1 / ((b + k) * (k + 1))
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


def sine_and_cosine(x: Any) -> tuple[Any, Any]:
    """sin(pi x) and cos(pi x), exact where x is a multiple of 1/2, also a large one."""
    whole = np.fmod(x.real, 2)
    quarter = np.rint(2 * whole)
    rest = whole - quarter / 2
    if np.iscomplexobj(x):
        rest = rest + 1j * x.imag
    pi = np.arctan2(0, -np.ones((), x.real.dtype))
    sine, cosine = np.sin(pi * rest), np.cos(pi * rest)
    odd = quarter % 2 == 1
    sine, cosine = np.where(odd, cosine, sine), np.where(odd, sine, cosine)
    sign = np.where(quarter % 4 >= 2, -1, 1)
    other = np.where((quarter % 4 == 1) | (quarter % 4 == 2), -1, 1)
    return sign * sine, other * cosine


def sinc_outside(n: int, x: Any) -> Any:
    """By ``x f = sin(pi x) / pi``, differentiated again and again.

    Each derivative follows from the one before; far from 0, no digits are lost.
    """
    pi = np.arctan2(0, -np.ones((), x.real.dtype))
    sine, cosine = sine_and_cosine(x)
    cycle = (sine, cosine, -sine, -cosine)
    ans = sine / pi / x
    for k in range(1, n + 1):
        ans = (pi ** (k - 1) * cycle[k % 4] - k * ans) / x
    return ans


def sinc_inside(n: int, x: Any, reach: float) -> Any:
    """By the Taylor series sum over k of (-1)**k (pi x)**(2k) / (2k + 1)!."""
    pi = np.arctan2(0, -np.ones((), x.real.dtype))
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
    ans = np.zeros_like(x)
    for c in reversed(coefficients):
        ans = ans * x * x + c
    return ans * x if n % 2 else ans


@primitive
def sinc_derivative(n: int, x: Any) -> Any:
    """The n-th derivative of `np.sinc`."""
    x = np.asarray(x)
    wide = x.astype(np.result_type(x, np.float64))
    reach = max(0.6, n / 4)
    out, far = np.empty_like(wide), np.abs(wide) > reach
    out[far] = sinc_outside(n, wide[far])
    out[~far] = sinc_inside(n, wide[~far], reach)
    return out.astype(x.dtype)[()]


defvjp(
    sinc_derivative,
    elementwise=True,
    x=lambda g, n, x: g * sinc_derivative(n + 1, x),
)
defvjp(np.sinc, elementwise=True, x=lambda g, x: g * sinc_derivative(1, x))
