"""Elementwise functions. fgrad sums each cotangent over the broadcast axes.

Where an argument may be a plain list, rules use NumPy's functions on it, not operators.
"""

from typing import Any

import numpy as np

from fgrad._engine.doors import astype
from fgrad._engine.rules import defvjp
from fgrad.primitives.bounds import share

LN2 = np.log(2.0).item()
LN10 = np.log(10.0).item()


# Arithmetic ---------------------------------------------------------------------------

defvjp(np.add, x1=lambda g: g, x2=lambda g: g)
defvjp(np.subtract, x1=lambda g: g, x2=lambda g: -g)
defvjp(np.multiply, x1=lambda g, x2: g * x2, x2=lambda g, x1: g * x1)
defvjp(np.divide, x1=lambda g, x2: g / x2, x2=lambda g, ans, x2: -g * ans / x2)
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


def power_pullback(g: Any, x1: Any, x2: Any, dtype: Any) -> Any:
    """x2 x1**(x2 - 1), which is 0 for x2 = 0, also at x1 = 0."""
    if type(x2) in (int, float) and dtype is None:
        if x2 == 0:
            return np.zeros_like(g)
        return g * (x2 * (x1 if x2 == 2 else x1 ** (x2 - 1)))
    once = np.equal(x1, 0) & np.equal(x2, 0)
    exponent = np.where(once, 1, np.subtract(x2, 1.0))  # 1.0: unsigned 0 - 1 wraps
    return g * (x2 * np.power(x1, exponent, dtype=dtype))


def float_power_pullback(g: Any, x1: Any, x2: Any) -> Any:
    """x2 x1**(x2 - 1), which is 0 for x2 = 0, also at x1 = 0."""
    once = np.equal(x1, 0) & np.equal(x2, 0)
    exponent = np.where(once, 1, np.subtract(x2, 1.0))
    return g * (x2 * np.float_power(x1, exponent))


def exponent_pullback(g: Any, ans: Any, x1: Any, x2: Any) -> Any:
    """x1**x2 log(x1), which is 0 for x1 = 0 unless 0**x2 is infinite."""
    flat = np.equal(x1, 0) & np.greater_equal(np.real(x2), 0)
    return g * ans * np.log(np.where(flat, 1, x1).astype(np.result_type(ans)))


defvjp(np.power, x1=power_pullback, x2=exponent_pullback)
defvjp(np.float_power, x1=float_power_pullback, x2=exponent_pullback)


# Exponentials and logarithms ----------------------------------------------------------

defvjp(np.exp, x=lambda g, ans: g * ans)
defvjp(np.exp2, x=lambda g, ans: g * ans * LN2)
defvjp(np.expm1, x=lambda g, x: g * np.exp(x))  # ans + 1 would cancel for x << 0
defvjp(np.log, x=lambda g, x: g / x)
defvjp(np.log2, x=lambda g, x: g / x / LN2)
defvjp(np.log10, x=lambda g, x: g / x / LN10)
defvjp(np.log1p, x=lambda g, x: g / (1 + x))


def logaddexp_pullback(g: Any, ans: Any, x: Any, other: Any, exp: Any) -> Any:
    """The share of `x` in the sum; at infinity, that of the larger term."""
    return g * np.where(np.isinf(ans), share(ans, x, other), exp(x - ans))


defvjp(
    np.logaddexp,
    x1=lambda g, ans, x1, x2: logaddexp_pullback(g, ans, x1, x2, np.exp),
    x2=lambda g, ans, x1, x2: logaddexp_pullback(g, ans, x2, x1, np.exp),
)
defvjp(
    np.logaddexp2,
    x1=lambda g, ans, x1, x2: logaddexp_pullback(g, ans, x1, x2, np.exp2),
    x2=lambda g, ans, x1, x2: logaddexp_pullback(g, ans, x2, x1, np.exp2),
)

# Trigonometric and hyperbolic functions -----------------------------------------------


def arcsin_pullback(g: Any, ans: Any, x: Any) -> Any:
    """1 / sqrt(1 - x**2): in factors, precise near 1; on the result's own branch."""
    return g / (np.cos(ans) if np.iscomplexobj(ans) else np.sqrt((1 - x) * (1 + x)))


def arccos_pullback(g: Any, ans: Any, x: Any) -> Any:
    """-1 / sqrt(1 - x**2): in factors, precise near 1; on the result's own branch."""
    return -g / (np.sin(ans) if np.iscomplexobj(ans) else np.sqrt((1 - x) * (1 + x)))


defvjp(np.sin, x=lambda g, x: g * np.cos(x))
defvjp(np.cos, x=lambda g, x: g * -np.sin(x))
defvjp(np.tan, x=lambda g, ans: g * (1 + ans * ans))
defvjp(np.arcsin, x=arcsin_pullback)
defvjp(np.arccos, x=arccos_pullback)
defvjp(np.arctan, x=lambda g, x: g / (1 + x * x))
defvjp(np.deg2rad, x=lambda g: np.deg2rad(g))
defvjp(np.radians, x=lambda g: np.deg2rad(g))
defvjp(np.rad2deg, x=lambda g: np.rad2deg(g))
defvjp(np.degrees, x=lambda g: np.rad2deg(g))
defvjp(np.sinh, x=lambda g, x: g * np.cosh(x))
defvjp(np.cosh, x=lambda g, x: g * np.sinh(x))
defvjp(np.tanh, x=lambda g, ans: g * (1 - ans * ans))
defvjp(np.arcsinh, x=lambda g, ans: g / np.cosh(ans))
defvjp(np.arccosh, x=lambda g, ans: g / np.sinh(ans))
defvjp(np.arctanh, x=lambda g, x: g / ((1 - x) * (1 + x)))
