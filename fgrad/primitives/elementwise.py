"""Elementwise functions. fgrad sums each cotangent over the broadcast axes.

Where an argument may be a plain list, rules use NumPy's functions on it, not operators.
"""

from functools import partial
from typing import Any

import numpy as np

from fgrad._engine.box import values
from fgrad._engine.doors import astype
from fgrad._engine.rules import defvjp
from fgrad.primitives.slopes import (
    above,
    beyond,
    inside,
    inverse_circle,
    inverse_complement,
    log_of,
    secant_squared,
    weight,
)

# Arithmetic ---------------------------------------------------------------------------

defvjp(np.add, x1=lambda g: g, x2=lambda g: g)
defvjp(np.subtract, x1=lambda g: g, x2=lambda g: -g)
defvjp(np.multiply, x1=lambda g, x2: g * x2, x2=lambda g, x1: g * x1)
defvjp(
    np.divide,
    proportional="x1",
    x1=lambda g, x2: g / x2,
    x2=lambda g, ans, x2: -g * ans / x2,
)
defvjp(np.positive, x=lambda g: g)
defvjp(np.negative, x=lambda g: -g)
defvjp(np.reciprocal, x=lambda g, ans: -g * ans * ans)
defvjp(np.square, x=lambda g, x: g * (2 * x))
defvjp(np.sqrt, x=lambda g, ans: g / (2 * ans))
defvjp(np.cbrt, x=lambda g, ans: g / (3 * ans * ans))
defvjp(astype, neutral=("dtype",), x=lambda g: g)

# Division with remainder: the quotient is constant almost everywhere.
defvjp(
    np.remainder,
    x1=lambda g: g,
    x2=lambda g, x1, x2: -g * np.floor_divide(x1, x2),
)
defvjp(
    np.fmod,
    x1=lambda g: g,
    x2=lambda g, ans, x1, x2: -g * np.rint((x1 - ans) / x2),
)
defvjp(np.modf, x=lambda g: g[0])
defvjp(np.frexp, x=lambda g, ans: np.ldexp(g[0], -ans[1]))
defvjp(np.ldexp, x1=lambda g, x2: np.ldexp(g, x2))


# Powers -------------------------------------------------------------------------------


def power_slope(x1: Any, x2: Any, power: Any) -> Any:
    """x2 x1**(x2 - 1), or x2 x1**x2 / x1 where ``x2 - 1`` would be rounded.

    For x2 = 0, it is 0, also where x1 is 0, or too small to be divided by.
    """
    lower = np.subtract(x2, 1.0)  # 1.0: unsigned 0 - 1 wraps
    size = np.real(x2)
    divided = np.less(size, 0.5)
    huge = np.greater(size, 1 / np.finfo(lower.dtype).eps)
    if np.any(values(huge)):  # 0 for small x1 either way, and they may not divide
        divided = divided | (huge & np.greater(np.abs(x1), 0.5))
    if not np.any(values(divided)):
        return x2 * power(x1, lower)
    whole, flat = divided, np.equal(x2, 0)
    if np.any(values(np.equal(x1, 0))) or np.any(values(flat)):
        least = 1 / np.finfo(np.result_type(lower, np.float32)).max
        divided = divided & np.greater(np.abs(x1), np.where(flat, least, 0))
        whole = divided | flat
    ans = x2 * power(x1, np.where(whole, x2, lower))
    return ans / np.where(divided, x1, 1)


def power_pullback(g: Any, x1: Any, x2: Any, dtype: Any) -> Any:
    """x2 x1**(x2 - 1), which is 0 for x2 = 0, also at x1 = 0."""
    if type(x2) in (int, float) and dtype is None:
        if x2 == 0:
            return None  # the power is 1, also of nan
        if abs(x2) < 1000 and x2 - 1 + 1 == x2:  # x2 - 1 is not rounded
            return g * (x2 * (x1 if x2 == 2 else x1 ** (x2 - 1)))
    return g * power_slope(x1, x2, partial(np.power, dtype=dtype))


def float_power_pullback(g: Any, x1: Any, x2: Any) -> Any:
    """x2 x1**(x2 - 1), which is 0 for x2 = 0, also at x1 = 0."""
    return g * power_slope(x1, x2, np.float_power)


def exponent_pullback(g: Any, ans: Any, x1: Any, x2: Any) -> Any:
    """x1**x2 log(x1), which is 0 for x1 = 0 unless 0**x2 is infinite."""
    flat = np.equal(x1, 0) & np.greater_equal(np.real(x2), 0)
    return g * ans * np.log(np.where(flat, 1, x1).astype(np.result_type(ans)))


defvjp(np.power, x1=power_pullback, x2=exponent_pullback)
defvjp(np.float_power, x1=float_power_pullback, x2=exponent_pullback)


# Exponentials and logarithms ----------------------------------------------------------


def exp2_pullback(g: Any, ans: Any, x: Any) -> Any:
    """2**x log(2), which is finite for a while after 2**x has overflowed."""
    if np.all(np.isfinite(values(ans))):
        return g * ans * log_of(2, g)
    over = np.isinf(ans)
    return g * (
        np.exp2(np.where(over, x - 1, x)) * (log_of(2, g) * np.where(over, 2, 1))
    )


def logarithm_pullback(g: Any, x: Any, base: int) -> Any:
    """1 / (x log(base)): the smallest x, times log(base), would lose digits."""
    return g * (1 / log_of(base, g)) / x


defvjp(np.exp, x=lambda g, ans: g * ans)
defvjp(np.exp2, x=exp2_pullback)
defvjp(np.expm1, x=lambda g, x: g * np.exp(x))  # ans + 1 would cancel for x << 0
defvjp(np.log, x=lambda g, x: g / x)
defvjp(np.log2, x=lambda g, x: logarithm_pullback(g, x, 2))
defvjp(np.log10, x=lambda g, x: logarithm_pullback(g, x, 10))
defvjp(np.log1p, x=lambda g, x: g / (1 + x))
for fun, exp in ((np.logaddexp, np.exp), (np.logaddexp2, np.exp2)):
    defvjp(
        fun,
        x1=lambda g, x1, x2, exp=exp: g * weight(x1, x2, exp),
        x2=lambda g, x1, x2, exp=exp: g * weight(x2, x1, exp),
    )

# Trigonometric and hyperbolic functions -----------------------------------------------


def on_branch(g: Any, x: Any) -> Any:
    """`x`, as a complex number if the result is one: ``arcsin(-3, dtype=complex)``."""
    return x + 0j if np.iscomplexobj(g) and not np.iscomplexobj(x) else x


def tan_pullback(g: Any, ans: Any, x: Any) -> Any:
    """1 + tan(x)**2; of complex numbers 1 / cos(x)**2, for the sum would cancel."""
    return g * (1 + ans * ans if x is None else secant_squared(x + 0j))


def tanh_pullback(g: Any, ans: Any, x: Any) -> Any:
    """1 - tanh(x)**2; of complex numbers 1 / cosh(x)**2, as far as that is precise."""
    return g * (1 - ans * ans if x is None else secant_squared(1j * x))


defvjp(np.sin, x=lambda g, x: g * np.cos(x))
defvjp(np.cos, x=lambda g, x: g * -np.sin(x))
defvjp(np.tan, complex_only=("x",), x=tan_pullback)
defvjp(np.arcsin, x=lambda g, x: g / inside(on_branch(g, x)))
defvjp(np.arccos, x=lambda g, x: -g / inside(on_branch(g, x)))
defvjp(np.arctan, x=lambda g, x: g * inverse_circle(x))
defvjp(np.deg2rad, x=lambda g: np.deg2rad(g))
defvjp(np.radians, x=lambda g: np.deg2rad(g))
defvjp(np.rad2deg, x=lambda g: np.rad2deg(g))
defvjp(np.degrees, x=lambda g: np.rad2deg(g))
defvjp(np.sinh, x=lambda g, x: g * np.cosh(x))
defvjp(np.cosh, x=lambda g, x: g * np.sinh(x))
defvjp(np.tanh, complex_only=("x",), x=tanh_pullback)
defvjp(np.arcsinh, x=lambda g, x: g / above(x))
defvjp(np.arccosh, x=lambda g, x: g / beyond(on_branch(g, x)))
defvjp(np.arctanh, x=lambda g, x: g * inverse_complement(x))
