"""Elliptic integrals and functions, all by one integral of Carlson's.

The integral over t > 0 of ``t**p (t + x)**-a (t + y)**-b (t + z)**-c (t + w)**-d``, of
positive terms, has derivatives of the same form, with larger exponents.
"""

import math
from functools import cache, partial
from typing import Any

import numpy as np

import fgrad.scipy._special as sp
from fgrad._engine.box import primal, values
from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp
from fgrad.scipy.special._quadrature import in_pieces
from fgrad.scipy.special._words import real_only

__all__ = ["carlson"]

STEP = 0.45
"""In log(t), where the trapezoidal rule errs by exp(-2 pi**2 / STEP)."""


Exponents = tuple[float, float, float, float, float]


@cache
def carlson(powers: Exponents) -> Any:
    """The integral with exponents (p, a, b, c, d), DLMF 19.16.9, of x, y, z and w."""

    @primitive
    def carlson(x: Any, y: Any, z: Any, w: Any) -> Any:
        real_only("an elliptic integral", x, y, z, w)
        return in_pieces(partial(_integral, powers), x, y, z, w)

    pullbacks = {name: _pullback(powers, k) for k, name in enumerate("xyzw", 1)}
    defvjp(carlson, elementwise=True, **pullbacks)
    return carlson


def _pullback(powers: Any, k: int) -> Any:
    more = (*powers[:k], powers[k] + 1, *powers[k + 1 :])

    def pullback(g: Any, x: Any, y: Any, z: Any, w: Any) -> Any:
        return -powers[k] * g * carlson(more)(x, y, z, w) if powers[k] else 0 * g

    return pullback


def _integral(powers: Exponents, *terms: Any) -> Any:
    p, *exponents = powers
    used = [(k, e) for k, e in zip(terms, exponents, strict=True) if e]
    at_zero = p + 1 - sum(e * (k == 0) for k, e in used)
    size = np.stack([k for k, _ in used])
    least = np.min(np.where(size > 0, size, np.inf), 0)
    left = np.log(least) - 40 / at_zero
    right = np.log(np.max(size, 0)) + 40 / (sum(exponents) - p - 1)
    count = math.ceil(np.max((right - left) / STEP, initial=1, where=right > left))
    s = left[:, None] + (right - left)[:, None] * (np.arange(count + 1) / count)
    t = np.exp(s)
    ans = t ** (p + 1)
    for k, e in used:
        ans = ans / (t + k[:, None]) ** e
    ans = np.sum(ans, 1) * (right - left) / count
    inside = (np.min(size, 0) >= 0) & (at_zero > 0)
    return np.where(inside, ans, np.where(at_zero > 0, np.nan, np.inf))


# Carlson's functions, DLMF 19.16 ------------------------------------------------------

ONE, HALF, MORE = 1.0, 0.5, 1.5


def _slope(k: int, factor: float, *powers: float) -> Any:
    """The derivative in argument k of a multiple of the integral with these powers."""
    raised = list(powers)
    raised[k] += 1
    return -factor * powers[k], tuple(raised)


def _of_four(g: Any, slope: Any, *terms: Any) -> Any:
    factor, powers = slope
    return g * factor * carlson(powers)(*terms, *(ONE,) * (4 - len(terms)))


for _fun, _all in (
    (sp.elliprf, (0.5, 0, HALF, HALF, HALF, 0)),
    (sp.elliprd, (1.5, 0, HALF, HALF, MORE, 0)),
):
    _x, _y, _z = (_slope(k, *_all) for k in (1, 2, 3))
    defvjp(
        _fun,
        x=lambda g, x, y, z, slope=_x: _of_four(g, slope, x, y, z),
        y=lambda g, x, y, z, slope=_y: _of_four(g, slope, x, y, z),
        z=lambda g, x, y, z, slope=_z: _of_four(g, slope, x, y, z),
    )
_x, _y, _z, _p = (_slope(k, 1.5, 0, HALF, HALF, HALF, ONE) for k in (1, 2, 3, 4))
defvjp(
    sp.elliprj,
    x=lambda g, x, y, z, p, slope=_x: _of_four(g, slope, x, y, z, p),
    y=lambda g, x, y, z, p, slope=_y: _of_four(g, slope, x, y, z, p),
    z=lambda g, x, y, z, p, slope=_z: _of_four(g, slope, x, y, z, p),
    p=lambda g, x, y, z, p, slope=_p: _of_four(g, slope, x, y, z, p),
)
C_SLOPES = [_slope(k, 0.5, 0, HALF, ONE, 0, 0) for k in (1, 2)]


def elliprc_pullback(k: int, g: Any, ans: Any, x: Any, y: Any) -> Any:
    """For y < 0, by the differential equation that the principal value solves, too."""
    if np.iscomplexobj(x) or np.iscomplexobj(y):
        return _of_four(g, C_SLOPES[k], x, y)
    left = np.less(primal(y), 0)
    usual = _of_four(g, C_SLOPES[k], x, np.where(left, 1.0, y))
    if not np.any(values(left)):
        return usual
    y = np.where(left, y, -1.0)
    in_x = (ans - 1 / np.sqrt(x)) / (2 * (y - x))
    slope = (-0.5 * ans - x * in_x) / y if k else in_x
    return np.where(left, g * slope, usual)


defvjp(
    sp.elliprc,
    x=lambda g, ans, x, y: elliprc_pullback(0, g, ans, x, y),
    y=lambda g, ans, x, y: elliprc_pullback(1, g, ans, x, y),
)
defvjp(
    sp.elliprg,
    x=lambda g, x, y, z: _of_four(g, (1 / 8, (1, MORE, HALF, HALF, 0)), x, y, z),
    y=lambda g, x, y, z: _of_four(g, (1 / 8, (1, HALF, MORE, HALF, 0)), x, y, z),
    z=lambda g, x, y, z: _of_four(g, (1 / 8, (1, HALF, HALF, MORE, 0)), x, y, z),
)

# Legendre's integrals, DLMF 19.25 -----------------------------------------------------

IN_F, IN_E = carlson((0, HALF, MORE, HALF, 0)), carlson((0, HALF, HALF, MORE, 0))


def ellipk_slope(p: Any) -> Any:
    """The derivative of K in m = 1 - p."""
    return IN_F(0.0, p, 1.0, 1.0) / 4


def ellipe_slope(p: Any) -> Any:
    """The derivative of E in m = 1 - p."""
    return -IN_E(0.0, p, 1.0, 1.0) / 4


def _incomplete_slope(integral: Any, complete: Any, phi: Any, m: Any) -> Any:
    """The derivative of F or of E in m: of whole periods, and of what is left."""
    periods = np.rint(np.divide(phi, math.pi))
    rest = phi - periods * math.pi
    sine, cosine = np.sin(rest), np.cos(rest)
    delta = 1 - m * sine * sine
    part = sine**3 / 4 * integral(cosine * cosine, delta, 1.0, 1.0)
    if np.any(periods):
        part = part + np.where(
            periods == 0, 0, 2 * periods * complete(np.subtract(1, m))
        )
    return part


def f_slope(phi: Any, m: Any) -> Any:
    """The derivative of F in m."""
    return _incomplete_slope(IN_F, ellipk_slope, phi, m)


def e_slope(phi: Any, m: Any) -> Any:
    """The derivative of E in m."""
    return -_incomplete_slope(IN_E, lambda p: -ellipe_slope(p), phi, m)


def _delta(phi: Any, m: Any) -> Any:
    return np.sqrt(1 - m * np.sin(phi) ** 2)


defvjp(sp.ellipk, m=lambda g, m: g * ellipk_slope(np.subtract(1, m)))
defvjp(sp.ellipkm1, p=lambda g, p: -g * ellipk_slope(p))
defvjp(sp.ellipe, m=lambda g, m: g * ellipe_slope(np.subtract(1, m)))
defvjp(
    sp.ellipkinc,
    phi=lambda g, phi, m: g / _delta(phi, m),
    m=lambda g, phi, m: g * f_slope(phi, m),
)
defvjp(
    sp.ellipeinc,
    phi=lambda g, phi, m: g * _delta(phi, m),
    m=lambda g, phi, m: g * e_slope(phi, m),
)

# Jacobi's functions, DLMF 22.13 -------------------------------------------------------


def ellipj_u_pullback(g: Any, ans: Any, u: Any, m: Any) -> Any:
    """The products of the other two."""
    sn, cn, dn, _ = ans
    return g[0] * cn * dn - g[1] * sn * dn - g[2] * m * sn * cn + g[3] * dn


def ellipj_m_pullback(g: Any, ans: Any, u: Any, m: Any) -> Any:
    """By the amplitude, which moves so that u, an integral up to it, stays."""
    sn, cn, dn, phi = ans
    moved = -dn * f_slope(phi, m)
    in_dn = -(sn * sn + 2 * m * sn * cn * moved) / (2 * dn)
    return (g[0] * cn - g[1] * sn + g[3]) * moved + g[2] * in_dn


defvjp(sp.ellipj, u=ellipj_u_pullback, m=ellipj_m_pullback)

# The arithmetic-geometric mean, DLMF 19.8.5 -------------------------------------------


def agm_slope(ans: Any, a: Any, b: Any) -> Any:
    """In a, by ``agm = (a + b) (pi / 4) / K(1 - p)``, ``p = 4 a b / (a + b)**2``."""
    total = np.add(a, b)
    x, y = a / total, b / total
    in_p = ellipk_slope(4 * x * y) * y * (y - x)
    return ans / total * (1 + (16 / math.pi) * (ans / total) * in_p)


defvjp(
    sp.agm,
    a=lambda g, ans, a, b: g * agm_slope(ans, a, b),
    b=lambda g, ans, a, b: g * agm_slope(ans, b, a),
)
