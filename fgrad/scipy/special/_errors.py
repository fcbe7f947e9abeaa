"""The error function and its kin: their derivatives are Gaussians, or products."""

import math
from typing import Any

import numpy as np

import fgrad.scipy._special as sp
from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp
from fgrad.scipy.special._quadrature import gauss, in_pieces

__all__ = ["erfcx_slope", "faddeeva_slope"]

TWO = 2 / math.sqrt(math.pi)
DENSITY = 1 / math.sqrt(2 * math.pi)

# Scaled functions: y' = 2 x y - c, a difference of large terms ------------------------


def _by_recurrence(n: int, x: Any, first: Any, second: Any, sign: int) -> Any:
    """The n-th derivative, by y(n + 1) = sign (2 x y(n) + 2 n y(n - 1))."""
    for k in range(1, n):
        first, second = second, sign * (2 * x * second + 2 * k * first)
    return second


@primitive
def erfcx_slope(n: int, x: Any) -> Any:
    """The n-th derivative of `erfcx`, n > 0: by its integral, DLMF 7.7.1, far right."""
    if np.iscomplexobj(x):
        return _by_recurrence(n, x, sp.erfcx(x), 2 * x * sp.erfcx(x) - TWO, 1)

    def slope(x: Any) -> Any:
        near = _by_recurrence(n, x, sp.erfcx(x), 2 * x * sp.erfcx(x) - TWO, 1)
        right = np.maximum(x, 0.5)

        def integrand(t: Any) -> Any:
            return t**n * np.exp(-t * t - 2 * right[:, None] * t)

        end = np.minimum(7.0 + 0.3 * n, (22 + 4 * n) / right)
        far = TWO * (-2.0) ** n * gauss(integrand, np.zeros_like(x), end)
        return np.where(x > 0.5, far, near)

    return in_pieces(slope, x)


def _far(n: int, z: Any) -> Any:
    """The n-th derivative of the sum of (2k - 1)!! / (2**k z**(2k + 1)), DLMF 7.12."""
    ans, term = np.zeros_like(z), (-1) ** n * math.factorial(n) / z ** (n + 1)
    for k in range(40):
        ans = ans + term
        step = (2 * k + 1) / 2 * (2 * k + n + 1) * (2 * k + n + 2)
        term = term * (step / ((2 * k + 1) * (2 * k + 2))) / z**2
    return ans


@primitive
def dawsn_slope(n: int, x: Any) -> Any:
    """The n-th derivative of `dawsn`, n > 0."""
    x = np.asarray(x)
    near = _by_recurrence(n, x, sp.dawsn(x), 1 - 2 * x * sp.dawsn(x), -1)
    if np.iscomplexobj(x):
        return near[()]
    wide = np.abs(x) > 9 + n
    far = _far(n, np.where(wide, x, 100.0)) / 2
    return np.where(wide, far, near).astype(np.result_type(x, np.float32))[()]


@primitive
def faddeeva_slope(n: int, z: Any) -> Any:
    """The n-th derivative of `wofz`, n > 0."""
    z = np.asarray(z) + 0j
    near = _by_recurrence(n, z, sp.wofz(z), 1j * TWO - 2 * z * sp.wofz(z), -1)
    wide = (np.abs(z) > 9 + n) & (z.imag >= 0)
    far = 1j / math.sqrt(math.pi) * _far(n, np.where(wide, z, 100.0))
    return np.where(wide, far, near).astype(z.dtype)[()]


defvjp(erfcx_slope, elementwise=True, x=lambda g, n, x: g * erfcx_slope(n + 1, x))
defvjp(dawsn_slope, elementwise=True, x=lambda g, n, x: g * dawsn_slope(n + 1, x))
defvjp(faddeeva_slope, elementwise=True, z=lambda g, n, z: g * faddeeva_slope(n + 1, z))
defvjp(sp.erfcx, x=lambda g, x: g * erfcx_slope(1, x))
defvjp(sp.dawsn, x=lambda g, x: g * dawsn_slope(1, x))
defvjp(sp.wofz, z=lambda g, z: g * faddeeva_slope(1, z))


def voigt_slopes(x: Any, sigma: Any, gamma: Any) -> tuple[Any, Any]:
    """The argument of `wofz` in DLMF 7.19.1, and the derivative there, scaled."""
    z = (x + np.multiply(1j, gamma)) / (math.sqrt(2) * sigma)
    return z, faddeeva_slope(1, z) / (2 * math.sqrt(math.pi) * np.square(sigma))


def voigt_sigma_pullback(g: Any, ans: Any, x: Any, sigma: Any, gamma: Any) -> Any:
    """The width scales the argument and the height."""
    z, slope = voigt_slopes(x, sigma, gamma)
    return -g * (ans / sigma + math.sqrt(2) * np.real(z * slope))


defvjp(
    sp.voigt_profile,
    x=lambda g, x, sigma, gamma: g * np.real(voigt_slopes(x, sigma, gamma)[1]),
    sigma=voigt_sigma_pullback,
    gamma=lambda g, x, sigma, gamma: -g * np.imag(voigt_slopes(x, sigma, gamma)[1]),
)

# Error functions ----------------------------------------------------------------------

defvjp(sp.erf, z=lambda g, z: g * TWO * np.exp(-np.square(z)))  # DLMF 7.2.1
defvjp(sp.erfc, x=lambda g, x: -g * TWO * np.exp(-np.square(x)))
defvjp(sp.erfi, z=lambda g, z: g * TWO * np.exp(np.square(z)))
defvjp(sp.erfinv, y=lambda g, ans: g / TWO * np.exp(ans * ans))
defvjp(sp.erfcinv, y=lambda g, ans: -g / TWO * np.exp(ans * ans))

# The normal distribution --------------------------------------------------------------


def log_ndtr_pullback(g: Any, ans: Any, x: Any) -> Any:
    """The density, divided by the distribution: on the left, both underflow."""
    if np.iscomplexobj(x):
        return g * DENSITY * np.exp(-np.square(x) / 2 - ans)
    left = np.less(x, 0)
    x, y = np.where(left, x, 0), np.where(left, 0, x)
    by_ratio = 2 * DENSITY / sp.erfcx(-x / math.sqrt(2))
    return g * np.where(left, by_ratio, DENSITY * np.exp(-y * y / 2) / sp.ndtr(y))


defvjp(sp.ndtr, x=lambda g, x: g * DENSITY * np.exp(-np.square(x) / 2))
defvjp(sp.log_ndtr, x=log_ndtr_pullback)
defvjp(sp.ndtri, y=lambda g, ans: g / DENSITY * np.exp(ans * ans / 2))
defvjp(
    sp.ndtri_exp,  # the distribution, divided by the density
    y=lambda g, ans: g * (0.5 / DENSITY) * sp.erfcx(-ans / math.sqrt(2)),
)


def owens_t_h_pullback(g: Any, h: Any, a: Any) -> Any:
    """Owen, Tables for computing bivariate normal probabilities, 1956, (2.3)."""
    return g * (-DENSITY / 2) * np.exp(-np.square(h) / 2) * sp.erf(a * h / math.sqrt(2))


def owens_t_a_pullback(g: Any, h: Any, a: Any) -> Any:
    """The integrand at its end."""
    r = 1 + np.square(a)
    return g * np.exp(-np.square(h) * r / 2) / (2 * math.pi * r)


defvjp(sp.owens_t, h=owens_t_h_pullback, a=owens_t_a_pullback)
