"""Discrete distributions: SciPy's values, and derivatives in the parameters."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import scipy.stats
from scipy.stats import rv_discrete

from fgrad._engine.box import boxes_in, primal, values
from fgrad._engine.dispatch import primitive, traced
from fgrad._engine.rules import defvjp
from fgrad._words.callsite import no_rule
from fgrad.scipy.special._words import COUNT, KNOWN
from fgrad.scipy.stats._families import Family
from fgrad.scipy.stats._masses import COUNTS, CUMULATIVE, LOGPMF, MEAN, VAR
from fgrad.scipy.stats._parameters import floating
from fgrad.scipy.stats._standard import (
    LOWER,
    SHAPES,
    along,
    given,
    inside,
    weight,
)

__all__ = ["PROBABILITIES", "TOTALS"]


def missing(dist: Any, method: str, k: int) -> Exception:
    """There is no derivative in parameter k."""
    name = dist.shapes.split(", ")[k]
    hint = COUNT if name in COUNTS.get(dist.name, ()) else KNOWN
    what = f"scipy.stats.{dist.name}.{method} with respect to {name}"
    return no_rule(what, f"\n{hint}")


def found(table: dict[str, Any], dist: Any, method: str, k: int) -> Any:
    """The entry of a table, if there is a derivative in parameter k."""
    name = dist.shapes.split(", ")[k]
    if dist.name not in table or name in COUNTS.get(dist.name, ()):
        raise missing(dist, method, k)
    return table[dist.name]


# Probabilities ------------------------------------------------------------------------


@primitive
def logpmf(
    dist: Any, k: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """The logarithm of the probability of k."""
    return dist.logpmf(k, *given(a, b, c, d))


@primitive
def pmf(
    dist: Any, k: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """The probability of k."""
    return dist.pmf(k, *given(a, b, c, d))


@primitive
def cdf(
    dist: Any, k: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """The probability of k and what is below."""
    return dist.cdf(k, *given(a, b, c, d))


@primitive
def sf(
    dist: Any, k: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """The probability above k."""
    return dist.sf(k, *given(a, b, c, d))


@primitive
def logcdf(
    dist: Any, k: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """The logarithm of the probability of k and what is below."""
    return dist.logcdf(k, *given(a, b, c, d))


@primitive
def logsf(
    dist: Any, k: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """The logarithm of the probability above k."""
    return dist.logsf(k, *given(a, b, c, d))


PROBABILITIES = {fun.__name__: fun for fun in (logpmf, pmf, cdf, sf, logcdf, logsf)}


def mass_slope(
    g: Any, ans: Any, dist: Any, args: tuple[Any, ...], i: int, method: str
) -> Any:
    """Of the probability of k, or its logarithm; k has to be whole."""
    formula = found(LOGPMF, dist, method, i)
    k, *shapes = args
    k = np.where(np.equal(np.floor(k), k), k, np.inf)
    if method == "pmf":
        g = g * ans
    return inside(g, dist, (k, *shapes), lambda g, args: along(g, formula, args, i + 1))


def cumulative_slope(
    g: Any, ans: Any, dist: Any, args: tuple[Any, ...], i: int, method: str
) -> Any:
    """Of a cumulative probability, by the table or by a sum; 0 where it is all."""
    if dist.name in CUMULATIVE:
        kind, formula = found(CUMULATIVE, dist, method, i)
    else:
        found(LOGPMF, dist, method, i)
        kind, formula = "cdf", partial(summed, dist)
    log, sign = method.startswith("log"), LOWER[kind] * LOWER[method]
    k, *shapes = np.floor(args[0]), *args[1:]
    more = traced(weight)(dist, k + 1, *map(primal, shapes))
    k = np.where(more == 1, k, np.inf)

    def slope(g: Any, args: tuple[Any, ...]) -> Any:
        change = sign * along(g, formula, args, i + 1)
        if kind == method:
            return change
        if kind.startswith("log"):
            share = PROBABILITIES[kind](dist, *args)
            return change * np.exp(share - ans if log else share)
        return change * np.exp(-ans) if log else change

    return inside(g, dist, (k, *shapes), slope)


def summed(dist: Any, k: Any, *shapes: Any) -> Any:
    """The probabilities up to k, one by one; the support begins at 0."""
    j = np.arange(int(np.max(k, initial=0)) + 1.0)
    reached = j <= np.expand_dims(k, -1)
    wide = tuple(np.expand_dims(shape, -1) for shape in shapes)
    mass = pmf(dist, np.where(reached, j, 0.0), *wide)
    return np.sum(np.where(reached, mass, 0.0), -1)


def of_parameters(method: str, slope: Callable[..., Any]) -> dict[str, Any]:
    """A pullback for each parameter."""

    def of(i: int) -> Callable[..., Any]:
        def pullback(g, ans, dist, k, a=None, b=None, c=None, d=None):
            return slope(g, ans, dist, (k, *given(a, b, c, d)), i, method)

        return pullback

    return {name: of(i) for i, name in enumerate(SHAPES)}


for _name, _fun in PROBABILITIES.items():
    _slope = mass_slope if _name.endswith("pmf") else cumulative_slope
    defvjp(_fun, elementwise=True, lacks={"k": COUNT}, **of_parameters(_name, _slope))

# Mean, variance and entropy -----------------------------------------------------------


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
    """The entropy."""
    return dist.entropy(*given(a, b, c, d))


TOTALS = {fun.__name__: fun for fun in (mean, var, entropy)}

HEAVY = {"yulesimon", "zipf"}
"""Sums over all numbers that do not end in time."""


LONGEST = 10**6
"""So many numbers, a sum takes a tenth of a second and 100 megabytes."""


def entropy_of(dist: Any, *shapes: Any) -> Any:
    """By a sum, as far as there is any probability."""
    plain = tuple(map(primal, shapes))
    wide = tuple(np.expand_dims(shape, -1) for shape in shapes)
    low = int(np.min(dist.ppf(1e-9, *plain), initial=0))
    high = int(np.max(dist.isf(1e-9, *plain), initial=0))
    width = high - low + 9  # so often goes exp(-20) into what is left
    if width * wide[0].size > LONGEST:
        raise no_rule(
            f"scipy.stats.{dist.name}.entropy as a sum over {width:.0e} numbers"
        )
    j = np.arange(low - 2 * width, high + 2.0 * width)
    log = logpmf(dist, j, *wide)
    possible = np.isfinite(primal(log))
    log = np.where(possible, log, 0.0)
    return -np.sum(np.where(possible, np.exp(log) * log, 0.0), -1)


def total_slope(
    g: Any, ans: Any, dist: Any, shapes: tuple[Any, ...], i: int, method: str
) -> Any:
    """By the table or by a sum; nan where the value is not finite."""
    if method == "entropy":
        found(LOGPMF, dist, method, i)
        if dist.name in HEAVY:
            raise missing(dist, method, i)
        formula = partial(entropy_of, dist)
    else:
        formula = found(MEAN if method == "mean" else VAR, dist, method, i)
    slope = along(g, formula, shapes, i)
    exists = np.isfinite(primal(ans))
    return slope if bool(np.all(values(exists))) else np.where(exists, slope, np.nan)


def of_totals(method: str) -> dict[str, Any]:
    """A pullback for each parameter."""

    def of(i: int) -> Callable[..., Any]:
        def pullback(g, ans, dist, a=None, b=None, c=None, d=None):
            return total_slope(g, ans, dist, given(a, b, c, d), i, method)

        return pullback

    return {name: of(i) for i, name in enumerate(SHAPES)}


for _name, _fun in TOTALS.items():
    defvjp(_fun, elementwise=True, **of_totals(_name))

# Methods ------------------------------------------------------------------------------


def parsed(dist: Any, args: Any, kwds: Any, method: str) -> tuple[list[Any], Any]:
    """The parameters, and the location, which counts."""
    shapes, loc, _ = dist._parse_args(*args, **kwds)
    if boxes_in([loc]):
        what = f"scipy.stats.{dist.name}.{method} with respect to loc"
        raise no_rule(what, f"\n{COUNT}")
    return [floating(shape) for shape in shapes], loc


def of_a_number(method: str) -> Callable[..., Any]:
    """A method that takes k first."""

    def call(dist: Any, k: Any, *args: Any, **kwds: Any) -> Any:
        shapes, loc = parsed(dist, args, kwds, method)
        if boxes_in([k]):
            what = f"scipy.stats.{dist.name}.{method} with respect to k"
            raise no_rule(what, f"\n{COUNT}")
        return PROBABILITIES[method](dist, np.subtract(k, loc), *shapes)

    return call


def of_all(method: str) -> Callable[..., Any]:
    """A method of the parameters only."""

    def call(dist: Any, *args: Any, **kwds: Any) -> Any:
        shapes, loc = parsed(dist, args, kwds, method)
        ans = TOTALS[method](dist, *shapes)
        return ans + loc if method == "mean" else ans + np.zeros(np.shape(loc))

    return call


def std(dist: Any, *args: Any, **kwds: Any) -> Any:
    """The root of the variance."""
    return np.sqrt(METHODS["var"](dist, *args, **kwds))


def stats(dist: Any, *args: Any, moments: str = "mv", **kwds: Any) -> Any:
    """Mean and variance; what is beyond has no rule."""
    names = {"m": "mean", "v": "var"}
    if rest := set(moments) - {*names}:
        raise no_rule(f"scipy.stats.{dist.name}.stats(..., moments={min(rest)!r})")
    found = [METHODS[names[m]](dist, *args, **kwds) for m in "mv" if m in moments]
    return found[0] if len(found) == 1 else tuple(found)


def draws(dist: Any, *args: Any, **kwds: Any) -> Any:
    """Whole numbers, which do not move with a parameter."""
    raise no_rule(
        f"scipy.stats.{dist.name}.rvs",
        "\nIt draws integers, which have no derivative with respect to the parameters; "
        "use stop_gradient(parameter), and the derivative of logpmf for that of "
        "an expectation.",
    )


METHODS: dict[str, Callable[..., Any]] = {
    **{name: of_a_number(name) for name in PROBABILITIES},
    **{name: of_all(name) for name in TOTALS},
    "rvs": draws,
    "stats": stats,
    "std": std,
}

for _name, _dist in vars(scipy.stats).items():
    if isinstance(_dist, rv_discrete):
        _lacks = ", ".join(["k", *sorted(COUNTS.get(_name, set()))])
        Family(_dist, _name, METHODS, _lacks if _name in LOGPMF else None)
