"""Distances of samples, lines through points, and statistics of tests.

The results of tests are named tuples of what has a derivative.
"""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import scipy.stats as ss

import fgrad.scipy._special as sp
from fgrad._engine.box import as_array, boxes_in, primal
from fgrad._engine.rules import derived
from fgrad._words.callsite import no_rule
from fgrad.scipy.stats._by_formula import by_formula
from fgrad.scipy.stats._samples import central, whole
from fgrad.scipy.stats._standard import OPERATIONS

__all__ = ["Test", "of_means", "register", "tail"]

# Distances ----------------------------------------------------------------------------


def shares(values: Any, weights: Any, points: Any) -> Any:
    """What part of a sample is not above each of the points."""
    order = np.argsort(primal(values))
    index = np.searchsorted(primal(values)[order], points, "right")
    if weights is None:
        return index / values.shape[0]
    total = np.concatenate([np.zeros(1), np.cumsum(as_array(weights)[order])])
    return total[index] / total[-1]


def distance(
    power: int,
    u_values: Any,
    v_values: Any,
    u_weights: Any = None,
    v_weights: Any = None,
) -> Any:
    """The integral of the difference of two cumulative distributions, to a power."""
    u, v = as_array(u_values), as_array(v_values)
    both = np.sort(np.concatenate([u, v]))
    points = primal(both)[:-1]
    gap = shares(u, u_weights, points) - shares(v, v_weights, points)
    if power == 1:
        return np.sum(np.abs(gap) * np.diff(both))
    return np.sqrt(2 * np.sum(gap * gap * np.diff(both)))


for _power, _theirs in ((1, ss.wasserstein_distance), (2, ss.energy_distance)):
    derived(_theirs)(
        lambda *args, theirs=_theirs, power=_power, **kwds: by_formula(
            theirs, partial(distance, power), args, kwds
        )
    )

# Probabilities of a statistic ---------------------------------------------------------


def tail(dist: Any, z: Any, alternative: str, *shapes: float) -> Any:
    """The probability of a value as far out, of a symmetric distribution."""
    sf, cdf = OPERATIONS["sf"], OPERATIONS["cdf"]
    if alternative == "two-sided":
        return 2 * sf(dist, np.abs(z), *shapes)
    return (cdf if alternative == "less" else sf)(dist, z, *shapes)


class Correlation(NamedTuple):
    """What `pearsonr` returns for traced values."""

    statistic: Any
    pvalue: Any


class _Line(NamedTuple):
    slope: Any
    intercept: Any
    rvalue: Any
    pvalue: Any
    stderr: Any


class Line(_Line):
    """What `linregress` returns for traced values; as in SciPy, it has five parts."""

    intercept_stderr: Any

    def __new__(cls, *found: Any) -> Any:
        line = super().__new__(cls, *found[:5])
        line.intercept_stderr = found[5]
        return line


class Test(NamedTuple):
    """What a test returns for traced values."""

    statistic: Any
    pvalue: Any


Formula = Callable[..., Any]


def register(
    name: str,
    samples: tuple[str, ...],
    kind: Any,
    formula: Formula,
    fields: tuple[str, ...] = ("statistic", "pvalue"),
) -> None:
    """Let a test be this formula for traced values, and its result of this kind."""
    test = getattr(ss, name)

    def theirs(*args: Any, **kwds: Any) -> tuple[Any, ...]:
        found = test(*args, **kwds)
        return tuple(getattr(found, field) for field in fields)

    theirs.__signature__ = inspect.signature(test)  # pyright: ignore[reportFunctionMemberAccess]
    by_name = partial(whole, name, samples, formula)

    def composition(*args: Any, **kwds: Any) -> Any:
        return kind(*by_formula(theirs, by_name, args, kwds))

    composition.__module__ = formula.__module__
    derived(test)(composition)


def pearsonr(x: Any, y: Any, alternative: str, method: Any = None) -> Any:
    """The cosine of the angle between two centered samples."""
    if method is not None:
        raise no_rule("scipy.stats.pearsonr(..., method=...)")
    x, y = (a - np.mean(a, -1, keepdims=True) for a in (x, y))
    if x.shape[-1] == 2:  # a line goes through any two points
        r = np.sign(np.sum(x * y, -1))
        return r, np.abs(r)
    r = np.sum(x * y, -1) / np.sqrt(np.sum(x * x, -1) * np.sum(y * y, -1))
    half = x.shape[-1] / 2 - 1
    if alternative == "two-sided":
        chance = 2 * OPERATIONS["cdf"](ss.beta, (1 - np.abs(r)) / 2, half, half)
    else:
        side = (1 + r if alternative == "less" else 1 - r) / 2
        chance = OPERATIONS["cdf"](ss.beta, side, half, half)
    return r, chance


def linregress(x: Any, y: Any, alternative: str) -> Any:
    """The least squares, and the errors that they leave."""
    n, middle = x.shape[-1], np.mean(x, -1)
    away, other = x - middle[..., None], y - np.mean(y, -1, keepdims=True)
    xx, xy, yy = (np.mean(p, -1) for p in (away * away, away * other, other * other))
    slope, r, df = xy / xx, xy / np.sqrt(xx * yy), n - 2
    t = r * np.sqrt(df / ((1 - r) * (1 + r)))
    error = np.sqrt((1 - r * r) * yy / xx / df)
    chance = tail(ss.t, t, alternative, float(df))
    intercept = np.mean(y, -1) - slope * middle
    return slope, intercept, r, chance, error, error * np.sqrt(xx + middle * middle)


def ttest_1samp(a: Any, popmean: Any, alternative: str) -> Any:
    """The distance of the mean, by its standard deviation."""
    n = a.shape[-1]
    error = np.sqrt(central(a, 2) / (n - 1))
    t = (np.mean(a, -1) - popmean[..., 0]) / error
    return t, tail(ss.t, t, alternative, n - 1.0)


def ttest_rel(a: Any, b: Any, alternative: str) -> Any:
    """Of the differences."""
    return ttest_1samp(a - b, np.zeros(1), alternative)


def ttest_ind(
    a: Any, b: Any, equal_var: bool, alternative: str, trim: float, method: Any
) -> Any:
    """Of two means; without equal variances, Welch's."""
    if trim or method is not None:
        raise no_rule("scipy.stats.ttest_ind(..., trim=..., method=...)")
    n, m = a.shape[-1], b.shape[-1]
    # One entry alone has variance 0, and no weight among both.
    variances = [central(x, 2) * k / max(k - 1, 1) for x, k in ((a, n), (b, m))]
    difference = np.mean(a, -1) - np.mean(b, -1)
    return of_means(difference, (*variances,), (n, m), equal_var, alternative)


def of_means(
    difference: Any,
    variances: tuple[Any, Any],
    sizes: tuple[Any, Any],
    equal_var: bool,
    alternative: str,
) -> Any:
    """Student's t of a difference of means; without equal variances, Welch's."""
    (first, second), (n, m) = variances, sizes
    if equal_var:
        df = n + m - 2.0
        pooled = ((n - 1) * first + (m - 1) * second) / df
        error = pooled * (1.0 / n + 1.0 / m)
    else:
        p, q = first / n, second / m
        error = p + q
        df = error**2 / (p**2 / (n - 1) + q**2 / (m - 1))
    t = difference / np.sqrt(error)
    return t, tail(ss.t, t, alternative, df)


def jarque_bera(x: Any) -> Any:
    """Skewness and kurtosis, together."""
    square = central(x, 2)
    skew, kurtosis = central(x, 3) ** 2 / square**3, central(x, 4) / square**2 - 3
    statistic = x.shape[-1] / 6 * (skew + kurtosis**2 / 4)
    return statistic, OPERATIONS["sf"](ss.chi2, statistic, 2.0)


POWERS = {
    "pearson": 1,
    "log-likelihood": 0,
    "freeman-tukey": -0.5,
    "mod-log-likelihood": -1,
    "neyman": -2,
    "cressie-read": 2 / 3,
}


def power_divergence(
    f_obs: Any, f_exp: Any = None, ddof: Any = 0, lambda_: Any = None, **_: Any
) -> Any:
    """Cressie and Read (1984)."""
    if boxes_in([lambda_]):
        raise no_rule("scipy.stats.power_divergence with respect to lambda_")
    power: Any = 1 if lambda_ is None else POWERS.get(lambda_, lambda_)
    if f_exp is None:
        f_exp = np.mean(f_obs, -1, keepdims=True)
    if power == 1:
        terms = (f_obs - f_exp) ** 2 / f_exp
    elif power == 0:
        terms = 2.0 * f_obs * np.log(f_obs / f_exp)
    elif power == -1:
        terms = 2.0 * f_exp * np.log(f_exp / f_obs)
    else:
        terms = f_obs * ((f_obs / f_exp) ** power - 1) / (0.5 * power * (power + 1))
    statistic = np.sum(terms, -1)
    df = f_obs.shape[-1] - 1.0 - ddof
    return statistic, sp.chdtrc(df, statistic)  # also of no degree of freedom


register("pearsonr", ("x", "y"), Correlation, pearsonr)
register(
    "linregress", ("x", "y"), Line, linregress, (*_Line._fields, "intercept_stderr")
)
register("ttest_1samp", ("a", "popmean"), Test, ttest_1samp)
register("ttest_rel", ("a", "b"), Test, ttest_rel)
register("ttest_ind", ("a", "b"), Test, ttest_ind)
register("jarque_bera", ("x",), Test, jarque_bera)
register("chisquare", ("f_obs", "f_exp"), Test, power_divergence)
register("power_divergence", ("f_obs", "f_exp"), Test, power_divergence)
