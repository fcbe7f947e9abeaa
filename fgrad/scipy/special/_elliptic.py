"""Elliptic integrals and functions, all by one integral of Carlson's.

The integral over t > 0 of ``t**p (t + x)**-a (t + y)**-b (t + z)**-c (t + w)**-d``, of
positive terms, has derivatives of the same form, with larger exponents.
"""

import math
from typing import Any

import numpy as np
import scipy.special as sp

from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp
from fgrad.scipy.special._quadrature import in_pieces
from fgrad.scipy.special._words import real_only

__all__ = ["carlson"]

STEP = 0.45
"""In log(t), where the trapezoidal rule errs by exp(-2 pi**2 / STEP)."""


@primitive
def carlson(powers: tuple[float, ...], x: Any, y: Any, z: Any, w: Any) -> Any:
    """The integral with exponents (p, a, b, c, d), DLMF 19.16.9."""
    real_only("an elliptic integral", x, y, z, w)
    p, *exponents = powers

    def integral(*terms: Any) -> Any:
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
        ok = (np.min(size, 0) >= 0) & (at_zero > 0)
        return np.where(ok, ans, np.where(at_zero > 0, np.nan, np.inf))

    return in_pieces(integral, x, y, z, w)


def _pullback(k: int) -> Any:
    def pullback(g: Any, powers: Any, x: Any, y: Any, z: Any, w: Any) -> Any:
        if not powers[k]:
            return 0 * g
        more = (*powers[:k], powers[k] + 1, *powers[k + 1 :])
        return -powers[k] * g * carlson(more, x, y, z, w)

    return pullback


defvjp(carlson, elementwise=True, **{n: _pullback(k + 1) for k, n in enumerate("xyzw")})

HALF = 0.5
INTEGRALS: dict[Any, tuple[float, tuple[float, ...]]] = {
    sp.elliprf: (0.5, (0, HALF, HALF, HALF)),
    sp.elliprd: (1.5, (0, HALF, HALF, 1.5)),
    sp.elliprj: (1.5, (0, HALF, HALF, HALF, 1)),
    sp.elliprc: (0.5, (0, HALF, 1)),
}
"""Carlson's functions, DLMF 19.16: the factor, and the exponents."""


def _raised(powers: tuple[float, ...], k: int) -> tuple[float, ...]:
    """The exponents of a derivative, for all four terms."""
    more = [*powers, 0, 0, 0][:5]
    more[k] += 1
    return tuple(more)


for _fun, (_factor, _powers) in INTEGRALS.items():
    _names = "xyzp"[: len(_powers) - 1]
    _code = {
        name: (-_factor * _powers[k], _raised(_powers, k))
        for k, name in enumerate(_names, 1)
    }
    if _fun is sp.elliprc:
        defvjp(
            _fun,
            x=lambda g, x, y, f=_code["x"]: g * f[0] * carlson(f[1], x, y, 1.0, 1.0),
            y=lambda g, x, y, f=_code["y"]: g * f[0] * carlson(f[1], x, y, 1.0, 1.0),
        )
    elif _fun is sp.elliprj:
        defvjp(
            _fun,
            x=lambda g, x, y, z, p, f=_code["x"]: g * f[0] * carlson(f[1], x, y, z, p),
            y=lambda g, x, y, z, p, f=_code["y"]: g * f[0] * carlson(f[1], x, y, z, p),
            z=lambda g, x, y, z, p, f=_code["z"]: g * f[0] * carlson(f[1], x, y, z, p),
            p=lambda g, x, y, z, p, f=_code["p"]: g * f[0] * carlson(f[1], x, y, z, p),
        )
    else:
        defvjp(
            _fun,
            x=lambda g, x, y, z, f=_code["x"]: g * f[0] * carlson(f[1], x, y, z, 1.0),
            y=lambda g, x, y, z, f=_code["y"]: g * f[0] * carlson(f[1], x, y, z, 1.0),
            z=lambda g, x, y, z, f=_code["z"]: g * f[0] * carlson(f[1], x, y, z, 1.0),
        )
defvjp(
    sp.elliprg,
    x=lambda g, x, y, z: g / 8 * carlson((1, 1.5, HALF, HALF, 0), x, y, z, 1.0),
    y=lambda g, x, y, z: g / 8 * carlson((1, HALF, 1.5, HALF, 0), x, y, z, 1.0),
    z=lambda g, x, y, z: g / 8 * carlson((1, HALF, HALF, 1.5, 0), x, y, z, 1.0),
)

# Legendre's integrals, DLMF 19.25 -----------------------------------------------------

IN_F, IN_E = (0, HALF, 1.5, HALF, 0), (0, HALF, HALF, 1.5, 0)


def ellipk_slope(p: Any) -> Any:
    """The derivative of K in m = 1 - p."""
    return carlson(IN_F, 0.0, p, 1.0, 1.0) / 4


def ellipe_slope(p: Any) -> Any:
    """The derivative of E in m = 1 - p."""
    return -carlson(IN_E, 0.0, p, 1.0, 1.0) / 4


def _incomplete_slope(powers: Any, complete: Any, phi: Any, m: Any) -> Any:
    """The derivative of F or of E in m: of whole periods, and of what is left."""
    periods = np.rint(np.divide(phi, math.pi))
    rest = phi - periods * math.pi
    sine, cosine = np.sin(rest), np.cos(rest)
    delta = 1 - m * sine * sine
    part = sine**3 / 4 * carlson(powers, cosine * cosine, delta, 1.0, 1.0)
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
