"""Local derivatives that a formula on the spot would cancel, overflow or lose.

Written out, the derivative of ``1 - x * x`` or of ``x / np.hypot(x, y)`` is the small
difference of large terms. Here each such step is one operation, whose own derivative is
a product, so that derivatives of all orders are precise to the last digits.
"""

import math
from typing import Any

import numpy as np

from fgrad._engine.box import primal, values
from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp, rule_of
from fgrad.primitives._matrices import conjugate

__all__ = [
    "above",
    "beyond",
    "cosine",
    "direction",
    "heading",
    "inside",
    "inverse_circle",
    "inverse_complement",
    "inverted",
    "log_of",
    "nonzero",
    "over_length",
    "secant_squared",
    "signs",
    "unit",
    "unit_size",
    "weight",
]


def smallest(x: Any) -> Any:
    """The smallest number of an array, or 1; nan if there is one."""
    return x.min(initial=1) if x.ndim else x


def largest(x: Any) -> Any:
    """The largest number of an array, or 1; nan if there is one."""
    return x.max(initial=1) if x.ndim else x


# Around 1 - x**2 and 1 + x**2 ---------------------------------------------------------


@primitive
def inside(x: Any) -> Any:
    """``sqrt(1 - x**2)``: complex, with cuts beyond 1 and -1, and on their sides."""
    x = np.asarray(x)
    if np.iscomplexobj(x):
        return np.sqrt(-(x - 1.0)) * np.sqrt(x - -1.0)  # signs of zeros survive
    return np.sqrt((1 - x) * (1 + x))


@primitive
def beyond(x: Any) -> Any:
    """``sqrt(x**2 - 1)``: complex, with a cut to the left of 1, and on its sides."""
    x = np.asarray(x)
    if not np.iscomplexobj(x):
        ans = np.sqrt((x - 1) * (x + 1))
        return ans if largest(ans) < np.inf else np.where(ans == np.inf, x, ans)
    return np.sqrt(x - 1.0) * np.sqrt(x - -1.0)  # signs of zeros survive


@primitive
def above(x: Any) -> Any:
    """``sqrt(1 + x**2)``: complex, with cuts beyond i and -i, and on their sides."""
    x = np.asarray(x)
    if not np.iscomplexobj(x):
        ans = np.sqrt(1 + x * x)
        return ans if largest(ans) < np.inf else np.where(ans == np.inf, abs(x), ans)
    turned = np.empty_like(x)  # 1j * x would lose the signs of zeros
    turned.real, turned.imag = -x.imag, x.real
    return np.sqrt(-(turned - 1.0)) * np.sqrt(turned - -1.0)


@primitive
def inverse_complement(x: Any) -> Any:
    """``1 / (1 - x**2)``."""
    x = np.asarray(x)
    return 1 / (1 - x) / (1 + x) if np.iscomplexobj(x) else 1 / ((1 - x) * (1 + x))


@primitive
def inverse_circle(x: Any) -> Any:
    """``1 / (1 + x**2)``."""
    x = np.asarray(x)
    if np.iscomplexobj(x):
        return 1 / (1 - 1j * x) / (1 + 1j * x)
    ans = 1 / (1 + x * x)
    if smallest(ans) > 0:
        return ans
    return np.where(ans == 0, 1 / x / x, ans)  # where the square overflows


@primitive
def secant_squared(x: Any) -> Any:
    """``1 / cos(x)**2`` of complex numbers."""
    x = np.asarray(x)
    far = 0.99 * float(np.log(np.finfo(x.dtype).max))  # the cosine is finite there
    if not (largest(x.imag) < far and smallest(x.imag) > -far):
        x = x.real + 1j * np.clip(x.imag, -far, far)
    c = 1 / np.cos(x)
    return c * c


defvjp(inside, elementwise=True, x=lambda g, ans, x: -g * x / ans)
defvjp(beyond, elementwise=True, x=lambda g, ans, x: g * x / ans)
defvjp(above, elementwise=True, x=lambda g, ans, x: g * x / ans)
defvjp(
    inverse_complement, elementwise=True, x=lambda g, ans, x: g * (x * ans * 2) * ans
)
defvjp(inverse_circle, elementwise=True, x=lambda g, ans, x: g * (x * ans * -2) * ans)
defvjp(secant_squared, elementwise=True, x=lambda g, ans, x: g * ans * (2 * np.tan(x)))


# Shares of a sum of exponentials ------------------------------------------------------


@primitive
def weight(x1: Any, x2: Any, exp: Any) -> Any:
    """``exp(x1) / (exp(x1) + exp(x2))``, for ``np.exp`` or ``np.exp2``."""
    distance = np.subtract(x2, x1)
    ans = 1 / (1 + exp(distance))
    if smallest(ans) > 0:
        return ans
    ans = np.where(ans == 0, exp(-distance), ans)  # where the denominator overflows
    return np.where(np.isnan(ans) & np.equal(x1, x2), 0.5, ans)  # the same infinity


LOGS = {2: math.log(2), 10: math.log(10)}


def log_of(base: int, g: Any) -> Any:
    """The logarithm of a number: a Python float, unless that has too few digits."""
    return LOGS[base] if g.dtype.char not in "gG" else np.log(np.longdouble(base))


def weight_pullback(g: Any, ans: Any, x1: Any, x2: Any, exp: Any) -> Any:
    """The product of both shares, times the logarithm of the base; at infinity, 0."""
    c = g * np.where(np.isinf(x1), 0, ans) * weight(x2, x1, exp)
    return c if exp is np.exp else c * log_of(2, ans)


defvjp(
    weight,
    elementwise=True,
    x1=weight_pullback,
    x2=lambda g, ans, x1, x2, exp: -weight_pullback(g, ans, x1, x2, exp),
)


# Sides of a right triangle ------------------------------------------------------------


def nonzero(x: Any) -> Any:
    """`x` with inf in place of 0: what is divided by it is 0 there, in all orders."""
    return np.where(np.equal(x, 0), np.inf, x)


def ordinary(r: Any) -> bool:
    """Whether all lengths are normal numbers, so that one may divide by them."""
    return bool(smallest(r) >= np.finfo(r.dtype).tiny and largest(r) < np.inf)


def scaled(x: Any, exponent: Any) -> Any:
    """``x * 2**exponent``."""
    if np.iscomplexobj(x):
        return scaled(x.real, exponent) + 1j * scaled(x.imag, exponent)
    return np.ldexp(x, exponent)


def small_triangle(x1: Any, x2: Any, dtype: Any) -> tuple[Any, Any, Any]:
    """Side and length of a similar triangle between 1/2 and 2, and its exponent."""
    x1, x2 = np.broadcast_arrays(np.asarray(x1, dtype), np.asarray(x2, dtype))
    exponent = -np.frexp(np.maximum(np.abs(x1), np.abs(x2)))[1]
    x1, x2 = scaled(x1, exponent), scaled(x2, exponent)
    return x1, nonzero(np.hypot(x1, x2)), exponent


@primitive
def cosine(x1: Any, x2: Any, r: Any) -> Any:
    """``x1 / r`` for ``r = np.hypot(x1, x2)``, and 0 at the origin.

    The length `r` is given to save time: it is no argument of its own, and may not be
    traced.
    """
    if ordinary(r):
        return np.divide(x1, r)
    x1, r, _ = small_triangle(x1, x2, r.dtype)
    return x1 / r


def both_sides(x1: Any, x2: Any) -> Any:
    """The cosine, the sine, and the length; at the origin, 0 / 0 says nan."""
    r = np.hypot(x1, x2)
    length = primal(r)
    return cosine(x1, x2, length), cosine(x2, x1, length), r


def along_pullback(g: Any, x1: Any, x2: Any) -> Any:
    """The derivative of the cosine by its own side: sine**2 / r."""
    _, sine, r = both_sides(x1, x2)
    return g * (sine / r) * sine


def across_pullback(g: Any, x1: Any, x2: Any) -> Any:
    """The derivative of the cosine by the other side: -cosine sine / r."""
    cos, sine, r = both_sides(x1, x2)
    return -g * (cos * sine / r)


rule_of(cosine).name = "the derivative of np.hypot"
defvjp(cosine, elementwise=True, x1=along_pullback, x2=across_pullback)


@primitive
def inverted(x1: Any, x2: Any) -> Any:
    """``x1 / (x1**2 + x2**2)``, and 0 at the origin."""
    r = np.hypot(x1, x2)
    if ordinary(r):
        return x1 / r / r
    x1, r, exponent = small_triangle(x1, x2, r.dtype)
    return scaled(x1 / r / r, exponent)


def inverted_along_pullback(g: Any, x1: Any, x2: Any) -> Any:
    """(x2**2 - x1**2) / r**4, in factors; halves do not overflow."""
    r = nonzero(np.hypot(x1, x2))
    x1, x2 = x1 / 2, x2 / 2
    return g * (4 * ((x2 - x1) / r) * ((x2 + x1) / r)) / r / r


def inverted_across_pullback(g: Any, x1: Any, x2: Any) -> Any:
    """-2 x1 x2 / r**4."""
    cos, sine, r = both_sides(x1, x2)
    r = nonzero(r)
    return g * (-2 * cos * sine) / r / r


rule_of(inverted).name = "the derivative of np.arctan2"
defvjp(
    inverted,
    elementwise=True,
    x1=inverted_along_pullback,
    x2=inverted_across_pullback,
)


# Directions of complex numbers --------------------------------------------------------


@primitive
def unit(x: Any, r: Any) -> Any:
    """``x / r`` for a complex number and its absolute value; 0 at 0.

    As of `cosine`, `r` is given to save time.
    """
    if ordinary(r):
        return x / r
    x = scaled(x, -np.frexp(np.maximum(np.abs(x.real), np.abs(x.imag)))[1])
    return x / nonzero(np.abs(x))


@primitive
def direction(x: Any, *, dtype: Any = None, where: Any = True) -> Any:
    """The sign of a complex number, ``x / |x|``."""
    return np.sign(x, dtype=dtype, where=where)


def direction_pullback(g: Any, ans: Any, x: Any) -> Any:
    """Only turning `x` turns its direction: i Im(g s) conj(s) / |x| for s = x / |x|."""
    return turned(g, ans) / nonzero(np.absolute(x))


def unit_pullback(g: Any, ans: Any, x: Any) -> Any:
    """The same; at 0, where a modulus has a kink, 0 / 0 says nan."""
    return turned(g, ans) / np.absolute(x)


def turned(g: Any, s: Any) -> Any:
    """What is left of a cotangent along the circle: i Im(g s) conj(s)."""
    return 1j * np.imag(g * s) * np.conjugate(s)


defvjp(direction, elementwise=True, x=direction_pullback)
rule_of(unit).name = "the derivative of np.absolute"
defvjp(unit, elementwise=True, x=unit_pullback)


@primitive
def signs(x: Any, *, dtype: Any = None, where: Any = True) -> Any:
    """The signs of real numbers, whose zeros just happen: 0 times inf is nan."""
    return np.sign(x, dtype=dtype, where=where)


defvjp(signs, elementwise=True, x=lambda g: np.zeros_like(g))


# Directions of vectors ---------------------------------------------------------------


def unit_size(x: Any, length: Any, axis: Any, where: Any = True) -> Any:
    """What to divide x by where the squares in its length do not fit, or ``None``.

    NumPy's length is inf or 0 there, or has lost digits. The derivative of a length
    is the same for a multiple of x.
    """
    size = primal(length)
    limits = np.finfo(size.dtype)
    wrong = (size < np.sqrt(limits.tiny) / limits.eps) | (size == np.inf)
    if not np.any(values(wrong)):
        return None
    top = np.abs(primal(x))
    top = np.max(top, axis=axis, keepdims=True, initial=0, where=primal(where))
    wrong = wrong & (top > 0) & (top < np.inf)
    return np.where(wrong, top, 1) if np.any(values(wrong)) else None


@primitive
def heading(x: Any, length: Any, axes: tuple[int, ...]) -> Any:
    """``conj(x) / length`` for vectors along axes, which are negative; 0 at length 0.

    As of `cosine`, the length is given to save time.
    """
    zero = np.equal(length, 0)
    if not np.any(zero):
        return conjugate(x) / length
    return np.where(zero, 0 * x, conjugate(x) / np.where(zero, 1, length))


def heading_pullback(g: Any, x: Any, axes: tuple[int, ...]) -> Any:
    """What is across the direction u, ``conj(g) - u Re(u g)``, divided by the length.

    It is taken twice: of a cotangent along u, the first difference has cancelled. At
    length 0, where a length has a kink, 0 / 0 says nan.
    """
    sums = {"axis": axes, "keepdims": True}
    length = np.sqrt(np.sum(np.real(conjugate(x) * x), **sums))
    u = conjugate(x) / length
    across = conjugate(g) - u * np.sum(np.real(g * u), **sums)
    across = across - u * np.sum(np.real(conjugate(u) * across), **sums)
    return across / length


rule_of(heading).name = "the derivative of a norm or a standard deviation"
defvjp(heading, x=heading_pullback)


@primitive
def over_length(x: Any, length: Any) -> Any:
    """``x / length``, and 0 where the length is 0 and x is finite."""
    zero = np.equal(length, 0)
    return np.where(zero, 0 * x, x / np.where(zero, 1, length))


rule_of(over_length).name = "the derivative of np.linalg.norm"

# At length 0 the second derivative is not finite, and 0 / 0 says so.
defvjp(
    over_length,
    elementwise=True,
    x=lambda g, length: g / length,
    length=lambda g, ans, length: -g * (ans / length),
)
