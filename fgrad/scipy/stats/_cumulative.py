"""Cumulative probabilities, as formulas for their derivatives in the shapes.

The derivative in z is the density, so distributions without shapes need no formula. An
entry says whether it is ``cdf`` or ``sf``, up to what does not depend on the shapes, or
``logcdf`` or ``logsf``, whichever loses no digits. The other three follow from it.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import vonmises_line

import fgrad.scipy._special as sp
from fgrad._engine.box import primal
from fgrad.scipy.special._entropy import log_quotient
from fgrad.scipy.stats._densities import (
    LOGPDF,
    gauss_mass,
    log_normal,
    power_of_exponential,
)
from fgrad.scipy.stats._integrals import integral

__all__ = ["CUMULATIVE"]


def sides(z: Any, tail: Callable[[Any], Any], at: float = 0.0) -> Any:
    """A distribution that is symmetric, by the probability beyond a distance."""
    return np.where(z > at, 1.0, -1.0) * tail(np.abs(z))


def betaprime(z: Any, a: Any, b: Any) -> Any:
    """From the near end, so that the small argument is exact."""
    low = np.less_equal(z, 1)
    near, far = np.where(low, z, 1.0), np.where(low, 1.0, z)
    return np.where(
        low, sp.betainc(a, b, near / (1 + near)), -sp.betainc(b, a, 1 / (1 + far))
    )


def crystalball(z: Any, beta: Any, m: Any) -> Any:
    """The integral of the power law, and then of the normal peak."""
    ratio, root = m / beta, math.sqrt(2 * math.pi)
    height = np.exp(-0.5 * beta * beta)
    tail = ratio * height / (m - 1)
    below = np.less_equal(z, -beta)
    far, near = np.where(below, z, -beta), np.where(below, 0.0, z)
    low = tail * (ratio / (ratio - beta - far)) ** (m - 1)
    high = tail + root * (sp.ndtr(near) - sp.ndtr(-beta))
    return np.where(below, low, high) / (tail + root * sp.ndtr(beta))


def dpareto_lognorm(z: Any, u: Any, s: Any, a: Any, b: Any) -> Any:
    """The lognormal part, and what Mills' ratios add."""
    y, root = (np.log(z) - u) / s, math.sqrt(2)
    mills = math.sqrt(math.pi / 2)
    right = b * mills * sp.erfcx((a * s - y) / root)
    left = a * mills * sp.erfcx((b * s + y) / root)
    return sp.ndtr(y) - np.exp(log_normal(y)) * (right - left) / (a + b)


def invgauss(z: Any, mu: Any) -> Any:
    """Shuster (1968)."""
    r = 1 / np.sqrt(z)
    second = 2 / mu + sp.log_ndtr(-r * (z / mu + 1))
    return sp.ndtr(r * (z / mu - 1)) + np.exp(second)


def jf_skew_t(z: Any, a: Any, b: Any) -> Any:
    """From the near end: beta functions of ``(1 +- z / sqrt(a + b + z**2)) / 2``."""
    s = a + b
    r = np.sqrt(s + z * z)
    near = 0.5 * s / (r * (r + np.abs(z)))
    low = np.less_equal(z, 0)
    first, second = np.where(low, a, b), np.where(low, b, a)
    return np.where(low, 1.0, -1.0) * sp.betainc(first, second, near)


def laplace_asymmetric(z: Any, kappa: Any) -> Any:
    """From the near end."""
    other, high = 1 / kappa, np.greater_equal(z, 0)
    right, left = np.where(high, z, 0.0), np.where(high, 0.0, z)
    up = -other * np.exp(-kappa * right)
    down = kappa * np.exp(other * left)
    return np.where(high, up, down) / (kappa + other)


NODES, WEIGHTS = np.polynomial.legendre.leggauss(128)


def pearson3(z: Any, skew: Any) -> Any:
    """The gamma distribution, or its mirror image; of small skews, an integral.

    For these, the derivatives of the gamma distribution are large, and cancel.
    """
    small = np.less(np.abs(skew), 0.1)
    lean = np.where(small, 1.0, skew)
    alpha = 4 / lean**2
    y = alpha + 2 / lean * np.where(small, 0.0, z)
    gamma = np.where(lean > 0, 1, -1) * sp.gammainc(alpha, y)
    outwards = np.where(np.less(z, 0), -1.0, 1.0)
    middle, lean = np.where(small, z, 0.0), np.where(small, skew, 0.0)
    end = 2 / np.maximum(np.abs(primal(lean)), 0.01)
    half = outwards * np.minimum(6.0, 0.49 * (end - np.abs(primal(middle))))
    x = np.expand_dims(middle, -1) + np.expand_dims(half, -1) * (1 + NODES)
    density = np.exp(LOGPDF["pearson3"](x, np.expand_dims(lean, -1)))
    return np.where(small, -half * np.sum(density * WEIGHTS, -1), gamma)


def loggamma(z: Any, c: Any) -> Any:
    """The gamma distribution of exp(z), which may be below all floats."""
    low = np.less(z, -40)
    near, far = np.where(low, 0.0, z), np.where(low, z, -40.0)
    first = np.exp(c * far - sp.gammaln(c + 1))
    return np.where(low, first, sp.gammainc(c, np.exp(near)))


def recipinvgauss(z: Any, mu: Any) -> Any:
    """Of the reciprocal, which is `invgauss`."""
    r, other = 1 / np.sqrt(z), 1 / mu
    second = 2 * other + sp.log_ndtr(-r * (other + z))
    return sp.ndtr(-r * (other - z)) - np.exp(second)


def skewcauchy(z: Any, a: Any) -> Any:
    """Two halves of Cauchy distributions."""
    width = 1 + np.where(z > 0, a, -a)
    return (1 - a) / 2 + width / math.pi * np.arctan(z / width)


def trapezoid(z: Any, c: Any, d: Any) -> Any:
    """Rising to c, flat to d, and falling."""
    up, down = np.less(z, c), np.greater(z, d)
    rise = z * z / np.where(up, c, 1.0)
    flat = 2 * z - c
    fall = (1 + d - c) - (1 - z) ** 2 / np.where(down, 1 - d, 1.0)
    return np.where(up, rise, np.where(down, fall, flat)) / (1 + d - c)


def wrapcauchy(z: Any, c: Any) -> Any:
    """From the near end."""
    ratio, late = (1 + c) / (1 - c), np.greater(z, math.pi)
    angle = np.where(late, 2 * math.pi - z, z)
    return np.where(late, -1, 1) / math.pi * np.arctan(ratio * np.tan(angle / 2))


CUMULATIVE: dict[str, tuple[str, Callable[..., Any]]] = {
    "alpha": ("logcdf", lambda z, a: sp.log_ndtr(a - 1 / z) - sp.log_ndtr(a)),
    "argus": (
        "sf",
        lambda z, chi: (
            sp.gammainc(1.5, chi * chi * (1 - z * z) / 2)
            / sp.gammainc(1.5, chi * chi / 2)
        ),
    ),
    "beta": ("cdf", lambda z, a, b: sp.betainc(a, b, z)),
    "betaprime": ("cdf", betaprime),
    "bradford": ("cdf", lambda z, c: np.log1p(c * z) / np.log1p(c)),
    "burr": ("logcdf", lambda z, c, d: -d * np.logaddexp(0, -c * np.log(z))),
    "burr12": ("logsf", lambda z, c, d: sp.xlog1py(-d, z**c)),
    "chi": ("cdf", lambda z, df: sp.gammainc(df / 2, z * z / 2)),
    "chi2": ("cdf", lambda z, df: sp.gammainc(df / 2, z / 2)),
    "crystalball": ("cdf", crystalball),
    "dgamma": ("cdf", lambda z, a: sides(z, lambda r: 0.5 * sp.gammainc(a, r))),
    "dpareto_lognorm": ("cdf", dpareto_lognorm),
    "dweibull": ("cdf", lambda z, c: sides(z, lambda r: -0.5 * np.exp(-(r**c)))),
    "erlang": ("cdf", lambda z, a: sp.gammainc(a, z)),
    "exponnorm": (
        "cdf",
        lambda z, K: sp.ndtr(z) - np.exp(0.5 / K**2 - z / K + sp.log_ndtr(z - 1 / K)),
    ),
    "exponpow": ("logsf", lambda z, b: -np.expm1(z**b)),
    "exponweib": ("logcdf", lambda z, a, c: sp.xlogy(a, -np.expm1(-(z**c)))),
    "f": ("cdf", lambda z, dfn, dfd: sp.fdtr(dfn, dfd, z)),
    "fatiguelife": (
        "logcdf",
        lambda z, c: sp.log_ndtr((np.sqrt(z) - 1 / np.sqrt(z)) / c),
    ),
    "fisk": ("logsf", lambda z, c: -np.log1p(z**c)),
    "foldcauchy": (
        "cdf",
        lambda z, c: (np.arctan(z - c) + np.arctan(z + c)) / math.pi,
    ),
    "foldnorm": ("cdf", lambda z, c: sp.ndtr(z - c) + sp.ndtr(z + c)),
    "gamma": ("cdf", lambda z, a: sp.gammainc(a, z)),
    "genexpon": (
        "logsf",
        lambda z, a, b, c: -(a + b) * z - b * np.expm1(-c * z) / c,
    ),
    "genextreme": ("logcdf", lambda z, c: -np.exp(power_of_exponential(c, z))),
    "gengamma": (
        "cdf",
        lambda z, a, c: np.where(np.greater(c, 0), 1, -1) * sp.gammainc(a, z**c),
    ),
    "genhalflogistic": (
        "logsf",
        lambda z, c: (
            math.log(2)
            + power_of_exponential(c, z)
            - np.logaddexp(0, power_of_exponential(c, z))
        ),
    ),
    "genlogistic": ("logcdf", lambda z, c: -c * np.logaddexp(0, -z)),
    "gennorm": (
        "cdf",
        lambda z, beta: sides(z, lambda r: 0.5 * sp.gammainc(1 / beta, r**beta)),
    ),
    "genpareto": ("logsf", lambda z, c: power_of_exponential(-c, z)),
    "gompertz": ("logsf", lambda z, c: -c * np.expm1(z)),
    "halfgennorm": ("cdf", lambda z, beta: sp.gammainc(1 / beta, z**beta)),
    "invgamma": ("sf", lambda z, a: sp.gammainc(a, 1 / z)),
    "invgauss": ("cdf", invgauss),
    "invweibull": ("logcdf", lambda z, c: -(z**-c)),
    "jf_skew_t": ("cdf", jf_skew_t),
    "johnsonsb": ("logcdf", lambda z, a, b: sp.log_ndtr(a + b * sp.logit(z))),
    "johnsonsu": ("logcdf", lambda z, a, b: sp.log_ndtr(a + b * np.arcsinh(z))),
    "kappa3": ("logcdf", lambda z, a: np.log(z) - np.log(a + z**a) / a),
    "kappa4": (
        "logcdf",
        lambda z, h, k: (
            -np.exp(power_of_exponential(k, z))
            * log_quotient(0, -h * np.exp(power_of_exponential(k, z)))
        ),
    ),
    "laplace_asymmetric": ("cdf", laplace_asymmetric),
    "loggamma": ("cdf", loggamma),
    "loglaplace": (
        "cdf",
        lambda z, c: np.where(z < 1, 0.5, -0.5) * z ** np.where(z < 1, c, -c),
    ),
    "lognorm": ("logcdf", lambda z, s: sp.log_ndtr(np.log(z) / s)),
    "loguniform": (
        "cdf",
        lambda z, a, b: (np.log(z) - np.log(a)) / (np.log(b) - np.log(a)),
    ),
    "lomax": ("logsf", lambda z, c: -c * np.log1p(z)),
    "mielke": ("logcdf", lambda z, k, s: -k / s * np.log1p(z**-s)),
    "nakagami": ("cdf", lambda z, nu: sp.gammainc(nu, nu * z * z)),
    "ncx2": ("cdf", sp.chndtr),
    "pareto": ("logsf", lambda z, b: -b * np.log(z)),
    "pearson3": ("cdf", pearson3),
    "powerlaw": ("logcdf", lambda z, a: a * np.log(z)),
    "powerlognorm": ("logsf", lambda z, c, s: c * sp.log_ndtr(-np.log(z) / s)),
    "powernorm": ("logsf", lambda z, c: c * sp.log_ndtr(-z)),
    "rdist": ("cdf", lambda z, c: sp.betainc(c / 2, c / 2, (1 + z) / 2)),
    "recipinvgauss": ("cdf", recipinvgauss),
    "rice": ("cdf", lambda z, b: sp.chndtr(z * z, 2.0, b * b)),
    "skewcauchy": ("cdf", skewcauchy),
    "skewnorm": ("cdf", lambda z, a: -2 * sp.owens_t(z, a)),
    "t": ("cdf", lambda z, df: sp.stdtr(df, z)),
    "trapezoid": ("cdf", trapezoid),
    "triang": ("cdf", lambda z, c: trapezoid(z, c, c)),
    "truncexpon": ("cdf", lambda z, b: np.expm1(-z) / np.expm1(-b)),
    "truncnorm": ("logcdf", lambda z, a, b: gauss_mass(a, z) - gauss_mass(a, b)),
    "truncpareto": (
        "cdf",
        lambda z, b, c: np.expm1(-b * np.log(z)) / np.expm1(-b * np.log(c)),
    ),
    "truncweibull_min": (
        "cdf",
        lambda z, c, a, b: np.expm1(a**c - z**c) / np.expm1(a**c - b**c),
    ),
    "tukeylambda": ("cdf", sp.tklmbda),
    "vonmises": (
        "cdf",
        lambda z, kappa: integral(vonmises_line, LOGPDF["vonmises"])(
            z - 2 * math.pi * np.rint(z / (2 * math.pi)), kappa
        ),
    ),
    "weibull_max": ("logcdf", lambda z, c: -((-z) ** c)),
    "weibull_min": ("logsf", lambda z, c: -(z**c)),
    "wrapcauchy": ("cdf", wrapcauchy),
}
CUMULATIVE["reciprocal"] = CUMULATIVE["loguniform"]
