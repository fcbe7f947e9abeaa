"""Bessel functions and their kin, in the argument; `kv` and `kve` in the order, too.

Derivatives are the mean of the neighbours in the order, DLMF 10.6.1 and 10.29.1, for
that has no division by the argument.
"""

import math
from typing import Any

import numpy as np
import scipy.special as sp

from fgrad._engine.dispatch import primitive, traced
from fgrad._engine.rules import defvjp
from fgrad.scipy.special._quadrature import gauss, in_pieces
from fgrad.scipy.special._words import COUNT, KNOWN, ORDER, real_only

__all__ = ["kv_slope"]

# Of order 0 and 1 ---------------------------------------------------------------------

defvjp(sp.j0, x=lambda g, x: -g * sp.j1(x))
defvjp(sp.j1, x=lambda g, x: g * (sp.j0(x) - sp.jv(2, x)) / 2)
defvjp(sp.y0, x=lambda g, x: -g * sp.y1(x))
defvjp(sp.y1, x=lambda g, x: g * (sp.y0(x) - sp.yv(2, x)) / 2)
defvjp(sp.i0, x=lambda g, x: g * sp.i1(x))
defvjp(sp.i1, x=lambda g, x: g * (sp.i0(x) + sp.iv(2, x)) / 2)
defvjp(sp.k0, x=lambda g, x: -g * sp.k1(x))
defvjp(sp.k1, x=lambda g, x: -g * (sp.k0(x) + sp.kv(2, x)) / 2)
defvjp(sp.i0e, x=lambda g, ans, x: g * (sp.i1e(x) - np.sign(x) * ans))
defvjp(
    sp.i1e,
    x=lambda g, ans, x: g * ((sp.i0e(x) + sp.ive(2, x)) / 2 - np.sign(x) * ans),
)
defvjp(sp.k0e, x=lambda g, ans, x: g * (ans - sp.k1e(x)))
defvjp(sp.k1e, x=lambda g, ans, x: g * (ans - (sp.k0e(x) + sp.kve(2, x)) / 2))

# Of any order -------------------------------------------------------------------------

for _fun in (sp.jv, sp.yv, sp.hankel1, sp.hankel2):
    defvjp(
        _fun,
        lacks={"v": ORDER},
        z=lambda g, v, z, f=_fun: (
            g * (f(np.subtract(v, 1), z) - f(np.add(v, 1), z)) / 2
        ),
    )
defvjp(
    sp.iv,
    lacks={"v": ORDER},
    z=lambda g, v, z: g * (sp.iv(np.subtract(v, 1), z) + sp.iv(np.add(v, 1), z)) / 2,
)
defvjp(
    sp.yn,
    lacks={"n": COUNT},
    x=lambda g, n, x: g * (sp.yv(np.subtract(n, 1), x) - sp.yv(np.add(n, 1), x)) / 2,
)
defvjp(
    sp.kn,
    lacks={"n": COUNT},
    x=lambda g, n, x: -g * (sp.kv(np.subtract(n, 1), x) + sp.kv(np.add(n, 1), x)) / 2,
)


def scaled_pullback(name: str, g: Any, v: Any, z: Any) -> Any:
    """`jve` and `yve`: of real numbers, they are `jv` and `yv`."""
    real_only(name, z)
    f = getattr(sp, name)
    return g * (f(np.subtract(v, 1), z) - f(np.add(v, 1), z)) / 2


def ive_pullback(g: Any, ans: Any, v: Any, z: Any) -> Any:
    """Of ``exp(-|z|) iv(v, z)``, for real z."""
    real_only("ive", z)
    mean = (sp.ive(np.subtract(v, 1), z) + sp.ive(np.add(v, 1), z)) / 2
    return g * (mean - np.sign(z) * ans)


defvjp(sp.jve, lacks={"v": ORDER}, z=lambda g, v, z: scaled_pullback("jve", g, v, z))
defvjp(sp.yve, lacks={"v": ORDER}, z=lambda g, v, z: scaled_pullback("yve", g, v, z))
defvjp(sp.ive, lacks={"v": ORDER}, z=ive_pullback)
for _fun, _turn in ((sp.hankel1e, -1j), (sp.hankel2e, 1j)):
    defvjp(
        _fun,
        lacks={"v": ORDER},
        z=lambda g, ans, v, z, f=_fun, turn=_turn: (
            g * ((f(np.subtract(v, 1), z) - f(np.add(v, 1), z)) / 2 + turn * ans)
        ),
    )

# The second modified function ---------------------------------------------------------


@primitive
def kv_slope(n: int, v: Any, z: Any, scaled: bool) -> Any:
    """The n-th derivative of `kv` in the order, or of `kve`.

    It is the integral over t > 0 of ``t**n cosh(v t) exp(-z cosh(t))``, DLMF 10.32.9,
    with sinh for odd n.
    """
    real_only("kv in the order", z)

    def slope(v: Any, z: Any) -> Any:
        # The integrand ends where z cosh(t) - z - |v| t is above 45.
        end = np.log(2 * (45 + 8 * np.abs(v)) / z + 2) + 1
        end = np.where(z > 0, end, np.nan)

        def integrand(t: Any) -> Any:
            fall = -2 * z[:, None] * np.sinh(t / 2) ** 2  # z - z cosh(t)
            up, down = np.exp(v[:, None] * t + fall), np.exp(-v[:, None] * t + fall)
            return t**n * (up + (-1) ** n * down) / 2

        ans, parts = np.zeros_like(z), 4
        for k in range(parts):
            ans += gauss(integrand, end * k / parts, end * (k + 1) / parts)
        return ans if scaled else ans * np.exp(-z)

    return in_pieces(slope, v, z)


def kv_slope_z_pullback(g: Any, ans: Any, n: int, v: Any, z: Any, scaled: bool) -> Any:
    """Minus the mean of the neighbours; a scaled function adds itself."""
    lower, upper = (kv_slope(n, np.add(v, k), z, scaled) for k in (-1, 1))
    return g * ((ans if scaled else 0) - (lower + upper) / 2)


defvjp(
    kv_slope,
    elementwise=True,
    v=lambda g, n, v, z, scaled: g * kv_slope(n + 1, v, z, scaled),
    z=kv_slope_z_pullback,
)
defvjp(
    sp.kv,
    v=lambda g, v, z: g * kv_slope(1, v, z, False),
    z=lambda g, v, z: -g * (sp.kv(np.subtract(v, 1), z) + sp.kv(np.add(v, 1), z)) / 2,
)
defvjp(
    sp.kve,
    v=lambda g, v, z: g * kv_slope(1, v, z, True),
    z=lambda g, ans, v, z: (
        g * (ans - (sp.kve(np.subtract(v, 1), z) + sp.kve(np.add(v, 1), z)) / 2)
    ),
)

# Spherical Bessel functions -----------------------------------------------------------


def _neighbours(fun: Any, n: Any, z: Any, derivative: bool, signs: Any) -> Any:
    """Both neighbours, weighed with n and n + 1: DLMF 10.51.2 and 10.51.5."""
    n = np.asarray(n)
    lower = traced(fun)(np.maximum(n - 1, 0), z, derivative)
    upper = traced(fun)(n + 1, z, derivative)
    return (signs[0] * n * lower + signs[1] * (n + 1) * upper) / (2 * n + 1)


for _fun, _signs in (
    (sp.spherical_jn, (1, -1)),
    (sp.spherical_yn, (1, -1)),
    (sp.spherical_in, (1, 1)),
    (sp.spherical_kn, (-1, -1)),
):
    defvjp(
        _fun,
        elementwise=True,
        lacks={"n": COUNT},
        z=lambda g, n, z, derivative=False, f=_fun, signs=_signs: (
            g * _neighbours(f, n, z, derivative, signs)
        ),
    )

# Airy functions -----------------------------------------------------------------------


def airye_pullback(g: Any, ans: Any, z: Any) -> Any:
    """Of real numbers: Ai and Bi are scaled where they are not waves."""
    real_only("airye", z)
    root = np.sqrt(np.maximum(z, 0))
    a, da, b, db = ans
    first = g[0] * (da + root * a) + g[1] * (z * a + root * da)
    return first + g[2] * (db - root * b) + g[3] * (z * b - root * db)


defvjp(
    sp.airy,  # DLMF 9.2.1
    z=lambda g, ans, z: (
        g[0] * ans[1] + g[1] * z * ans[0] + g[2] * ans[3] + g[3] * z * ans[2]
    ),
)
defvjp(sp.airye, z=airye_pullback)

# Kelvin functions: ber + i bei is a Bessel function, DLMF 10.61.1 ---------------------

for _names in (("ber", "bei"), ("ker", "kei")):
    _re, _im = (getattr(sp, name) for name in _names)
    _dre, _dim = (getattr(sp, f"{name}p") for name in _names)
    defvjp(_re, x=lambda g, x, slope=_dre: g * slope(x))
    defvjp(_im, x=lambda g, x, slope=_dim: g * slope(x))
    defvjp(_dre, x=lambda g, ans, x, im=_im: -g * (im(x) + ans / x))
    defvjp(_dim, x=lambda g, ans, x, re=_re: g * (re(x) - ans / x))


def kelvin_pullback(g: Any, ans: Any, x: Any) -> Any:
    """Both functions, and both derivatives by the differential equation."""
    be, ke, dbe, dke = ans
    slopes = g[0] * dbe + g[1] * dke
    return slopes + g[2] * (1j * be - dbe / x) + g[3] * (1j * ke - dke / x)


defvjp(sp.kelvin, x=kelvin_pullback)

# Struve functions, DLMF 11.4.27 and 11.4.29 -------------------------------------------

for _fun in (sp.struve, sp.modstruve):
    defvjp(
        _fun,
        lacks={"v": ORDER},
        x=lambda g, ans, v, x, f=_fun: (
            g * (f(np.subtract(v, 1), x) - np.divide(v, x) * ans)
        ),
    )

# Parabolic cylinders and Mathieu functions, by their differential equations -----------

for _fun in (sp.pbdv, sp.pbvv):
    defvjp(
        _fun,  # DLMF 12.2.4
        lacks={"v": ORDER},
        x=lambda g, ans, v, x: (
            g[0] * ans[1] + g[1] * ans[0] * (np.square(x) / 4 - v - 0.5)
        ),
    )
defvjp(
    sp.pbwa,  # DLMF 12.14.2
    lacks={"a": ORDER},
    x=lambda g, ans, a, x: g[0] * ans[1] + g[1] * ans[0] * (a - np.square(x) / 4),
)

_DEGREE = math.pi / 180
for _name, _value in (
    ("cem", sp.mathieu_a),
    ("sem", sp.mathieu_b),
):
    defvjp(
        getattr(sp, f"mathieu_{_name}"),  # DLMF 28.2.1; x is in degrees
        lacks={"m": COUNT, "q": KNOWN},
        x=lambda g, ans, m, q, x, value=_value: (
            _DEGREE
            * (
                g[0] * ans[1]
                - g[1] * ans[0] * (value(m, q) - 2 * q * sp.cosdg(np.multiply(x, 2)))
            )
        ),
    )
    for _kind in "12":
        defvjp(
            getattr(sp, f"mathieu_mod{_name}{_kind}"),  # DLMF 28.20.1
            lacks={"m": COUNT, "q": KNOWN},
            x=lambda g, ans, m, q, x, value=_value: (
                g[0] * ans[1]
                + g[1] * ans[0] * (value(m, q) - 2 * q * np.cosh(np.multiply(x, 2)))
            ),
        )
    defvjp(_value, lacks={"m": COUNT, "q": KNOWN})

defvjp(sp.besselpoly, lacks={"a": KNOWN, "lmb": KNOWN, "nu": ORDER})
