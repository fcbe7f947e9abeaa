"""The logarithms of continuous densities, as formulas.

Each takes the standardised variable z and the shapes, under SciPy's names. The value of
a call is SciPy's own; derivatives are those of the formula. It has to hold inside of
the support only.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import fgrad.scipy._special as sp
from fgrad._engine.box import primal, values
from fgrad.scipy.special._bessel import log_ive
from fgrad.scipy.special._entropy import log_quotient
from fgrad.scipy.special._incomplete import stirling_error
from fgrad.scipy.special._kolmogorov import kolmogorov_slope
from fgrad.scipy.stats._integrals import power_integral

__all__ = ["LOGPDF", "gauss_mass", "log_normal", "power_of_exponential"]

NORMAL = 0.5 * math.log(2 * math.pi)
LOG_2, LOG_PI = math.log(2), math.log(math.pi)


def log_normal(z: Any) -> Any:
    """The logarithm of the normal density."""
    return -0.5 * z * z - NORMAL


def power_of_exponential(c: Any, z: Any) -> Any:
    """``log1p(-c z) / c``, also for c = 0: -z."""
    far = np.greater(-primal(c * z), 1)
    near = -z * log_quotient(0, np.where(far, 0.0, -c * z))
    if not bool(np.any(values(far))):
        return near
    c, z = np.where(far, c, 1.0), np.where(far, z, -1.0)
    return np.where(far, np.log1p(-c * z) / c, near)


def gauss_mass(a: Any, b: Any) -> Any:
    """The logarithm of the normal probability between a and b, in either tail."""
    right = np.greater(a, 0)
    low, high = np.where(right, -b, a), np.where(right, -a, b)
    across = np.greater(high, 0)
    left = np.where(across, -1.0, high)
    below = np.where(across, -2.0, low)
    ratio = np.exp(sp.log_ndtr(below) - sp.log_ndtr(left))
    inside = sp.log_ndtr(left) + np.log1p(-ratio)
    both = np.log1p(-sp.ndtr(low) - sp.ndtr(-high))
    return np.where(across, both, inside)


# On the whole line --------------------------------------------------------------------


def crystalball(z: Any, beta: Any, m: Any) -> Any:
    """A normal peak, with a power law below -beta."""
    ratio = m / beta
    height = np.exp(-0.5 * beta * beta)
    mass = ratio * height / (m - 1) + math.sqrt(2 * math.pi) * sp.ndtr(beta)
    below = np.less_equal(z, -beta)
    far, near = np.where(below, z, -beta), np.where(below, 0.0, z)
    tail = m * np.log(ratio) - 0.5 * beta * beta - m * np.log(ratio - beta - far)
    return np.where(below, tail, -0.5 * near * near) - np.log(mass)


def genhyperbolic(z: Any, p: Any, a: Any, b: Any) -> Any:
    """Barndorff-Nielsen and Halgreen (1977), with Bessel functions that are scaled."""
    gap = np.sqrt((a - b) * (a + b))
    r = np.sqrt(1 + z * z)
    front = 0.5 * p * np.log((a - b) * (a + b)) - (p - 0.5) * np.log(a) - NORMAL
    bessels = np.log(sp.kve(p - 0.5, a * r)) - a * r - np.log(sp.kve(p, gap)) + gap
    return front + bessels + b * z + (p - 0.5) * np.log(r)


def jf_skew_t(z: Any, a: Any, b: Any) -> Any:
    """Jones and Faddy (2003)."""
    s = a + b
    front = -(s - 1) * LOG_2 - sp.betaln(a, b) - 0.5 * np.log(s)
    lean = (a - b) * np.arcsinh(z / np.sqrt(s))
    return front + lean - 0.5 * (s + 1) * np.log1p(z * z / s)


def norminvgauss(z: Any, a: Any, b: Any) -> Any:
    """Barndorff-Nielsen (1997)."""
    gap, r = np.sqrt((a - b) * (a + b)), np.sqrt(1 + z * z)
    return np.log(a) - LOG_PI + gap + b * z + np.log(sp.k1e(a * r)) - a * r - np.log(r)


def log1p_rest(u: Any) -> Any:
    """``(log1p(u) - u) / u**2``, also for u = 0."""
    near = np.less(np.abs(primal(u)), 0.125)
    small, large = np.where(near, u, 0.0), np.where(near, 1.0, u)
    series = 0.0
    for k in range(19, 1, -1):
        series = series * small + (-1) ** (k + 1) / k
    return np.where(near, series, (np.log1p(large) - large) / (large * large))


def pearson3(z: Any, skew: Any) -> Any:
    """A gamma density, moved and stretched to mean 0 and variance 1; or the normal.

    By Stirling's formula, so that nothing cancels where the gamma function is large.
    For the skews that SciPy takes for 0, by Edgeworth's first term.
    """
    straight = np.less(np.abs(skew), 0.000016)  # as SciPy has it
    lean = np.where(straight, 1.0, skew)
    u = np.where(straight, 0.0, z) * lean / 2
    gamma = z * z * log1p_rest(u) - np.log1p(u) - stirling_error(4 / lean**2)
    edge = -0.5 * z * z + np.where(straight, skew, 0.0) * (z**3 - 3 * z) / 6
    return np.where(straight, edge, gamma) - NORMAL


def t(z: Any, df: Any) -> Any:
    """Student's; of infinitely many degrees of freedom, the normal."""
    endless = np.equal(df, np.inf)
    df = np.where(endless, 1.0, df)
    front = -sp.betaln(0.5, df / 2) - 0.5 * np.log(df)
    power = front - (df + 1) / 2 * np.log1p(z * z / df)
    return np.where(endless, log_normal(z), power)


def tukeylambda(z: Any, lam: Any) -> Any:
    """The slope of the quantile, at the probability of z."""
    p = sp.tklmbda(z, lam)
    return -np.log(p ** (lam - 1) + (1 - p) ** (lam - 1))


ON_THE_LINE: dict[str, Callable[..., Any]] = {
    "cauchy": lambda z: -LOG_PI - np.log1p(z * z),
    "crystalball": crystalball,
    "dgamma": lambda z, a: (
        sp.xlogy(a - 1, np.abs(z)) - np.abs(z) - LOG_2 - sp.gammaln(a)
    ),
    "dweibull": lambda z, c: (
        np.log(c) - LOG_2 + sp.xlogy(c - 1, np.abs(z)) - np.abs(z) ** c
    ),
    "exponnorm": lambda z, K: -np.log(K) + 0.5 / K**2 - z / K + sp.log_ndtr(z - 1 / K),
    "genhyperbolic": genhyperbolic,
    "genlogistic": lambda z, c: np.log(c) - z - (c + 1) * np.logaddexp(0, -z),
    "gennorm": lambda z, beta: (
        np.log(beta / 2) - sp.gammaln(1 / beta) - np.abs(z) ** beta
    ),
    "gumbel_l": lambda z: z - np.exp(z),
    "gumbel_r": lambda z: -z - np.exp(-z),
    "hypsecant": lambda z: LOG_2 - LOG_PI - np.logaddexp(z, -z),
    "jf_skew_t": jf_skew_t,
    "johnsonsu": lambda z, a, b: (
        np.log(b) - 0.5 * np.log1p(z * z) + log_normal(a + b * np.arcsinh(z))
    ),
    "laplace": lambda z: -LOG_2 - np.abs(z),
    "laplace_asymmetric": lambda z, kappa: (
        z * np.where(z >= 0, -kappa, 1 / kappa) - np.log(kappa + 1 / kappa)
    ),
    "loggamma": lambda z, c: c * z - np.exp(z) - sp.gammaln(c),
    "logistic": lambda z: -z - 2 * np.logaddexp(0, -z),
    "moyal": lambda z: -0.5 * (z + np.exp(-z)) - NORMAL,
    "norm": log_normal,
    "norminvgauss": norminvgauss,
    "pearson3": pearson3,
    "powernorm": lambda z, c: np.log(c) + log_normal(z) + (c - 1) * sp.log_ndtr(-z),
    "skewcauchy": lambda z, a: (
        -LOG_PI - np.log1p((z / (1 + np.where(z > 0, a, -a))) ** 2)
    ),
    "skewnorm": lambda z, a: LOG_2 + log_normal(z) + sp.log_ndtr(a * z),
    "t": t,
    "tukeylambda": tukeylambda,
    "vonmises": lambda z, kappa: (
        kappa * sp.cosm1(z) - math.log(2 * math.pi) - np.log(sp.i0e(kappa))
    ),
}
ON_THE_LINE["vonmises_line"] = ON_THE_LINE["vonmises"]

# On a half of the line ----------------------------------------------------------------


def dpareto_lognorm(z: Any, u: Any, s: Any, a: Any, b: Any) -> Any:
    """Reed and Jorgensen (2004), with Mills' ratios as scaled error functions."""
    y = (np.log(z) - u) / s
    ratios = sp.erfcx((a * s - y) / math.sqrt(2)) + sp.erfcx((b * s + y) / math.sqrt(2))
    front = 0.5 * (LOG_PI - LOG_2) + np.log(a * b / (a + b)) - np.log(z)
    return front + log_normal(y) + np.log(ratios)


def genexpon(z: Any, a: Any, b: Any, c: Any) -> Any:
    """Ryu (1993)."""
    rising = -np.expm1(-c * z)
    return np.log(a + b * rising) - (a + b) * z + b * rising / c


def genextreme(z: Any, c: Any) -> Any:
    """Of Weibull's, Gumbel's and Frechet's type, by the sign of c."""
    u = power_of_exponential(c, z)
    return u - np.log1p(-c * z) - np.exp(u)


def kappa4(z: Any, h: Any, k: Any) -> Any:
    """Hosking (1994)."""
    u = power_of_exponential(k, z)
    inner = h * np.exp(u)
    return u - np.log1p(-k * z) - np.exp(u) * log_quotient(0, -inner) - np.log1p(-inner)


def ncx2(z: Any, df: Any, nc: Any) -> Any:
    """The Bessel function is scaled: DLMF 10.25.2."""
    front = -LOG_2 + (df / 4 - 0.5) * np.log(z / nc)
    bessel = log_ive(df / 2 - 1, np.sqrt(nc * z))
    return front - 0.5 * (np.sqrt(z) - np.sqrt(nc)) ** 2 + bessel


def rel_breitwigner(z: Any, rho: Any) -> Any:
    """A relativistic resonance of width 1."""
    root = np.sqrt(1 + 1 / rho**2)
    front = np.log(2 * math.sqrt(2) / math.pi * root / np.sqrt(1 + root))
    return front - np.log1p(((z - rho) * (z + rho) / rho) ** 2)


ON_HALF_LINES: dict[str, Callable[..., Any]] = {
    "alpha": lambda z, a: -2 * np.log(z) - sp.log_ndtr(a) + log_normal(a - 1 / z),
    "betaprime": lambda z, a, b: (
        sp.xlogy(a - 1, z) - sp.xlog1py(a + b, z) - sp.betaln(a, b)
    ),
    "burr": lambda z, c, d: (
        np.log(c * d) - (c + 1) * np.log(z) - (d + 1) * np.logaddexp(0, -c * np.log(z))
    ),
    "burr12": lambda z, c, d: (
        np.log(c * d) + sp.xlogy(c - 1, z) - sp.xlog1py(d + 1, z**c)
    ),
    "chi": lambda z, df: (
        (1 - df / 2) * LOG_2 - sp.gammaln(df / 2) + sp.xlogy(df - 1, z) - z * z / 2
    ),
    "chi2": lambda z, df: (
        sp.xlogy(df / 2 - 1, z) - z / 2 - sp.gammaln(df / 2) - df / 2 * LOG_2
    ),
    "dpareto_lognorm": dpareto_lognorm,
    "expon": lambda z: -z,
    "exponpow": lambda z, b: 1 + np.log(b) + sp.xlogy(b - 1, z) + z**b - np.exp(z**b),
    "exponweib": lambda z, a, c: (
        np.log(a * c) + sp.xlogy(a - 1, -np.expm1(-(z**c))) - z**c + sp.xlogy(c - 1, z)
    ),
    "f": lambda z, dfn, dfd: (
        dfn / 2 * np.log(dfn / dfd)
        + sp.xlogy(dfn / 2 - 1, z)
        - sp.xlog1py((dfn + dfd) / 2, dfn / dfd * z)
        - sp.betaln(dfn / 2, dfd / 2)
    ),
    "fatiguelife": lambda z, c: (
        np.log1p(z)
        - (z - 1) ** 2 / (2 * z * c * c)
        - np.log(2 * c)
        - NORMAL
        - 1.5 * np.log(z)
    ),
    "fisk": lambda z, c: np.log(c) + sp.xlogy(c - 1, z) - 2 * np.log1p(z**c),
    "foldcauchy": lambda z, c: (
        np.log(1 / (1 + (z - c) ** 2) + 1 / (1 + (z + c) ** 2)) - LOG_PI
    ),
    "foldnorm": lambda z, c: log_normal(z) - 0.5 * c * c + np.logaddexp(c * z, -c * z),
    "gamma": lambda z, a: sp.xlogy(a - 1, z) - z - sp.gammaln(a),
    "genexpon": genexpon,
    "genextreme": genextreme,
    "gengamma": lambda z, a, c: (
        np.log(np.abs(c)) + sp.xlogy(c * a - 1, z) - z**c - sp.gammaln(a)
    ),
    "geninvgauss": lambda z, p, b: (
        sp.xlogy(p - 1, z) - b * (z - 1) ** 2 / (2 * z) - LOG_2 - np.log(sp.kve(p, b))
    ),
    "genpareto": lambda z, c: (c + 1) * power_of_exponential(-c, z),
    "gibrat": lambda z: log_normal(np.log(z)) - np.log(z),
    "gompertz": lambda z, c: np.log(c) + z - c * np.expm1(z),
    "halfcauchy": lambda z: LOG_2 - LOG_PI - np.log1p(z * z),
    "halfgennorm": lambda z, beta: np.log(beta) - sp.gammaln(1 / beta) - z**beta,
    "halflogistic": lambda z: LOG_2 - z - 2 * np.log1p(np.exp(-z)),
    "halfnorm": lambda z: LOG_2 + log_normal(z),
    "invgamma": lambda z, a: -(a + 1) * np.log(z) - sp.gammaln(a) - 1 / z,
    "invgauss": lambda z, mu: -NORMAL - 1.5 * np.log(z) - (z / mu - 1) ** 2 / (2 * z),
    "invweibull": lambda z, c: np.log(c) - (c + 1) * np.log(z) - z**-c,
    "kappa3": lambda z, a: np.log(a) - (1 / a + 1) * np.log(a + z**a),
    "kappa4": kappa4,
    "kstwobign": lambda z: np.log(-kolmogorov_slope(z)),
    "levy": lambda z: -NORMAL - 1.5 * np.log(z) - 0.5 / z,
    "levy_l": lambda z: -NORMAL - 1.5 * np.log(-z) + 0.5 / z,
    "loglaplace": lambda z, c: (
        np.log(c / 2) + np.where(z < 1, c - 1, -c - 1) * np.log(z)
    ),
    "lognorm": lambda z, s: log_normal(np.log(z) / s) - np.log(s) - np.log(z),
    "lomax": lambda z, c: np.log(c) - (c + 1) * np.log1p(z),
    "maxwell": lambda z: LOG_2 + 2 * np.log(z) + log_normal(z),
    "mielke": lambda z, k, s: (
        np.log(k) + sp.xlogy(k - 1, z) - (1 + k / s) * np.log1p(z**s)
    ),
    "nakagami": lambda z, nu: (
        LOG_2 + sp.xlogy(nu, nu) - sp.gammaln(nu) + sp.xlogy(2 * nu - 1, z) - nu * z * z
    ),
    "ncx2": ncx2,
    "pareto": lambda z, b: np.log(b) - (b + 1) * np.log(z),
    "powerlognorm": lambda z, c, s: (
        np.log(c / s)
        - np.log(z)
        + log_normal(np.log(z) / s)
        + (c - 1) * sp.log_ndtr(-np.log(z) / s)
    ),
    "rayleigh": lambda z: np.log(z) - z * z / 2,
    "recipinvgauss": lambda z, mu: (
        -NORMAL - 0.5 * np.log(z) - (1 / mu - z) ** 2 / (2 * z)
    ),
    "rel_breitwigner": rel_breitwigner,
    "rice": lambda z, b: np.log(z) - (z - b) ** 2 / 2 + np.log(sp.i0e(z * b)),
    "wald": lambda z: -NORMAL - 1.5 * np.log(z) - (z - 1) ** 2 / (2 * z),
    "weibull_max": lambda z, c: np.log(c) + sp.xlogy(c - 1, -z) - (-z) ** c,
    "weibull_min": lambda z, c: np.log(c) + sp.xlogy(c - 1, z) - z**c,
}
ON_HALF_LINES["erlang"] = ON_HALF_LINES["gamma"]

# On an interval -----------------------------------------------------------------------


def argus(z: Any, chi: Any) -> Any:
    """Albrecht (1990)."""
    mass = 0.5 * sp.gammainc(1.5, chi * chi / 2)
    inside = 1 - z * z
    front = 3 * np.log(chi) - NORMAL - np.log(mass)
    return front + np.log(z) + 0.5 * np.log1p(-z * z) - chi * chi * inside / 2


def gausshyper(x: Any, a: Any, b: Any, c: Any, z: Any) -> Any:
    """Armero and Bayarri (1994)."""
    front = sp.xlogy(a - 1, x) + sp.xlog1py(b - 1, -x) - c * np.log1p(z * x)
    return front - np.log(power_integral(a, b, c, z))


def genhalflogistic(z: Any, c: Any) -> Any:
    """Balakrishnan (1985)."""
    u = power_of_exponential(c, z)
    return LOG_2 + u - np.log1p(-c * z) - 2 * np.logaddexp(0, u)


def trapezoid(z: Any, c: Any, d: Any) -> Any:
    """Rising to c, flat to d, and falling."""
    up, down = np.less(z, c), np.greater(z, d)
    rise = np.log(np.where(up, z / np.where(up, c, 1.0), 1.0))
    fall = np.log(np.where(down, (1 - z) / np.where(down, 1 - d, 1.0), 1.0))
    return LOG_2 - np.log(1 + d - c) + rise + fall


def truncweibull_min(z: Any, c: Any, a: Any, b: Any) -> Any:
    """Weibull's, between a and b."""
    mass = np.log(-np.expm1(a**c - b**c))
    return np.log(c) + sp.xlogy(c - 1, z) - z**c + a**c - mass


ON_INTERVALS: dict[str, Callable[..., Any]] = {
    "anglit": lambda z: np.log(np.cos(2 * z)),
    "arcsine": lambda z: -LOG_PI - 0.5 * (np.log(z) + np.log1p(-z)),
    "argus": argus,
    "beta": lambda z, a, b: (
        sp.xlogy(a - 1, z) + sp.xlog1py(b - 1, -z) - sp.betaln(a, b)
    ),
    "bradford": lambda z, c: np.log(c) - np.log(np.log1p(c)) - np.log1p(c * z),
    "cosine": lambda z: np.log1p(np.cos(z)) - math.log(2 * math.pi),
    "gausshyper": gausshyper,
    "genhalflogistic": genhalflogistic,
    "johnsonsb": lambda z, a, b: (
        np.log(b) - np.log(z) - np.log1p(-z) + log_normal(a + b * sp.logit(z))
    ),
    "loguniform": lambda z, a, b: -np.log(z) - np.log(np.log(b) - np.log(a)),
    "powerlaw": lambda z, a: np.log(a) + sp.xlogy(a - 1, z),
    "rdist": lambda z, c: sp.xlog1py(c / 2 - 1, -z * z) - sp.betaln(0.5, c / 2),
    "semicircular": lambda z: LOG_2 - LOG_PI + 0.5 * np.log1p(-z * z),
    "trapezoid": trapezoid,
    "triang": lambda z, c: trapezoid(z, c, c),
    "truncexpon": lambda z, b: -z - np.log(-np.expm1(-b)),
    "truncnorm": lambda z, a, b: log_normal(z) - gauss_mass(a, b),
    "truncpareto": lambda z, b, c: (
        np.log(b) - (b + 1) * np.log(z) - np.log(-np.expm1(-b * np.log(c)))
    ),
    "truncweibull_min": truncweibull_min,
    "uniform": lambda z: 0.0 * z,
    "wrapcauchy": lambda z, c: (
        np.log((1 - c) * (1 + c))
        - math.log(2 * math.pi)
        - np.log(1 + c * c - 2 * c * np.cos(z))
    ),
}
ON_INTERVALS["reciprocal"] = ON_INTERVALS["loguniform"]

LOGPDF = ON_THE_LINE | ON_HALF_LINES | ON_INTERVALS
"""By SciPy's name of the distribution."""
