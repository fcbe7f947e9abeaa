"""Functions that are integrals: the derivative is what is integrated."""

import math
from typing import Any

import numpy as np

import fgrad.scipy._special as sp
from fgrad._engine.rules import defvjp
from fgrad.scipy.special._words import COUNT, KNOWN, of_results

__all__: list[str] = []


def expn_pullback(g: Any, n: Any, x: Any) -> Any:
    """-E(n - 1, x), DLMF 8.19.13; SciPy has no E(-1)."""
    lower = sp.expn(np.maximum(np.subtract(n, 1), 0), x)
    return g * np.where(np.equal(n, 0), -np.exp(-x) * (1 + x) / x / x, -lower)


def shichi_pullback(g: Any, x: Any) -> Any:
    """sinh(x) / x and cosh(x) / x, DLMF 6.2.15 and 6.2.16."""
    zero = np.equal(x, 0)
    safe = np.where(zero, 1, x)
    quotient = np.where(zero, 1 + np.square(x) / 6, np.sinh(safe) / safe)
    return g[0] * quotient + g[1] * (np.cosh(x) / x)


def _half_turn(z: Any) -> Any:
    return np.square(z) * (math.pi / 2)


defvjp(sp.expi, x=lambda g, x: g * np.exp(x) / x)  # DLMF 6.2.5
defvjp(sp.exp1, z=lambda g, z: -g * np.exp(-z) / z)  # DLMF 6.2.1
defvjp(sp.expn, lacks={"n": COUNT}, x=expn_pullback)
defvjp(
    sp.sici,  # DLMF 6.2.9 and 6.2.11
    x=lambda g, x: g[0] * np.sinc(x / math.pi) + g[1] * (np.cos(x) / x),
)
defvjp(sp.shichi, x=shichi_pullback)
defvjp(
    sp.fresnel,  # DLMF 7.2.7 and 7.2.8
    z=lambda g, z: g[0] * np.sin(_half_turn(z)) + g[1] * np.cos(_half_turn(z)),
)
for _fun in (sp.modfresnelm, sp.modfresnelp):
    defvjp(_fun, lacks={"x": KNOWN})

# Integrals of Bessel, Airy and Struve functions ---------------------------------------


def less_one(sign: int, x: Any) -> Any:
    """``(i0(x) - 1) / x`` or, for the sign -1, ``(1 - j0(x)) / x``."""
    small = np.abs(x) < 1
    inner = np.where(small, x, 0)
    square = sign * inner * inner / 4
    series = 0.0
    for k in range(9, 0, -1):
        series = (1 + series * square) / k**2  # DLMF 10.25.2
    safe = np.where(small, 1, x)
    outer = (sp.i0(safe) - 1) / safe if sign > 0 else (1 - sp.j0(safe)) / safe
    return np.where(small, inner / 4 * series, outer)


defvjp(sp.itj0y0, x=lambda g, ans, x: of_results(g, ans, sp.j0(x), sp.y0(x)))
defvjp(sp.iti0k0, x=lambda g, ans, x: of_results(g, ans, sp.i0(x), sp.k0(x)))
defvjp(
    sp.it2j0y0,
    x=lambda g, ans, x: of_results(g, ans, less_one(-1, x), -sp.y0(x) / x),
)
defvjp(
    sp.it2i0k0,
    x=lambda g, ans, x: of_results(g, ans, less_one(1, x), -sp.k0(x) / x),
)
defvjp(sp.itstruve0, x=lambda g, x: g * sp.struve(0, x))
defvjp(sp.itmodstruve0, x=lambda g, x: g * sp.modstruve(0, x))


def it2struve0_pullback(g: Any, x: Any) -> Any:
    """What is integrated; it is even, so that it is flat at 0."""
    zero = np.equal(x, 0)
    ratio = sp.struve(0, x) / np.where(zero, 1.0, x)
    return -g * np.where(zero, 2 / np.pi, ratio)


defvjp(sp.it2struve0, x=it2struve0_pullback)


def itairy_pullback(g: Any, x: Any) -> Any:
    """The Airy functions, and those of the negative argument."""
    right, left = sp.airy(x), sp.airy(-x)
    return g[0] * right[0] + g[1] * right[2] + g[2] * left[0] + g[3] * left[2]


defvjp(sp.itairy, x=itairy_pullback)
