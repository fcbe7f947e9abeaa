"""Distributions of the standardised variable: SciPy's values, and derivatives of those.

Each operation takes SciPy's distribution, a point z or a probability q, and up to four
shapes. Outside of the support, the derivative is 0; where SciPy's value is nan, it is
nan.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import rv_continuous

from fgrad._engine.box import primal, values
from fgrad._engine.dispatch import primitive, traced
from fgrad._engine.rules import constant, defvjp
from fgrad._transforms import jvp
from fgrad._words.callsite import no_rule
from fgrad.batching.forms import aligned
from fgrad.scipy.special._words import KNOWN
from fgrad.scipy.stats._cumulative import CUMULATIVE
from fgrad.scipy.stats._densities import LOGPDF
from fgrad.scipy.stats._integrals import integral

__all__ = ["OPERATIONS", "along", "given", "slope_of_cdf"]

SHAPES = ("a", "b", "c", "d")
"""What the shapes are called in rules, whatever their names are."""


def given(*shapes: Any) -> tuple[Any, ...]:
    """The shapes that a distribution has."""
    return tuple(shape for shape in shapes if shape is not None)


def along(g: Any, fun: Callable[..., Any], args: tuple[Any, ...], k: int) -> Any:
    """The cotangent times the derivative of an elementwise formula in argument k.

    It is the derivative along ones: what depends on one shape only is computed once.
    """
    x = args[k]
    ones = np.ones(np.shape(x), np.result_type(x))[()]
    slope = jvp(lambda x: fun(*args[:k], x, *args[k + 1 :]), (x,), (ones,))[1]
    return g * slope


# Where a formula holds ----------------------------------------------------------------


def weight(
    dist: Any, z: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """1 inside of the support, 0 outside or at infinity, nan for what is invalid."""
    low, high = dist.support(*given(a, b, c, d))
    inside = np.less_equal(low, z) & np.less_equal(z, high) & np.isfinite(z)
    valid = np.equal(z, z) & np.equal(low, low)
    return np.where(inside, 1.0, np.where(valid, 0.0, np.nan))


def middle(
    dist: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """A point inside of the support."""
    low, high = np.broadcast_arrays(*dist.support(*given(a, b, c, d)))
    ends = (
        np.where(np.isfinite(low), low, high - 2),
        np.where(np.isfinite(high), high, low + 2),
    )
    inner = 0.53 * ends[0] + 0.47 * ends[1]
    return np.where(np.isinf(low) & np.isinf(high), 0.37, inner)


constant(weight, middle)
aligned(weight, arrays=("z", *SHAPES))
aligned(middle, arrays=SHAPES)


def inside(
    g: Any,
    dist: Any,
    args: tuple[Any, ...],
    formula: Callable[[Any, tuple[Any, ...]], Any],
) -> Any:
    """A formula for a cotangent, where it holds."""
    here = traced(weight)(dist, *map(primal, args))
    if bool(np.all(values(here) == 1)):
        return formula(g, args)
    z, *shapes = args
    holds = here == 1
    point = traced(middle)(dist, *map(primal, shapes))
    g = np.where(holds, g, 0.0)
    inner = formula(g, (np.where(holds, z, point), *shapes))
    return np.where(holds, inner, here)


# Densities ----------------------------------------------------------------------------


def missing(dist: Any, method: str, k: int) -> Exception:
    """There is no formula for a derivative."""
    name = ["x", *(dist.shapes or "").split(", ")][k]
    what = f"scipy.stats.{dist.name}.{method} with respect to {name}"
    return no_rule(what, f"\n{KNOWN}")


def log_density(dist: Any, method: str, k: int) -> Callable[..., Any]:
    """The formula of the table, for a derivative in argument k."""
    if dist.name not in LOGPDF:
        raise missing(dist, method, k)
    return LOGPDF[dist.name]


def logpdf_slope(g: Any, ans: Any, dist: Any, args: tuple[Any, ...], k: int) -> Any:
    """By the table of densities."""
    formula = log_density(dist, "logpdf", k)
    return inside(g, dist, args, lambda g, args: along(g, formula, args, k))


def pdf_slope(g: Any, ans: Any, dist: Any, args: tuple[Any, ...], k: int) -> Any:
    """The density times the derivative of its logarithm; nan for 0 times infinity."""
    formula = log_density(dist, "pdf", k)

    return inside(g, dist, args, lambda g, args: g * along(ans, formula, args, k))


@primitive
def logpdf(
    dist: Any, z: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """The logarithm of the density."""
    return dist.logpdf(z, *given(a, b, c, d))


@primitive
def pdf(
    dist: Any, z: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """The density."""
    return dist.pdf(z, *given(a, b, c, d))


# Cumulative probabilities -------------------------------------------------------------

LOWER = {"cdf": 1, "logcdf": 1, "sf": -1, "logsf": -1}
"""The sign of the derivative in z."""


def slope_of_cdf(g: Any, dist: Any, args: tuple[Any, ...], k: int) -> Any:
    """Of the probability below z, in a shape."""
    return cumulative_slope(g, None, dist, args, k, "cdf")


def log_probability(ans: Any, dist: Any, args: tuple[Any, ...], method: str) -> Any:
    """The logarithm of a probability: of the table, or SciPy's, which may round."""
    kind, formula = CUMULATIVE.get(dist.name, ("", None))
    if formula is None or not kind.startswith("log"):
        return ans
    log = formula(*args)
    if kind == method:
        return log
    rare = np.less(primal(log), -0.7)
    small, large = np.where(rare, log, -1.0), np.where(rare, -1.0, log)
    return np.where(rare, np.log1p(-np.exp(small)), np.log(-np.expm1(large)))


def cumulative_slope(
    g: Any, ans: Any, dist: Any, args: tuple[Any, ...], k: int, method: str
) -> Any:
    """The derivative in z, or in a shape by the table or by an integral."""
    log = method.startswith("log")
    if k == 0:
        g = LOWER[method] * g

        def density(g: Any, args: tuple[Any, ...]) -> Any:
            if log:
                whole = log_probability(ans, dist, args, method)
                return g * np.exp(logpdf(dist, *args) - whole)
            height = pdf(dist, *args)
            # SciPy may have multiplied 0 and infinity.
            lost = np.isnan(primal(height)) | np.equal(primal(height), 0)
            if dist.name in LOGPDF and bool(np.any(values(lost))):
                height = np.where(lost, np.exp(LOGPDF[dist.name](*args)), height)
            return g * height

        return inside(g, dist, args, density)
    if dist.name in CUMULATIVE:
        kind, formula = CUMULATIVE[dist.name]
    elif dist.name in LOGPDF:
        kind, formula = "cdf", integral(dist, LOGPDF[dist.name])
    else:
        raise missing(dist, method, k)
    sign = LOWER[kind] * LOWER[method]

    def by_table(g: Any, args: tuple[Any, ...]) -> Any:
        slope = sign * along(g, formula, args, k)
        if kind == method:
            return slope
        if kind.startswith("log"):
            whole = log_probability(ans, dist, args, method) if log else 0.0
            return slope * np.exp(formula(*args) - whole)
        return slope * np.exp(-ans) if log else slope

    return inside(g, dist, args, by_table)


@primitive
def cdf(
    dist: Any, z: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """The probability below z."""
    return dist.cdf(z, *given(a, b, c, d))


@primitive
def sf(
    dist: Any, z: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """The probability above z."""
    return dist.sf(z, *given(a, b, c, d))


@primitive
def logcdf(
    dist: Any, z: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """The logarithm of the probability below z."""
    return dist.logcdf(z, *given(a, b, c, d))


@primitive
def logsf(
    dist: Any, z: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """The logarithm of the probability above z."""
    return dist.logsf(z, *given(a, b, c, d))


# Quantiles ----------------------------------------------------------------------------


def quantile_slope(
    g: Any, ans: Any, dist: Any, args: tuple[Any, ...], k: int, sign: int
) -> Any:
    """By the theorem of implicit functions: the probability at the quantile stays."""
    q, *shapes = args
    point = (ans, *shapes)
    if k == 0:
        return sign * g / pdf(dist, *point)
    within = (primal(q) > 0) & (primal(q) < 1)
    if bool(np.all(values(within))):
        return slope_of_cdf(-g / pdf(dist, *point), dist, point, k)
    inner = traced(middle)(dist, *map(primal, shapes))
    point = (np.where(within, ans, inner), *shapes)
    slope = slope_of_cdf(-np.where(within, g, 0.0) / pdf(dist, *point), dist, point, k)
    fixed = type(dist)._get_support is rv_continuous._get_support
    return np.where(within, slope, (0.0 if fixed else np.nan) + 0 * primal(ans))


@primitive
def ppf(
    dist: Any, q: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """The point below which the probability is q."""
    return dist.ppf(q, *given(a, b, c, d))


@primitive
def isf(
    dist: Any, q: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """The point above which the probability is q."""
    return dist.isf(q, *given(a, b, c, d))


# Rules --------------------------------------------------------------------------------

OPERATIONS = {
    fun.__name__: fun for fun in (logpdf, pdf, cdf, sf, logcdf, logsf, ppf, isf)
}


def slopes(
    slope: Callable[[Any, Any, Any, tuple[Any, ...], int], Any], point: str = "z"
) -> dict[str, Callable[..., Any]]:
    """A pullback for the point and for each shape."""

    def of(k: int) -> Callable[..., Any]:
        def by_z(g, ans, dist, z, a=None, b=None, c=None, d=None):
            return slope(g, ans, dist, (z, *given(a, b, c, d)), k)

        def by_q(g, ans, dist, q, a=None, b=None, c=None, d=None):
            return slope(g, ans, dist, (q, *given(a, b, c, d)), k)

        return by_z if point == "z" else by_q

    return {name: of(k) for k, name in enumerate((point, *SHAPES))}


defvjp(logpdf, elementwise=True, **slopes(logpdf_slope))
defvjp(pdf, elementwise=True, **slopes(pdf_slope))
for _method in LOWER:
    defvjp(
        OPERATIONS[_method],
        elementwise=True,
        **slopes(
            lambda g, ans, dist, args, k, method=_method: cumulative_slope(
                g, ans, dist, args, k, method
            )
        ),
    )
for _fun, _sign in ((ppf, 1), (isf, -1)):
    defvjp(
        _fun,
        elementwise=True,
        **slopes(
            lambda g, ans, dist, args, k, sign=_sign: quantile_slope(
                g, ans, dist, args, k, sign
            ),
            point="q",
        ),
    )
