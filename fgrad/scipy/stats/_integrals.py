"""Integrals of densities, for what has no closed form.

By the double exponential formulas of Takahasi and Mori (1974): they reach the ends of
any interval, finite or not, and do not mind a singularity there. The nodes do not move
with the shapes, so the derivative of the sum is the sum of derivatives.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from fgrad._engine.box import primal
from fgrad._engine.dispatch import traced
from fgrad._engine.rules import constant
from fgrad.batching.forms import aligned
from fgrad.scipy._special import exprel

__all__ = ["expectation", "integral", "power_integral"]

STEP = 1 / 32
T = np.arange(-192, 193) * STEP


def _half_line() -> tuple[Any, Any]:
    """Distances from an end, from 0 to infinity, and their weights."""
    u = 0.5 * np.pi * np.sinh(T)
    x = np.exp(u)
    return x, STEP * 0.5 * np.pi * np.cosh(T) * x


def _unit() -> tuple[Any, Any, Any]:
    """The same from 0 to 1; and the distances from 1."""
    u = 0.5 * np.pi * np.sinh(T)
    x = np.exp(-np.logaddexp(0, -2 * u))
    rest = np.exp(-np.logaddexp(0, 2 * u))
    return x, STEP * np.pi * np.cosh(T) * x * rest, rest


LINE, UNIT = _half_line(), _unit()

QUANTILES = (0.001, 0.01, 0.06, 0.25, 0.5, 0.75, 0.94, 0.99, 0.999)
"""Between these, by Gauss and Legendre: there, a density is smooth."""

NODES, WEIGHTS = np.polynomial.legendre.leggauss(64)


def pieces(
    dist: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """The ends of the support, a width, and quantiles: in a last axis."""
    shapes = [shape for shape in (a, b, c, d) if shape is not None]
    marks = [dist.ppf(q, *shapes) for q in QUANTILES]
    width = dist.ppf(0.75, *shapes) - dist.ppf(0.25, *shapes)
    return np.stack(np.broadcast_arrays(*dist.support(*shapes), width, *marks), -1)


def is_low(
    dist: Any, z: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """Whether z is below the median."""
    shapes = [shape for shape in (a, b, c, d) if shape is not None]
    return np.less(dist.cdf(z, *shapes), 0.5)


constant(pieces, is_low)
aligned(pieces, arrays=("a", "b", "c", "d"))
aligned(is_low, arrays=("z", "a", "b", "c", "d"))

Formula = Callable[..., Any]


KINKS: dict[str, Callable[..., Any]] = {
    "crystalball": lambda beta, m: -beta + 0 * m,
    "laplace_asymmetric": lambda kappa: 0 * kappa,
    "skewcauchy": lambda a: 0 * a,
    "triang": lambda c: c,
}
"""Where a density has a kink: there, the integral is divided."""


def _reciprocal(c: Any) -> Any:
    """``1 / c``, and infinity where there is no end."""
    return np.where(np.greater(c, 0), 1 / np.where(np.greater(c, 0), c, 1.0), np.inf)


def _low_end_of_kappa4(h: Any, k: Any) -> Any:
    """Where ``h (1 - k z)**(1 / k)`` is 1, or ``1 - k z`` is 0."""
    cut = np.greater(h, 0)
    log = np.log(np.where(cut, h, 1.0))
    start = log * exprel(-k * log)
    return np.where(cut, start, -_reciprocal(-k))


ENDS: dict[str, Callable[..., Any]] = {
    "genextreme": lambda c: (-_reciprocal(-c), _reciprocal(c)),
    "genhalflogistic": lambda c: (0 * c, _reciprocal(c)),
    "genpareto": lambda c: (0 * c, _reciprocal(-c)),
    "kappa4": lambda h, k: (_low_end_of_kappa4(h, k), _reciprocal(k) + 0 * h),
    "truncexpon": lambda b: (0 * b, b),
    "truncnorm": lambda a, b: (a, b),
    "truncpareto": lambda b, c: (1 + 0 * b, c),
    "truncweibull_min": lambda c, a, b: (a, b),
    "tukeylambda": lambda lam: (-_reciprocal(lam), _reciprocal(lam)),
}
"""The ends of the support where they depend on the shapes: nodes move with them."""


def side(
    dist: Any,
    formula: Formula,
    near: Any,
    ends: Any,
    below: Any,
    shapes: tuple[Any, ...],
) -> tuple[Any, Any, Any]:
    """From a point to an end of the support: nodes, weights, and the log-density.

    They are in a last axis. Where nothing is left of the density, the weight is 0.
    """
    low, high, width = (ends[..., i : i + 1] for i in range(3))
    below, near = np.expand_dims(below, -1), np.expand_dims(near, -1)
    shapes = tuple(np.expand_dims(shape, -1) for shape in shapes)
    finite, sign = np.isfinite(np.where(below, low, high)), np.where(below, 1.0, -1.0)
    if dist.name in ENDS:
        low, high = ENDS[dist.name](*shapes)
    end = np.where(finite, np.where(below, low, high), 0.0)
    x = np.where(finite, end + (near - end) * UNIT[0], near - sign * width * LINE[0])
    weight = np.where(finite, sign * (near - end) * UNIT[1], width * LINE[1])
    with np.errstate(all="ignore"):
        log = formula(primal(x), *map(primal, shapes))
    kept = np.isfinite(log) & (log > -690)
    x = np.where(kept, x, near - 0.01 * sign * width)
    return x, np.where(kept, weight, 0.0), formula(x, *shapes)


def precise(terms: Any) -> Any:
    """1 where a sum over nodes has converged, and nan elsewhere.

    With every other node, the sum has about half of the digits.
    """
    terms = primal(terms)
    whole, half = np.sum(terms, -1), 2 * np.sum(terms[..., ::2], -1)
    good = np.abs(whole - half) <= 1e-5 * np.sum(np.abs(terms), -1)
    return np.where(good, 1.0, np.nan)


def power_integral(a: Any, b: Any, c: Any, z: Any) -> Any:
    """Of ``x**(a - 1) (1 - x)**(b - 1) (1 + z x)**-c`` from 0 to 1, DLMF 15.6.1."""
    a, b, c, z = (np.expand_dims(value, -1) for value in (a, b, c, z))
    x, weight, rest = UNIT
    terms = weight * x ** (a - 1) * rest ** (b - 1) * (1 + z * x) ** -c
    return np.sum(terms, -1) * precise(terms)


def integral(dist: Any, formula: Formula) -> Formula:
    """The probability below z, up to a constant: from the nearer end."""

    def fun(z: Any, *shapes: Any) -> Any:
        plain = tuple(map(primal, shapes))
        ends = traced(pieces)(dist, *plain)
        below = traced(is_low)(dist, primal(z), *plain)
        _, weight, log = side(dist, formula, z, ends, below, shapes)
        mass = weight * np.exp(log)
        return np.where(below, 1.0, -1.0) * np.sum(mass, -1) * precise(mass)

    return fun


def panels(
    formula: Formula, marks: Any, shapes: tuple[Any, ...]
) -> tuple[Any, Any, Any]:
    """Nodes, weights and the log-density between quantiles, in a last axis."""
    shapes = tuple(np.expand_dims(shape, -1) for shape in shapes)
    half = np.diff(marks)[..., None] / 2
    x = marks[..., :-1, None] + half + half * NODES
    flat = (*marks.shape[:-1], NODES.size * (marks.shape[-1] - 1))
    x, weight = (np.reshape(y, flat) for y in (x, half * WEIGHTS))
    return x, weight, formula(x, *shapes)


def expectation(dist: Any, formula: Formula, *shapes: Any) -> Any:
    """The mean, the variance and the entropy; nan where a sum is not precise."""
    ends = traced(pieces)(dist, *map(primal, shapes))
    marks = ends[..., 3:]
    if dist.name in KINKS:
        marks = np.expand_dims(KINKS[dist.name](*shapes), -1)
    tails = [
        side(dist, formula, marks[..., i], ends, below, shapes)
        for i, below in ((0, True), (-1, False))
    ]
    parts = [*tails, panels(formula, marks, shapes)]
    center = marks[..., marks.shape[-1] // 2]
    away = [x - np.expand_dims(center, -1) for x, _, _ in parts]
    mass = [weight * np.exp(log) for _, weight, log in parts]
    shift = sum(np.sum(a * m, -1) for a, m in zip(away, mass, strict=True))
    middle = np.expand_dims(shift, -1)
    terms = [
        (a * m, (a - middle) ** 2 * m, -m * log)
        for a, m, (_, _, log) in zip(away, mass, parts, strict=True)
    ]
    total = primal(sum(np.sum(m, -1) for m in mass))
    whole = np.where(np.abs(total - 1) <= 1e-10, 1.0, np.nan)
    found = [
        sum(np.sum(t, -1) for t in each) * whole * precise(each[0]) * precise(each[1])
        for each in zip(*terms, strict=True)
    ]
    return center + found[0], found[1], found[2]
