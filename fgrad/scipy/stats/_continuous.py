"""Continuous distributions: location and scale around the standardised variable."""

from typing import Any

import numpy as np
import scipy.stats
from scipy.stats import rv_continuous

from fgrad._engine.box import primal, values
from fgrad._words.callsite import no_rule
from fgrad.derived.creation import as_traced
from fgrad.scipy.stats._draws import draw
from fgrad.scipy.stats._families import Family
from fgrad.scipy.stats._moments import MOMENTS
from fgrad.scipy.stats._parameters import floating, parsed, standardised
from fgrad.scipy.stats._standard import OPERATIONS

__all__: list[str] = []


def logpdf(dist: Any, x: Any, *args: Any, **kwds: Any) -> Any:
    """Of the standardised variable, less the logarithm of the scale."""
    z, shapes, scale = standardised(dist, x, args, kwds)
    ans = OPERATIONS["logpdf"](dist, z, *shapes)
    return ans if scale is None else ans - np.log(scale)


def pdf(dist: Any, x: Any, *args: Any, **kwds: Any) -> Any:
    """Of the standardised variable, divided by the scale."""
    z, shapes, scale = standardised(dist, x, args, kwds)
    ans = OPERATIONS["pdf"](dist, z, *shapes)
    return ans if scale is None else ans / scale


def cdf(dist: Any, x: Any, *args: Any, **kwds: Any) -> Any:
    """Of the standardised variable."""
    z, shapes, _ = standardised(dist, x, args, kwds)
    return OPERATIONS["cdf"](dist, z, *shapes)


def sf(dist: Any, x: Any, *args: Any, **kwds: Any) -> Any:
    """Of the standardised variable."""
    z, shapes, _ = standardised(dist, x, args, kwds)
    return OPERATIONS["sf"](dist, z, *shapes)


def logcdf(dist: Any, x: Any, *args: Any, **kwds: Any) -> Any:
    """Of the standardised variable."""
    z, shapes, _ = standardised(dist, x, args, kwds)
    return OPERATIONS["logcdf"](dist, z, *shapes)


def logsf(dist: Any, x: Any, *args: Any, **kwds: Any) -> Any:
    """Of the standardised variable."""
    z, shapes, _ = standardised(dist, x, args, kwds)
    return OPERATIONS["logsf"](dist, z, *shapes)


def ppf(dist: Any, q: Any, *args: Any, **kwds: Any) -> Any:
    """Of the standardised variable, stretched and moved."""
    shapes, loc, scale = parsed(dist, args, kwds)
    return OPERATIONS["ppf"](dist, floating(q), *shapes) * scale + loc


def isf(dist: Any, q: Any, *args: Any, **kwds: Any) -> Any:
    """Of the standardised variable, stretched and moved."""
    shapes, loc, scale = parsed(dist, args, kwds)
    return OPERATIONS["isf"](dist, floating(q), *shapes) * scale + loc


def mean(dist: Any, *args: Any, **kwds: Any) -> Any:
    """Of the standardised variable, stretched and moved."""
    shapes, loc, scale = parsed(dist, args, kwds)
    return MOMENTS["mean"](dist, *shapes) * scale + loc


def var(dist: Any, *args: Any, **kwds: Any) -> Any:
    """Of the standardised variable, stretched."""
    shapes, loc, scale = parsed(dist, args, kwds)
    valid = np.zeros(np.shape(loc))  # the location only has to fit
    return MOMENTS["var"](dist, *shapes) * scale * scale + valid


def std(dist: Any, *args: Any, **kwds: Any) -> Any:
    """The root of the variance."""
    return np.sqrt(var(dist, *args, **kwds))


def entropy(dist: Any, *args: Any, **kwds: Any) -> Any:
    """Of the standardised variable, and the logarithm of the scale."""
    shapes, loc, scale = parsed(dist, args, kwds)
    valid = np.zeros(np.shape(loc))
    return MOMENTS["entropy"](dist, *shapes) + np.log(scale) + valid


def median(dist: Any, *args: Any, **kwds: Any) -> Any:
    """The quantile of 1/2."""
    return ppf(dist, 0.5, *args, **kwds)


def interval(dist: Any, confidence: Any, *args: Any, **kwds: Any) -> Any:
    """The quantiles that leave equal parts on both sides."""
    confidence = as_traced(confidence)
    if bool(np.any((values(confidence) > 1) | (values(confidence) < 0))):
        raise ValueError("alpha must be between 0 and 1 inclusive")
    low, high = (1.0 - confidence) / 2, (1.0 + confidence) / 2
    return ppf(dist, low, *args, **kwds), ppf(dist, high, *args, **kwds)


def stats(dist: Any, *args: Any, moments: str = "mv", **kwds: Any) -> Any:
    """Mean and variance; what is beyond has no rule."""
    methods = {"m": mean, "v": var}
    if rest := set(moments) - {*methods}:
        raise no_rule(f"scipy.stats.{dist.name}.stats(..., moments={min(rest)!r})")
    found = [methods[m](dist, *args, **kwds) for m in "mv" if m in moments]
    return found[0] if len(found) == 1 else tuple(found)


def nnlf(dist: Any, theta: Any, x: Any) -> Any:
    """The negative sum of `logpdf`, infinite if any of it is."""
    *shapes, loc, scale = as_traced(theta)
    total = -np.sum(logpdf(dist, x, *shapes, loc=loc, scale=scale))
    return np.where(np.isnan(primal(total)), np.inf, total)


METHODS = {
    fun.__name__: fun
    for fun in (
        *(logpdf, pdf, cdf, sf, logcdf, logsf, ppf, isf),
        *(mean, var, std, entropy, median, interval, stats, nnlf),
    )
} | {"rvs": draw}

NUMERICAL = {
    *("irwinhall", "ksone", "kstwo", "landau", "levy_stable", "ncf", "nct"),
    "studentized_range",
}
"""What SciPy computes in ways that fgrad does not follow."""

LACKS = {
    "ncx2": "df",
    "vonmises": "var and std in kappa",
    **dict.fromkeys(NUMERICAL, "shapes, nor densities in x"),
}
"""What the tables do not have."""

for _name, _dist in vars(scipy.stats).items():
    if isinstance(_dist, rv_continuous):
        Family(_dist, _name, METHODS, LACKS.get(_name, ""))
