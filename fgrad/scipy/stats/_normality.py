"""A description of a sample, and tests of means and of the normal distribution."""

from typing import Any, NamedTuple

import numpy as np
import scipy.stats as ss

from fgrad._engine.box import as_array, primal
from fgrad._engine.rules import derived
from fgrad._words.callsite import no_rule
from fgrad.scipy.stats._axes import along_last
from fgrad.scipy.stats._by_formula import evaluated
from fgrad.scipy.stats._comparisons import Test, of_means, register, tail
from fgrad.scipy.stats._samples import kurtosis, refuse_to_omit, skew, variance
from fgrad.scipy.stats._standard import OPERATIONS

__all__: list[str] = []

# A description ------------------------------------------------------------------------


class Description(NamedTuple):
    """What `describe` returns for traced values."""

    nobs: int
    minmax: tuple[Any, Any]
    mean: Any
    variance: Any
    skewness: Any
    kurtosis: Any


@derived(ss.describe)
def describe(
    a: Any,
    axis: Any = 0,
    ddof: int = 1,
    bias: bool = True,
    nan_policy: str = "propagate",
) -> Any:
    """All of it at once."""
    a = as_array(a)
    refuse_to_omit("describe", nan_policy, [a])

    def theirs(a: Any) -> tuple[Any, ...]:
        found = ss.describe(a, axis, ddof, bias, nan_policy)
        return *found.minmax, *found[2:]

    def formula(a: Any) -> tuple[Any, ...]:
        (a,) = along_last([a], axis)
        shape = skew(a, bias), kurtosis(a, True, bias)
        return np.min(a, -1), np.max(a, -1), np.mean(a, -1), variance(a, ddof), *shape

    low, high, *rest = evaluated(theirs, formula, a)
    return Description(along_last([primal(a)], axis)[0].shape[-1], (low, high), *rest)


# Means --------------------------------------------------------------------------------


@derived(ss.f_oneway)
def f_oneway(*samples: Any, axis: Any = 0, **options: Any) -> Any:
    """Fisher's analysis of variance."""
    unusual = {n: v for n, v in options.items() if v not in USUAL.get(n, ())}
    if unusual:
        raise no_rule(f"scipy.stats.f_oneway(..., {min(unusual)}=...)")

    def theirs(*samples: Any) -> tuple[Any, Any]:
        found = ss.f_oneway(*samples, axis=axis)
        return found.statistic, found.pvalue

    def formula(*samples: Any) -> tuple[Any, Any]:
        groups = along_last(samples, axis)
        sizes, means = [a.shape[-1] for a in groups], [np.mean(a, -1) for a in groups]
        total = float(sum(sizes))
        middle = sum(n * m for n, m in zip(sizes, means, strict=True)) / total
        parts = zip(sizes, means, groups, strict=True)
        between, within = 0.0, 0.0
        for n, mean, group in parts:
            between = between + n * (mean - middle) ** 2
            within = within + n * variance(group, 0)
        dfs = len(groups) - 1.0, total - len(groups)
        f = between / dfs[0] / (within / dfs[1])
        return f, OPERATIONS["sf"](ss.f, f, *dfs)

    return Test(*evaluated(theirs, formula, *map(as_array, samples)))


USUAL = {"equal_var": (True,), "nan_policy": ("propagate",), "keepdims": (False,)}


def ttest_ind_from_stats(
    mean1: Any,
    std1: Any,
    nobs1: Any,
    mean2: Any,
    std2: Any,
    nobs2: Any,
    equal_var: bool,
    alternative: str,
) -> Any:
    """Of two means, by what is known of the samples."""
    variances, sizes = (std1 * std1, std2 * std2), (nobs1, nobs2)
    return of_means(mean1 - mean2, variances, sizes, equal_var, alternative)


# Whether a sample is normal -----------------------------------------------------------


def skewness_score(a: Any) -> Any:
    """D'Agostino (1970)."""
    n = float(a.shape[-1])
    y = skew(a) * np.sqrt((n + 1) * (n + 3) / (6 * (n - 2)))
    rest = (n - 2) * (n + 5) * (n + 7) * (n + 9)
    beta = 3 * (n * n + 27 * n - 70) * (n + 1) * (n + 3) / rest
    w = np.sqrt(2 * (beta - 1)) - 1
    return np.arcsinh(y / np.sqrt(2 / (w - 1))) / np.sqrt(0.5 * np.log(w))


def kurtosis_score(a: Any) -> Any:
    """Anscombe and Glynn (1983)."""
    n = float(a.shape[-1])
    spread = 24 * n * (n - 2) * (n - 3) / ((n + 1) ** 2 * (n + 3) * (n + 5))
    x = (kurtosis(a) - 3 * (n - 1) / (n + 1)) / np.sqrt(spread)
    root = np.sqrt(6 * (n + 3) * (n + 5) / (n * (n - 2) * (n - 3)))
    beta = 6 * (n * n - 5 * n + 2) / ((n + 7) * (n + 9)) * root
    c = 6 + 8 / beta * (2 / beta + np.sqrt(1 + 4 / beta**2))
    denominator = 1 + x * np.sqrt(2 / (c - 4))
    sign = np.sign(primal(denominator))
    power = sign * np.cbrt((1 - 2 / c) / (sign * denominator))
    return (1 - 2 / (9 * c) - power) / np.sqrt(2 / (9 * c))


def skewtest(a: Any, alternative: str) -> Any:
    """By the skewness."""
    z = skewness_score(a)
    return z, tail(ss.norm, z, alternative)


def kurtosistest(a: Any, alternative: str) -> Any:
    """By the kurtosis."""
    z = kurtosis_score(a)
    return z, tail(ss.norm, z, alternative)


def normaltest(a: Any) -> Any:
    """By both."""
    statistic = skewness_score(a) ** 2 + kurtosis_score(a) ** 2
    return statistic, OPERATIONS["sf"](ss.chi2, statistic, 2.0)


STATS = ("mean1", "std1", "nobs1", "mean2", "std2", "nobs2")

register("ttest_ind_from_stats", STATS, Test, ttest_ind_from_stats)
register("skewtest", ("a",), Test, skewtest)
register("kurtosistest", ("a",), Test, kurtosistest)
register("normaltest", ("a",), Test, normaltest)
