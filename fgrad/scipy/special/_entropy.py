"""Products with logarithms, powers of Box and Cox, and losses of Huber."""

import math
from typing import Any

import numpy as np

import fgrad.scipy._special as sp
from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import constant, defvjp

__all__ = ["exprel_slope", "log_quotient"]


def _quotient(x: Any, y: Any) -> Any:
    """``x / y``, and 0 for 0 / 0."""
    return x / np.where(np.equal(x, 0) & np.equal(y, 0), 1, y)


# Entropy ------------------------------------------------------------------------------

defvjp(
    sp.xlogy,
    x=lambda g, y: g * np.log(y),
    y=lambda g, x, y: g * _quotient(x, y),
)
defvjp(
    sp.xlog1py,
    x=lambda g, y: g * np.log1p(y),
    y=lambda g, x, y: g * _quotient(x, np.add(1, y)),
)
defvjp(sp.entr, x=lambda g, x: -g * (np.log(x) + 1))
defvjp(
    sp.rel_entr,
    x=lambda g, x, y: g * (np.log(np.divide(x, y)) + 1),
    y=lambda g, x, y: -g * _quotient(x, y),
)
defvjp(
    sp.kl_div,
    x=lambda g, x, y: g * np.log(np.divide(x, y)),
    y=lambda g, x, y: g * _quotient(np.subtract(y, x), y),
)

# Quotients that are smooth at 0 -------------------------------------------------------


@primitive
def exprel_slope(n: int, x: Any) -> Any:
    """The n-th derivative of ``(exp(x) - 1) / x``: Kummer's function, DLMF 13.4.1."""
    return sp.hyp1f1(n + 1, n + 2, x) / (n + 1)


@primitive
def log_quotient(n: int, x: Any) -> Any:
    """The n-th derivative of ``log(1 + x) / x``.

    It is hypergeometric, DLMF 15.4.1: by its series near 0, and by a recurrence.
    """
    x = np.asarray(x)
    wide = x.astype(float)
    near = np.abs(wide) < 0.3
    small, large = np.where(near, wide, 0), np.where(near, 1, wide)
    series = sum(
        (-1) ** k * math.perm(k, n) / (k + 1) * small ** (k - n)
        for k in range(n, n + 40)
    )
    with np.errstate(all="ignore"):
        ans = np.log1p(large) / large
        for k in range(1, n + 1):
            derivative = (-1) ** (k - 1) * math.factorial(k - 1) / (1 + large) ** k
            ans = (derivative - k * ans) / large
    return np.where(near, series, ans).astype(np.result_type(x, np.float32))[()]


defvjp(exprel_slope, elementwise=True, x=lambda g, n, x: g * exprel_slope(n + 1, x))
defvjp(log_quotient, elementwise=True, x=lambda g, n, x: g * log_quotient(n + 1, x))
defvjp(sp.exprel, x=lambda g, x: g * exprel_slope(1, x))


def spence_pullback(g: Any, z: Any) -> Any:
    """log(z) / (1 - z), DLMF 25.12.2; smooth at 1."""
    if np.iscomplexobj(z):
        return g * np.log(z) / (1 - z)
    return -g * log_quotient(0, np.subtract(z, 1))


defvjp(sp.spence, z=spence_pullback)

# Powers -------------------------------------------------------------------------------


def _boxcox_lmbda(g: Any, log: Any, lmbda: Any) -> Any:
    """(x**lmbda - 1) / lmbda is log(x) exprel(lmbda log(x))."""
    return g * log * log * exprel_slope(1, lmbda * log)


def _inv_boxcox_lmbda(g: Any, ans: Any, y: Any, lmbda: Any) -> Any:
    """The logarithm of the result is y log(1 + lmbda y) / (lmbda y)."""
    return g * ans * np.square(y) * log_quotient(1, np.multiply(lmbda, y))


defvjp(
    sp.boxcox,
    x=lambda g, x, lmbda: g * np.power(x, np.subtract(lmbda, 1.0)),
    lmbda=lambda g, x, lmbda: _boxcox_lmbda(g, np.log(x), lmbda),
)
defvjp(
    sp.boxcox1p,
    x=lambda g, x, lmbda: g * np.exp(np.subtract(lmbda, 1.0) * np.log1p(x)),
    lmbda=lambda g, x, lmbda: _boxcox_lmbda(g, np.log1p(x), lmbda),
)
defvjp(
    sp.inv_boxcox,
    y=lambda g, ans, y, lmbda: g * ans / (1 + np.multiply(lmbda, y)),
    lmbda=lambda g, ans, y, lmbda: _inv_boxcox_lmbda(g, ans, y, lmbda),
)
defvjp(
    sp.inv_boxcox1p,
    y=lambda g, ans, y, lmbda: g * (ans + 1) / (1 + np.multiply(lmbda, y)),
    lmbda=lambda g, ans, y, lmbda: _inv_boxcox_lmbda(g, ans + 1, y, lmbda),
)
defvjp(
    sp.powm1,
    x=lambda g, x, y: g * y * np.power(x, np.subtract(y, 1.0)),
    y=lambda g, x, y: g * np.power(x, y) * np.log(x),
)

# Losses -------------------------------------------------------------------------------


def _root(delta: Any, r: Any) -> tuple[Any, Any]:
    """``s = sqrt(1 + (r / delta)**2)``, and ``s - 1`` without cancellation."""
    u = np.divide(r, delta)
    s = np.sqrt(1 + u * u)
    return s, u * u / (1 + s)


def pseudo_huber_pullback(g: Any, delta: Any, r: Any) -> Any:
    """2 delta (s - 1) - r**2 / (delta s), as one product."""
    s, less = _root(delta, r)
    return g * delta * less * less / s


defvjp(
    sp.huber,
    delta=lambda g, delta, r: g * np.maximum(np.abs(r) - delta, 0),
    r=lambda g, delta, r: g * np.minimum(np.abs(r), delta) * np.sign(r),
)
defvjp(
    sp.pseudo_huber,
    delta=pseudo_huber_pullback,
    r=lambda g, delta, r: g * r / _root(delta, r)[0],
)

# Elementary functions that NumPy does not have, or SciPy has, too ---------------------

DEGREE = math.pi / 180

defvjp(sp.cbrt, x=lambda g, ans: g / (3 * ans * ans))
defvjp(sp.exp2, x=lambda g, ans: g * ans * math.log(2))
defvjp(sp.exp10, x=lambda g, ans: g * ans * math.log(10))
defvjp(sp.expm1, x=lambda g, x: g * np.exp(x))
defvjp(sp.log1p, x=lambda g, x: g / (1 + x))
defvjp(sp.cosm1, x=lambda g, x: -g * np.sin(x))
defvjp(sp.sindg, x=lambda g, x: g * DEGREE * sp.cosdg(x))
defvjp(sp.cosdg, x=lambda g, x: -g * DEGREE * sp.sindg(x))
defvjp(sp.tandg, x=lambda g, ans: g * DEGREE * (1 + ans * ans))
defvjp(sp.cotdg, x=lambda g, ans: -g * DEGREE * (1 + ans * ans))
defvjp(
    sp.radian,
    d=lambda g: g * DEGREE,
    m=lambda g: g * (DEGREE / 60),
    s=lambda g: g * (DEGREE / 3600),
)
constant(sp.round)
