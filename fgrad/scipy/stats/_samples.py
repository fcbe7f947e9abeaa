"""Statistics of samples: SciPy's values, and formulas along the last axis.

SciPy itself checks the options and computes; the formulas say how the result moves.
"""

import inspect
import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
import scipy.stats as ss

import fgrad.scipy._special as sp
from fgrad._engine.box import as_array, boxes_in, primal
from fgrad._engine.rules import derived
from fgrad._words.callsite import no_rule
from fgrad.scipy.stats._axes import along_last
from fgrad.scipy.stats._by_formula import by_formula

__all__ = ["central", "kurtosis", "refuse_to_omit", "register", "skew", "variance"]

BOUNDS = ("limits", "proportiontocut")
"""What decides only which entries count."""

SEPARATE = {"ttest_ind", "ttest_1samp"}
"""What does not pair the entries of its samples: these have sizes of their own."""

NOT_OPTIONS = {"axis", "nan_policy", "keepdims", "dtype"}
"""What is seen to for all formulas."""


def refuse_to_omit(name: str, policy: Any, arrays: Iterable[Any]) -> None:
    """Formulas are of all entries, so none of them may be left out."""
    if policy == "omit" and any(np.any(np.isnan(primal(a))) for a in arrays):
        raise no_rule(
            f"scipy.stats.{name}(..., nan_policy='omit') of samples with nan",
            "\nPick the other entries before: a[~np.isnan(a)].",
        )


def whole(
    name: str, samples: tuple[str, ...], formula: Callable[..., Any], /, **given: Any
) -> Any:
    """A formula, by the arguments of SciPy's function."""
    parameters = inspect.signature(getattr(ss, name)).parameters
    options = {n: p.default for n, p in parameters.items()} | given
    arrays = [as_array(options.pop(n)) for n in samples if options[n] is not None]
    options = {n: value for n, value in options.items() if n not in samples}
    refuse_to_omit(name, options.get("nan_policy"), arrays)
    if "axis" in options:
        paired = name not in SEPARATE
        arrays = along_last(arrays, options["axis"], paired=paired)
    options = {n: value for n, value in options.items() if n not in NOT_OPTIONS}
    return formula(*arrays, **options)


def register(name: str, samples: tuple[str, ...], formula: Callable[..., Any]) -> None:
    """Let a function of SciPy's be this formula for traced values.

    The formula gets the samples, with the axis in the last place, and the options.
    """
    theirs = getattr(ss, name)
    by_name = partial(whole, name, samples, formula)

    def composition(*args: Any, **kwds: Any) -> Any:
        return by_formula(theirs, by_name, args, kwds, BOUNDS)

    composition.__module__ = formula.__module__
    derived(theirs)(composition)


# Moments ------------------------------------------------------------------------------


def central(a: Any, order: int) -> Any:
    """The mean of a power of the distances from the mean."""
    return np.mean((a - np.mean(a, -1, keepdims=True)) ** order, -1)


def variance(a: Any, ddof: float) -> Any:
    """The variance, with a correction."""
    return np.var(a, -1, ddof=ddof)


def moment(a: Any, order: Any = 1, center: Any = None) -> Any:
    """About the mean, or about a center; of several orders, along a first axis."""
    if np.ndim(order):
        parts = [moment(a, one, center) for one in np.ravel(order)]
        return np.stack(parts)
    if order == 1 and center is None:
        return 0 * np.sum(a, -1)
    away = a - (np.mean(a, -1, keepdims=True) if center is None else center)
    return np.mean(away ** int(order), -1)


def skew(a: Any, bias: bool = True) -> Any:
    """The third moment of the standardised sample."""
    n = a.shape[-1]
    ans = central(a, 3) / central(a, 2) ** 1.5
    return ans if bias or n <= 2 else math.sqrt((n - 1.0) * n) / (n - 2.0) * ans


def kurtosis(a: Any, fisher: bool = True, bias: bool = True) -> Any:
    """The fourth moment of the standardised sample; without constants."""
    n = a.shape[-1]
    ans = central(a, 4) / central(a, 2) ** 2
    return ans if bias or n <= 3 else (n * n - 1.0) / (n - 2) / (n - 3) * ans


def kstat(data: Any, n: int = 2) -> Any:
    """Unbiased estimators of cumulants, by sums of powers: Kendall, section 12.7."""
    size = float(data.shape[-1])
    second = size * central(data, 2)
    if n == 1:
        return np.mean(data, -1)
    if n == 2:
        return second / (size - 1)
    if n == 3:
        return size**2 * central(data, 3) / ((size - 1) * (size - 2))
    fourth = size**2 * (size + 1) * central(data, 4) - 3 * (size - 1) * second**2
    return fourth / ((size - 1) * (size - 2) * (size - 3))


def variation(a: Any, ddof: float = 0) -> Any:
    """The standard deviation in terms of the mean."""
    return np.std(a, -1, ddof=ddof) / np.mean(a, -1)


def sem(a: Any, ddof: float = 1) -> Any:
    """The standard deviation of the mean."""
    return np.std(a, -1, ddof=ddof) / math.sqrt(a.shape[-1])


for _fun, _samples in (
    *((moment, "a"), (skew, "a"), (kurtosis, "a"), (variation, "a"), (sem, "a")),
    (kstat, "data"),
):
    register(_fun.__name__, (_samples,), _fun)

# Standardised samples -----------------------------------------------------------------


def zmap(scores: Any, compare: Any, ddof: float, axis: Any, log: bool = False) -> Any:
    """Scores, by the mean and the standard deviation of a sample."""
    scores, compare = as_array(scores), as_array(compare)
    if log:
        scores, compare = np.log(scores), np.log(compare)
    mean = np.mean(compare, axis, keepdims=True)
    return (scores - mean) / np.std(compare, axis, ddof=ddof, keepdims=True)


def register_scores(name: str) -> None:
    """`zscore`, `gzscore` and `zmap`, whose results have the shape of the scores."""
    theirs = getattr(ss, name)

    def formula(axis: Any = 0, ddof: float = 0, nan_policy: str = "", **s: Any) -> Any:
        refuse_to_omit(name, nan_policy, s.values())
        scores = s["scores"] if name == "zmap" else s["a"]
        return zmap(scores, s.get("compare", scores), ddof, axis, name == "gzscore")

    def composition(*args: Any, **kwds: Any) -> Any:
        return by_formula(theirs, formula, args, kwds)

    derived(theirs)(composition)


for _name in ("zscore", "gzscore", "zmap"):
    register_scores(_name)

# Means --------------------------------------------------------------------------------


def average(a: Any, weights: Any = None) -> Any:
    """Weights have the axis in the last place, too."""
    if weights is None:
        return np.mean(a, -1)
    return np.sum(a * weights, -1) / np.sum(weights + 0 * primal(a), -1)


def gmean(a: Any, weights: Any = None) -> Any:
    """The mean of logarithms."""
    return np.exp(average(np.log(a), weights))


def hmean(a: Any, weights: Any = None) -> Any:
    """The mean of reciprocals."""
    return 1 / average(1 / a, weights)


def pmean(a: Any, weights: Any = None, p: Any = 1) -> Any:
    """The mean of powers."""
    if primal(p) == 0:
        if boxes_in([p]):
            raise no_rule("scipy.stats.pmean with respect to p, where it is 0")
        return gmean(a, weights)
    return average(a ** (1.0 * p), weights) ** (1 / (1.0 * p))


def gstd(a: Any, ddof: float = 1) -> Any:
    """The standard deviation of logarithms."""
    return np.exp(np.std(np.log(a), -1, ddof=ddof))


def trim_mean(a: Any, proportiontocut: float) -> Any:
    """Of what is left when both ends are cut off."""
    n = a.shape[-1]
    cut = int(proportiontocut * n)
    return np.mean(np.sort(a, -1)[..., cut : n - cut], -1)


def expectile(a: Any, weights: Any = None, alpha: Any = 0.5) -> Any:
    """The mean with weights that depend on the side, which stays; of all entries."""
    shape, a = np.shape(a), np.reshape(a, -1)
    weights = None if weights is None else np.broadcast_to(weights, shape).reshape(-1)
    plain = None if weights is None else primal(weights)
    ans = ss.expectile(primal(a), primal(alpha), weights=plain)
    sides = np.where(primal(a) > ans, alpha, 1 - alpha)
    return average(a, sides if weights is None else sides * weights)


for _fun in (gmean, hmean, pmean, expectile):
    register(_fun.__name__, ("a", "weights"), _fun)
for _fun in (gstd, trim_mean):
    register(_fun.__name__, ("a",), _fun)

# Within limits ------------------------------------------------------------------------


def limited(a: Any, limits: Any, inclusive: Any) -> tuple[Any, Any, Any]:
    """What is within limits, how many that are, and their mean."""
    low, high = (None, None) if limits is None else limits
    plain = primal(a)
    kept = np.ones(plain.shape, bool)
    if low is not None:
        kept = kept & (plain >= low if inclusive[0] else plain > low)
    if high is not None:
        kept = kept & (plain <= high if inclusive[1] else plain < high)
    count = np.sum(kept, -1)
    return kept, count, np.sum(np.where(kept, a, 0), -1) / count


def tmean(a: Any, limits: Any = None, inclusive: Any = (True, True)) -> Any:
    """The mean."""
    return limited(a, limits, inclusive)[2]


def tvar(
    a: Any, limits: Any = None, inclusive: Any = (True, True), ddof: float = 1
) -> Any:
    """The variance."""
    kept, count, mean = limited(a, limits, inclusive)
    away = np.where(kept, a - np.expand_dims(mean, -1), 0)
    return np.sum(away * away, -1) / (count - ddof)


def tstd(a: Any, **options: Any) -> Any:
    """The standard deviation."""
    return np.sqrt(tvar(a, **options))


def tsem(
    a: Any, limits: Any = None, inclusive: Any = (True, True), ddof: Any = 1
) -> Any:
    """The standard deviation of the mean."""
    count = limited(a, limits, inclusive)[1]
    return np.sqrt(tvar(a, limits, inclusive, ddof) / count)


for _fun in (tmean, tvar, tstd, tsem):
    register(_fun.__name__, ("a",), _fun)

# By order -----------------------------------------------------------------------------


def iqr(x: Any, rng: Any, scale: Any, interpolation: str) -> Any:
    """The distance of two percentiles."""
    if boxes_in([rng]):
        raise no_rule("scipy.stats.iqr with respect to rng", "\nUse np.percentile.")
    low, high = np.percentile(x, sorted(rng), -1, method=interpolation)
    normal = isinstance(scale, str)
    return (high - low) / (2 * math.sqrt(2) * sp.erfinv(0.5) if normal else scale)


def median_abs_deviation(x: Any, center: Any = None, scale: Any = 1.0) -> Any:
    """The median distance from the median."""
    middle = np.median(x, -1) if center is None else center(x, axis=-1)
    ans = np.median(np.abs(x - np.expand_dims(middle, -1)), -1)
    return ans / (sp.ndtri(0.75) if isinstance(scale, str) else scale)


for _fun in (iqr, median_abs_deviation):
    register(_fun.__name__, ("x",), _fun)

# Around the circle --------------------------------------------------------------------


def directions(samples: Any, high: Any, low: Any) -> tuple[Any, Any, Any]:
    """The mean of unit vectors, and how long a radian is."""
    unit = (high - low) / (2 * math.pi)
    angle = samples / unit
    return np.mean(np.sin(angle), -1), np.mean(np.cos(angle), -1), unit


def circmean(samples: Any, high: Any, low: Any) -> Any:
    """The angle of the mean, from low to high."""
    sine, cosine, unit = directions(samples, high, low)
    return np.remainder(np.arctan2(sine, cosine) * unit - low, high - low) + low


def circvar(samples: Any, high: Any, low: Any) -> Any:
    """What the mean is shorter than 1, which one sample is not."""
    if np.shape(samples)[-1] == 1:
        return 0.0 * samples[..., 0]
    sine, cosine, _ = directions(samples, high, low)
    return 1 - np.hypot(sine, cosine)


def circstd(samples: Any, high: Any, low: Any, normalize: bool = False) -> Any:
    """By the logarithm of the length, which is 1 for one sample."""
    if np.shape(samples)[-1] == 1:
        return 0.0 * samples[..., 0]
    sine, cosine, unit = directions(samples, high, low)
    ans = np.sqrt(-2 * np.log(np.hypot(sine, cosine)))
    return ans if normalize else ans * unit


for _fun in (circmean, circvar, circstd):
    register(_fun.__name__, ("samples",), _fun)

# Entropy, and power transforms --------------------------------------------------------


def entropy(pk: Any, qk: Any = None, base: Any = None) -> Any:
    """Of shares, alone or relative to others."""
    pk = pk / np.sum(pk, -1, keepdims=True)
    if qk is None:
        ans = np.sum(sp.entr(pk), -1)
    else:
        ans = np.sum(sp.rel_entr(pk, qk / np.sum(qk, -1, keepdims=True)), -1)
    return ans if base is None else ans / np.log(base)


def yeojohnson_of(x: Any, lmbda: Any) -> Any:
    """Yeo and Johnson (2000): a power of 1 + x, or of 1 - x."""
    right = np.greater_equal(x, 0)
    up, down = np.where(right, x, 0.0), np.where(right, 0.0, x)
    return np.where(right, sp.boxcox1p(up, lmbda), -sp.boxcox1p(-down, 2 - lmbda))


def register_transform(name: str, of: Callable[..., Any]) -> None:
    """A transform with a given power."""
    theirs = getattr(ss, name)

    def formula(x: Any, lmbda: Any) -> Any:
        return of(as_array(x), lmbda)

    def composition(*args: Any, **kwds: Any) -> Any:
        given = inspect.signature(theirs).bind(*args, **kwds).arguments
        if given.get("lmbda") is None:
            raise no_rule(
                f"scipy.stats.{name} without lmbda",
                f"\nThe best power is the maximum of {name}_llf, which has a "
                f"derivative: find it with stop_gradient of the data, and pass it.",
            )
        return by_formula(theirs, formula, args, kwds)

    derived(theirs)(composition)


def boxcox_llf(data: Any, lmb: Any) -> Any:
    """The log-likelihood of the power, up to constants."""
    log = np.log(data)
    spread = np.log(variance(sp.boxcox(data, lmb), 0))
    return (lmb - 1) * np.sum(log, -1) - data.shape[-1] / 2 * spread


def yeojohnson_llf(data: Any, lmb: Any) -> Any:
    """Likewise."""
    spread = np.log(variance(yeojohnson_of(data, lmb), 0))
    side = np.where(primal(data) < 0, -1.0, 1.0)  # log1p of the size is smooth at 0
    jacobian = np.sum(side * np.log1p(side * data), -1)
    return (lmb - 1) * jacobian - data.shape[-1] / 2 * spread


register("entropy", ("pk", "qk"), entropy)
register("boxcox_llf", ("data",), boxcox_llf)
register("yeojohnson_llf", ("data",), yeojohnson_llf)
register_transform("boxcox", sp.boxcox)
register_transform("yeojohnson", yeojohnson_of)
