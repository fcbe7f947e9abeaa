"""Bessel functions and their kin, in the argument; `kv` and `kve` in the order, too.

Derivatives are the mean of the neighbours in the order, DLMF 10.6.1 and 10.29.1, for
that has no division by the argument.
"""

import math
from typing import Any

import numpy as np

import fgrad.scipy._special as sp
from fgrad._engine.box import primal, values
from fgrad._engine.dispatch import primitive, traced
from fgrad._engine.rules import defvjp
from fgrad.scipy.special._quadrature import gauss, in_pieces, reach
from fgrad.scipy.special._words import COUNT, KNOWN, ORDER, of_results, real_only

__all__ = ["kv_slope", "log_ive", "scaled_slope"]

# Scaled functions of large arguments --------------------------------------------------


def falling(sign: int, v: Any, z: Any) -> Any:
    """The derivative of ``log(f)`` for a scaled function f of large z, DLMF 10.40.

    Of ``exp(-z) iv(v, z)`` for the sign -1, of ``exp(z) kv(v, z)`` for 1. There, the
    difference of a function and the mean of its neighbours has few digits.
    """
    term, total, slope = 1.0, 1.0, 0.0
    for k in range(1, 16):
        term = term * (4 * np.square(v) - (2 * k - 1) ** 2) / (8 * k * sign * z)
        total, slope = total + term, slope - k * term
    return (slope / total - 0.5) / z


def scaled_slope(sign: int, v: Any, z: Any, ans: Any, usual: Any) -> Any:
    """The derivative of a scaled function of real z; `usual` where z is not large."""
    size = np.abs(primal(z))
    large = size > 200 + 8 * np.square(primal(v))
    if not np.any(values(large)):
        return usual
    safe = np.where(large, z, 1e3)
    inner = ans * np.sign(safe) * falling(sign, v, np.abs(safe))
    return np.where(large, inner, usual)


# Of order 0 and 1 ---------------------------------------------------------------------

defvjp(sp.j0, x=lambda g, x: -g * sp.j1(x))
defvjp(sp.j1, x=lambda g, x: g * (sp.j0(x) - sp.jv(2, x)) / 2)
defvjp(sp.y0, x=lambda g, x: -g * sp.y1(x))
defvjp(sp.y1, x=lambda g, x: g * (sp.y0(x) - sp.yv(2, x)) / 2)
defvjp(sp.i0, x=lambda g, x: g * sp.i1(x))
defvjp(sp.i1, x=lambda g, x: g * (sp.i0(x) + sp.iv(2, x)) / 2)
defvjp(sp.k0, x=lambda g, x: -g * sp.k1(x))
defvjp(sp.k1, x=lambda g, x: -g * (sp.k0(x) + sp.kv(2, x)) / 2)
defvjp(
    sp.i0e,
    x=lambda g, ans, x: g * scaled_slope(-1, 0, x, ans, sp.i1e(x) - np.sign(x) * ans),
)
defvjp(
    sp.i1e,
    x=lambda g, ans, x: (
        g
        * scaled_slope(-1, 1, x, ans, (sp.i0e(x) + sp.ive(2, x)) / 2 - np.sign(x) * ans)
    ),
)
defvjp(sp.k0e, x=lambda g, ans, x: g * scaled_slope(1, 0, x, ans, ans - sp.k1e(x)))
defvjp(
    sp.k1e,
    x=lambda g, ans, x: (
        g * scaled_slope(1, 1, x, ans, ans - (sp.k0e(x) + sp.kve(2, x)) / 2)
    ),
)

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
    return g * scaled_slope(-1, v, z, ans, mean - np.sign(z) * ans)


def kve_pullback(g: Any, ans: Any, v: Any, z: Any) -> Any:
    """Of ``exp(z) kv(v, z)``."""
    usual = ans - (sp.kve(np.subtract(v, 1), z) + sp.kve(np.add(v, 1), z)) / 2
    return g * (usual if np.iscomplexobj(z) else scaled_slope(1, v, z, ans, usual))


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
        valid, odd = z > 0, n % 2
        v, z = np.where(valid, v, 1.0), np.where(valid, z, 1.0)
        size = np.abs(v)
        peak = np.arcsinh(size / z)  # of exp(|v| t - z cosh(t))
        top = size * peak - 2 * z * np.sinh(peak / 2) ** 2
        parts = [x[:, None] for x in (size, z, peak)]

        def fallen(w: Any, size: Any = size, z: Any = z, peak: Any = peak) -> Any:
            return size * w - 2 * z * np.sinh(peak + w / 2) * np.sinh(w / 2)

        def integrand(w: Any) -> Any:
            t = parts[2] + w
            mirror = -2 * parts[0] * t  # of exp(-|v| t - z cosh(t)), beside the other
            both = -np.expm1(mirror) if odd else 1 + np.exp(mirror)
            return t**n * both * np.exp(fallen(w, *parts))

        down = -reach(lambda w: fallen(-w), peak)
        up = reach(fallen, np.full_like(peak, np.inf))
        ans = np.zeros_like(z)
        for low, high in ((down, 0 * up), (0 * up, up)):
            middle = (low + high) / 2
            ans += gauss(integrand, low, middle) + gauss(integrand, middle, high)
        ans *= np.exp(top if scaled else top - z) / 2
        return np.where(valid, ans * (np.sign(v) if odd else 1), np.nan)

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
    z=kve_pullback,
)

# The logarithm of a modified function, which may be below all floats ------------------


def _uniform_polynomials() -> list[Any]:
    """Those of DLMF 10.41.10, by the recurrence 10.41.9."""
    p = np.polynomial.Polynomial([0, 1])
    found = [np.polynomial.Polynomial([1])]
    for _ in range(6):
        last = found[-1]
        integral = ((1 - 5 * p**2) * last).integ()
        found.append(p**2 * (1 - p**2) * last.deriv() / 2 + integral / 8)
    return [[float(c) for c in u.coef] for u in found[1:]]


UNIFORM = _uniform_polynomials()


def log_ive(v: Any, z: Any) -> Any:
    """``log(ive(v, z))`` for z >= 0; of large orders by DLMF 10.41.3."""
    large = np.greater(primal(v), 50) & np.greater(primal(z), 0)
    usual = sp.ive(v, z)
    tiny = np.equal(primal(usual), 0) & ~large  # then, the first term of 10.25.2
    first = sp.xlogy(v, np.where(tiny, z, 1) / 2) - sp.gammaln(np.add(v, 1))
    ans = np.where(tiny, first, np.log(np.where(tiny | large, 1, usual)))
    if not np.any(values(large)):
        return ans
    v, z = np.where(large, v, 60.0), np.where(large, z, 1.0)
    y = z / v
    root = np.sqrt(1 + y * y)
    p, total = 1 / root, 1.0
    for k, u in enumerate(UNIFORM, 1):
        polynomial = 0.0
        for c in reversed(u):
            polynomial = polynomial * p + c
        total = total + polynomial / v**k
    fall = v * (1 / (root + y) - np.arcsinh(1 / y))
    front = fall - 0.5 * np.log(2 * math.pi * v * root)
    return np.where(large, front + np.log(total), ans)


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
    return of_results(
        *(g, ans),
        *(da + root * a, z * a + root * da, db - root * b, z * b - root * db),
    )


defvjp(
    sp.airy,  # DLMF 9.2.1
    z=lambda g, ans, z: (
        g[0] * ans[1] + g[1] * z * ans[0] + g[2] * ans[3] + g[3] * z * ans[2]
    ),
)
defvjp(sp.airye, z=airye_pullback)

# Kelvin functions: ber + i bei is a Bessel function, DLMF 10.61.1 ---------------------


def over_x(slope: Any, x: Any, at_zero: float) -> Any:
    """The quotient, whose value at 0 is known; it is even."""
    zero = np.equal(x, 0)
    return np.where(zero, at_zero, slope / np.where(zero, 1.0, x))


# The second ones are infinite at 0, and so are their quotients.
for _names, _at_zero in ((("ber", "bei"), (0.0, 0.5)), (("ker", "kei"), (np.inf,) * 2)):
    _re, _im = (getattr(sp, name) for name in _names)
    _dre, _dim = (getattr(sp, f"{name}p") for name in _names)
    defvjp(_re, x=lambda g, x, slope=_dre: g * slope(x))
    defvjp(_im, x=lambda g, x, slope=_dim: g * slope(x))
    defvjp(
        _dre,
        x=lambda g, ans, x, im=_im, at=_at_zero[0]: -g * (im(x) + over_x(ans, x, at)),
    )
    defvjp(
        _dim,
        x=lambda g, ans, x, re=_re, at=_at_zero[1]: g * (re(x) - over_x(ans, x, at)),
    )


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
