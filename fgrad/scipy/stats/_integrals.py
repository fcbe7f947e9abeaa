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


def pieces(
    dist: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """The support's ends, the median and a width: in a last axis."""
    shapes = [shape for shape in (a, b, c, d) if shape is not None]
    low, high = dist.support(*shapes)
    quarter, half, three = (dist.ppf(q, *shapes) for q in (0.25, 0.5, 0.75))
    return np.stack(np.broadcast_arrays(low, high, half, three - quarter), -1)


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


def side(
    formula: Formula, near: Any, ends: Any, below: Any, shapes: tuple[Any, ...]
) -> tuple[Any, Any, Any]:
    """From a point to an end of the support: nodes, weights, and the log-density.

    They are in a last axis. Where nothing is left of the density, the weight is 0.
    """
    low, high, half, width = (ends[..., i : i + 1] for i in range(4))
    below, near = np.expand_dims(below, -1), np.expand_dims(near, -1)
    shapes = tuple(np.expand_dims(shape, -1) for shape in shapes)
    end = np.where(below, low, high)
    finite, sign = np.isfinite(end), np.where(below, 1.0, -1.0)
    end = np.where(finite, end, half)
    x = np.where(finite, end + (near - end) * UNIT[0], near - sign * width * LINE[0])
    weight = np.where(finite, sign * (near - end) * UNIT[1], width * LINE[1])
    with np.errstate(all="ignore"):
        log = formula(primal(x), *map(primal, shapes))
    kept = np.isfinite(log) & (log > -690)
    x = np.where(kept, x, half + 0.01 * width)
    return x, np.where(kept, weight, 0.0), formula(x, *shapes)


def power_integral(a: Any, b: Any, c: Any, z: Any) -> Any:
    """Of ``x**(a - 1) (1 - x)**(b - 1) (1 + z x)**-c`` from 0 to 1, DLMF 15.6.1."""
    a, b, c, z = (np.expand_dims(value, -1) for value in (a, b, c, z))
    x, weight, rest = UNIT
    return np.sum(weight * x ** (a - 1) * rest ** (b - 1) * (1 + z * x) ** -c, -1)


KINKS: dict[str, Callable[..., Any]] = {
    "crystalball": lambda beta, m: -beta + 0 * m,
    "laplace_asymmetric": lambda kappa: 0 * kappa,
    "skewcauchy": lambda a: 0 * a,
    "triang": lambda c: c,
}
"""Where a density has a kink: there, the integral is divided."""


def integral(dist: Any, formula: Formula) -> Formula:
    """The probability below z, up to a constant: from the nearer end."""

    def fun(z: Any, *shapes: Any) -> Any:
        plain = tuple(map(primal, shapes))
        ends = traced(pieces)(dist, *plain)
        below = traced(is_low)(dist, primal(z), *plain)
        _, weight, log = side(formula, z, ends, below, shapes)
        return np.where(below, 1.0, -1.0) * np.sum(weight * np.exp(log), -1)

    return fun


def expectation(dist: Any, formula: Formula, *shapes: Any) -> Any:
    """The mean, the variance and the entropy."""
    ends = traced(pieces)(dist, *map(primal, shapes))
    kink = KINKS.get(dist.name)
    half = kink(*shapes) if kink else ends[..., 2]
    parts = [side(formula, half, ends, below, shapes) for below in (True, False)]
    x, weight, log = (np.concatenate(part, -1) for part in zip(*parts, strict=True))
    mass = weight * np.exp(log)
    away = x - np.expand_dims(half, -1)
    shift = np.sum(away * mass, -1)
    var = np.sum((away - np.expand_dims(shift, -1)) ** 2 * mass, -1)
    return half + shift, var, -np.sum(mass * log, -1)
