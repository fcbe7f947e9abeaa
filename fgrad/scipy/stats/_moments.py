"""Mean, variance and entropy of standardised distributions, in their shapes.

The values are SciPy's. Derivatives are those of a closed form, where a line is enough,
and of an integral elsewhere.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

import fgrad.scipy._special as sp
from fgrad._engine.box import primal, values
from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp
from fgrad.scipy.special._bessel import scaled_slope
from fgrad.scipy.stats._densities import LOGPDF
from fgrad.scipy.stats._integrals import expectation
from fgrad.scipy.stats._standard import SHAPES, along, given, missing

__all__ = ["MOMENTS"]


def _gamma_ratio(b: Any) -> tuple[Any, Any]:
    """The first two moments of a power of an exponential variable."""
    return sp.gamma(1 + b), sp.gamma(1 + 2 * b)


def weibull_var(c: Any) -> Any:
    """Of the power 1 / c of an exponential variable."""
    first, second = _gamma_ratio(1 / c)
    return second - first * first


def beta_entropy(a: Any, b: Any) -> Any:
    """By the expectations of log(z) and log(1 - z)."""
    both = (a + b - 2) * sp.psi(a + b)
    return sp.betaln(a, b) - (a - 1) * sp.psi(a) - (b - 1) * sp.psi(b) + both


def gamma_entropy(a: Any) -> Any:
    """By the expectation of log(z)."""
    return a + sp.gammaln(a) + (1 - a) * sp.psi(a)


def weibull_entropy(c: Any) -> Any:
    """By the expectation of log(z)."""
    return -np.euler_gamma / c - np.log(c)


def t_entropy(df: Any) -> Any:
    """By the expectation of log(1 + z**2 / df)."""
    half = (df + 1) / 2
    power = half * (sp.psi(half) - sp.psi(df / 2))
    return power + 0.5 * np.log(df) + sp.betaln(df / 2, 0.5)


def vonmises_entropy(kappa: Any) -> Any:
    """By the expectation of cos(z); for large kappa, less 1."""
    height = sp.i0e(kappa)
    usual = sp.i1e(kappa) - height
    return np.log(height) - kappa * scaled_slope(-1, 0, kappa, height, usual) / height


def log_mean(a: Any, b: Any) -> Any:
    """Of a variable whose logarithm is uniform."""
    return (b - a) / np.log(b / a)


def log_var(a: Any, b: Any) -> Any:
    """Likewise."""
    return (b - a) * (b + a) / (2 * np.log(b / a)) - log_mean(a, b) ** 2


def trapezoid_mean(c: Any, d: Any) -> Any:
    """A large triangle without two small ones."""
    return (1 + d + d * d - c * c) / (3 * (1 + d - c))


def trapezoid_var(c: Any, d: Any) -> Any:
    """The same of the second moment."""
    second = (1 + d + d * d + d**3 - c**3) / (6 * (1 + d - c))
    return second - trapezoid_mean(c, d) ** 2


Formula = Callable[..., Any]

MEAN: dict[str, Formula] = {
    "beta": lambda a, b: a / (a + b),
    "chi2": lambda df: 1.0 * df,
    "dgamma": lambda a: 0.0 * a,
    "dweibull": lambda c: 0.0 * c,
    "erlang": lambda a: 1.0 * a,
    "fatiguelife": lambda c: 1 + c * c / 2,
    "gamma": lambda a: 1.0 * a,
    "gennorm": lambda beta: 0.0 * beta,
    "halfgennorm": lambda beta: np.exp(sp.gammaln(2 / beta) - sp.gammaln(1 / beta)),
    "invgamma": lambda a: 1 / (a - 1),
    "lognorm": lambda s: np.exp(s * s / 2),
    "loguniform": log_mean,
    "pareto": lambda b: b / (b - 1),
    "pearson3": lambda skew: 0.0 * skew,
    "powerlaw": lambda a: a / (a + 1),
    "rdist": lambda c: 0.0 * c,
    "t": lambda df: 0.0 * df,
    "trapezoid": trapezoid_mean,
    "vonmises": lambda kappa: 0.0 * kappa,
    "weibull_max": lambda c: -sp.gamma(1 + 1 / c),
    "weibull_min": lambda c: sp.gamma(1 + 1 / c),
}

VAR: dict[str, Formula] = {
    "beta": lambda a, b: a * b / ((a + b) ** 2 * (a + b + 1)),
    "chi2": lambda df: 2.0 * df,
    "dgamma": lambda a: a * (a + 1),
    "dweibull": lambda c: sp.gamma(1 + 2 / c),
    "erlang": lambda a: 1.0 * a,
    "fatiguelife": lambda c: c * c * (1 + 1.25 * c * c),
    "gamma": lambda a: 1.0 * a,
    "gennorm": lambda beta: np.exp(sp.gammaln(3 / beta) - sp.gammaln(1 / beta)),
    "invgamma": lambda a: 1 / ((a - 1) ** 2 * (a - 2)),
    "lognorm": lambda s: np.exp(s * s) * np.expm1(s * s),
    "loguniform": log_var,
    "pareto": lambda b: b / ((b - 1) ** 2 * (b - 2)),
    "pearson3": lambda skew: 0.0 * skew,
    "powerlaw": lambda a: a / ((a + 2) * (a + 1) ** 2),
    "rdist": lambda c: 1 / (c + 1),
    "t": lambda df: df / (df - 2),
    "trapezoid": trapezoid_var,
    "weibull_max": weibull_var,
    "weibull_min": weibull_var,
}

ENTROPY: dict[str, Formula] = {
    "beta": beta_entropy,
    "chi2": lambda df: gamma_entropy(df / 2),
    "dgamma": gamma_entropy,
    "dweibull": weibull_entropy,
    "erlang": gamma_entropy,
    "gamma": gamma_entropy,
    "gennorm": lambda beta: 1 / beta - np.log(beta) + sp.gammaln(1 / beta),
    "halfgennorm": lambda beta: 1 / beta - np.log(beta) + sp.gammaln(1 / beta),
    "invgamma": lambda a: a + sp.gammaln(a) - (1 + a) * sp.psi(a),
    "lognorm": lambda s: np.log(s),
    "loguniform": lambda a, b: 0.5 * np.log(a * b) + np.log(np.log(b / a)),
    "pareto": lambda b: 1 / b - np.log(b),
    "pearson3": lambda skew: gamma_entropy(4 / skew**2) + np.log(np.abs(skew)),
    "powerlaw": lambda a: -1 / a - np.log(a),
    "rdist": lambda c: beta_entropy(c / 2, c / 2),
    "t": t_entropy,
    "trapezoid": lambda c, d: (
        0.5 * (1 - d + c) / (1 + d - c) + np.log(0.5 * (1 + d - c))
    ),
    "vonmises": vonmises_entropy,
    "weibull_max": weibull_entropy,
    "weibull_min": weibull_entropy,
}
"""Up to what does not depend on the shapes."""

for _table in (MEAN, VAR, ENTROPY):
    _table["reciprocal"] = _table["loguniform"]


@primitive
def mean(dist: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None) -> Any:
    """The mean."""
    return dist.mean(*given(a, b, c, d))


@primitive
def var(dist: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None) -> Any:
    """The variance."""
    return dist.var(*given(a, b, c, d))


@primitive
def entropy(
    dist: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """The differential entropy."""
    return dist.entropy(*given(a, b, c, d))


MOMENTS = {fun.__name__: fun for fun in (mean, var, entropy)}


def moment_slope(
    g: Any, ans: Any, dist: Any, shapes: tuple[Any, ...], k: int, method: str
) -> Any:
    """By the table or by an integral; nan where the moment is not finite."""
    which = [*MOMENTS].index(method)
    table = (MEAN, VAR, ENTROPY)[which]
    if dist.name in table:
        formula = table[dist.name]
    elif dist.name in LOGPDF and dist.name != "vonmises":

        def formula(*shapes: Any) -> Any:
            return expectation(dist, LOGPDF[dist.name], *shapes)[which]
    else:
        raise missing(dist, method, k + 1)
    exists = np.isfinite(primal(ans))
    slope = along(g, formula, shapes, k)
    if bool(np.all(values(exists))):
        return slope
    return np.where(exists, slope, np.nan)


def _slopes(method: str) -> dict[str, Callable[..., Any]]:
    """A pullback for each shape."""

    def of(k: int) -> Callable[..., Any]:
        def pullback(g, ans, dist, a=None, b=None, c=None, d=None):
            return moment_slope(g, ans, dist, given(a, b, c, d), k, method)

        return pullback

    return {name: of(k) for k, name in enumerate(SHAPES)}


for _name, _fun in MOMENTS.items():
    defvjp(_fun, elementwise=True, **_slopes(_name))
