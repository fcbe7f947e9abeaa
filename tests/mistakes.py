"""Mistakes that people make in derivatives, and right functions that are hard to check.

`tests/test_checking.py` runs them all; `benchmarks/checking.py` counts how many of them
other libraries find. Formulas take the namespace as `np`, so that the same mistake can
be made in each library; ``np.stop`` cuts derivatives.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy

X = numpy.array([0.5, -1.2, 2.0])
Y = numpy.array([1.5, 0.7, -0.4])
POSITIVE = numpy.array([0.5, 1.2, 2.0])
SQUARE = numpy.array([[0.5, -1.2, 2.0], [1.1, 0.3, -0.7], [0.2, 0.9, 1.4]])


class Case(NamedTuple):
    """A function with a pullback of its own, which may be wrong, and a point."""

    name: str
    value: Callable[..., Any]
    """``value(np, *args)``."""
    pullback: Callable[..., Any]
    """``pullback(np, g, *args)``: a tuple with one cotangent for each argument."""
    args: tuple[Any, ...]
    kind: str = "wrong"
    """What the error should be called."""
    order: int = 1
    """The derivative that is wrong."""


def one(name, value, pullback, x=X, kind="wrong", order=1):
    """A case with one argument."""
    return Case(name, value, lambda np, g, x: (pullback(np, g, x),), (x,), kind, order)


def _in_place(np, g, x):
    g *= 2
    return g * np.cos(x)


def _kept_in_place(np, g, x):
    kept = x
    kept *= 2
    return g * np.cos(kept / 2)


def _entry(np, x, i, factor):
    return np.where(np.abs(x - float(X[i])) < 1e-6, factor, 1.0)


LINEAR = "not linear in g"

WRONG = [
    one("sin, sign", lambda np, x: np.sin(x), lambda np, g, x: -g * np.cos(x)),
    one("tanh, no square", lambda np, x: np.tanh(x),
        lambda np, g, x: g * (1 - np.tanh(x))),
    one("softplus, twice", lambda np, x: np.log(1 + np.exp(x)),
        lambda np, g, x: 2 * g / (1 + np.exp(-x))),
    one("log, upside down", lambda np, x: np.log(x), lambda np, g, x: g * x, POSITIVE),
    one("square, no 2", lambda np, x: x * x, lambda np, g, x: g * x),
    one("cube, 2 for 3", lambda np, x: x**3, lambda np, g, x: 2 * g * x**2),
    one("sigmoid, sign", lambda np, x: 1 / (1 + np.exp(-x)),
        lambda np, g, x: g * np.exp(-x) / (1 - np.exp(-x)) ** 2),
    one("sqrt, no half", lambda np, x: np.sqrt(x), lambda np, g, x: g / np.sqrt(x),
        POSITIVE),
    one("1/x, no square", lambda np, x: 1 / x, lambda np, g, x: -g / x),
    one("relu, at the wrong place", lambda np, x: np.where(x > 0, x, 0.0 * x),
        lambda np, g, x: np.where(x > -2, g, 0.0 * g)),
    one("abs, no sign", lambda np, x: np.abs(x), lambda np, g, x: g),
    one("arctan, no square", lambda np, x: np.arctan(x), lambda np, g, x: g / (1 + x),
        POSITIVE),
    one("cosh, sign", lambda np, x: np.cosh(x), lambda np, g, x: -g * np.sinh(x)),
    one("gaussian, no -2", lambda np, x: np.exp(-x * x),
        lambda np, g, x: g * x * np.exp(-x * x)),
    one("1e-5 too much", lambda np, x: np.sin(x),
        lambda np, g, x: g * np.cos(x) * (1 + 1e-5)),
    one("1e-6 too much", lambda np, x: np.exp(x),
        lambda np, g, x: g * np.exp(x) * (1 + 1e-6)),
    one("1e-6 added", lambda np, x: np.sin(x), lambda np, g, x: g * (np.cos(x) + 1e-6)),
    one("a term forgotten", lambda np, x: x * np.exp(x),
        lambda np, g, x: g * np.exp(x)),
    one("a factor stopped", lambda np, x: x * np.sin(x),
        lambda np, g, x: g * np.sin(x)),
    Case("product, swapped", lambda np, x, y: x * y,
         lambda np, g, x, y: (g * x, g * y), (X, Y)),
    Case("quotient, sign", lambda np, x, y: x / y,
         lambda np, g, x, y: (g / y, g * x / (y * y)), (X, Y)),
    Case("difference, sign", lambda np, x, y: x - y,
         lambda np, g, x, y: (g, g), (X, Y)),
    Case("power, no log", lambda np, x, y: x**y,
         lambda np, g, x, y: (g * y * x ** (y - 1), g * x**y), (POSITIVE, Y)),
    Case("hypot, not divided", lambda np, x, y: np.sqrt(x * x + y * y),
         lambda np, g, x, y: (g * x, g * y), (X, Y)),
    Case("logaddexp, halves", lambda np, x, y: np.log(np.exp(x) + np.exp(y)),
         lambda np, g, x, y: (0.5 * g, 0.5 * g), (X, Y)),
    Case("maximum, both", lambda np, x, y: np.maximum(x, y),
         lambda np, g, x, y: (g, g), (X, Y)),
    Case("where, wrong branch", lambda np, x, y: np.where(x > 0, x, y * y),
         lambda np, g, x, y: (np.where(x > 0, 0.0 * g, g),
                              np.where(x > 0, 2 * g * y, 0.0 * g)), (X, Y)),
    Case("second argument forgotten", lambda np, x, y: x * np.exp(y),
         lambda np, g, x, y: (g * np.exp(y), 0.0 * g), (X, Y)),
    one("clip, not masked", lambda np, x: np.clip(x, -1.0, 1.0), lambda np, g, x: g),
    one("sum, twice", lambda np, x: np.sum(x), lambda np, g, x: 2 * g + 0.0 * x),
    one("mean, not divided", lambda np, x: np.mean(x), lambda np, g, x: g + 0.0 * x),
    one("norm, not divided", lambda np, x: np.sqrt(np.sum(x * x)),
        lambda np, g, x: g * x),
    one("variance, not divided", lambda np, x: np.mean((x - np.mean(x)) ** 2),
        lambda np, g, x: 2 * g * (x - np.mean(x))),
    one("softmax, diagonal only", lambda np, x: np.exp(x) / np.sum(np.exp(x)),
        lambda np, g, x: g * np.exp(x) / np.sum(np.exp(x))),
    one("logsumexp, equal shares", lambda np, x: np.log(np.sum(np.exp(x))),
        lambda np, g, x: g / 3 + 0.0 * x),
    Case("dot, swapped", lambda np, x, y: np.sum(x * y),
         lambda np, g, x, y: (g * x, g * y), (X, Y)),
    Case("matmul, not transposed", lambda np, a, b: a @ b,
         lambda np, g, a, b: (g @ b, a @ g), (SQUARE, SQUARE.T * 0.5)),
    Case("matmul, wrong order", lambda np, a, b: a @ b,
         lambda np, g, a, b: (b.T @ g, g @ a.T), (SQUARE, SQUARE.T * 0.5)),
    Case("matrix times vector, transposed", lambda np, a, x: a @ x,
         lambda np, g, a, x: (np.outer(x, g), a.T @ g), (SQUARE, X)),
    one("transpose, forgotten", lambda np, a: a.T, lambda np, g, a: g, SQUARE),
    one("trace, all entries", lambda np, a: np.trace(a),
        lambda np, g, a: g + 0.0 * a, SQUARE),
    one("cumsum, not reversed", lambda np, x: np.cumsum(x, 0),
        lambda np, g, x: np.cumsum(g, 0)),
    one("roll, wrong way", lambda np, x: np.roll(x, 1), lambda np, g, x: np.roll(g, 1)),
    Case("outer, swapped", lambda np, x, y: np.outer(x, y),
         lambda np, g, x, y: (g.T @ y, g @ x), (X, Y)),
    one("one entry, 1 percent", lambda np, x: np.exp(x),
        lambda np, g, x: g * np.exp(x) * _entry(np, x, 1, 1.01)),
    one("one entry, zero", lambda np, x: np.sin(x),
        lambda np, g, x: g * np.cos(x) * _entry(np, x, 2, 0.0)),
    one("leaky relu, wrong slope", lambda np, x: np.where(x > 0, x, 0.1 * x),
        lambda np, g, x: np.where(x > 0, g, 0.01 * g)),
    one("tanh at 9, zero", lambda np, x: np.tanh(x), lambda np, g, x: 0.0 * g,
        numpy.array([9.0, 8.0])),
    one("no g", lambda np, x: np.exp(x), lambda np, g, x: np.exp(x), X, LINEAR),
    one("g squared", lambda np, x: np.sin(x), lambda np, g, x: g * g * np.cos(x), X,
        LINEAR),
    one("large g clipped", lambda np, x: np.sin(x),
        lambda np, g, x: np.clip(g, -10.0, 10.0) * np.cos(x), X, LINEAR),
    one("1e-3 added to g", lambda np, x: np.sin(x),
        lambda np, g, x: (g + 1e-3) * np.cos(x), X, LINEAR),
    one("sign of g", lambda np, x: np.sin(x),
        lambda np, g, x: np.sign(g) * np.cos(x), X, LINEAR),
    one("only for positive g", lambda np, x: np.sin(x),
        lambda np, g, x: np.where(g > 0, g, 0.0 * g) * np.cos(x), X, LINEAR),
    one("small arguments, twice", lambda np, x: np.sin(1e8 * x),
        lambda np, g, x: 2e8 * g * np.cos(1e8 * x), 1e-8 * X),
    one("small arguments, zero", lambda np, x: x * 1.0,
        lambda np, g, x: 0.0 * g, 1e-8 * X),
    one("large arguments, 3 for 2", lambda np, x: x * x, lambda np, g, x: 3 * g * x,
        1e8 * X),
    one("small results, twice", lambda np, x: 1e-12 * np.sin(x),
        lambda np, g, x: 2e-12 * g * np.cos(x)),
    one("small results, sign", lambda np, x: 1e-20 * np.exp(x),
        lambda np, g, x: -1e-20 * g * np.exp(x)),
    Case("small beside large, twice", lambda np, x, y: np.sin(x) + np.sin(1e8 * y),
         lambda np, g, x, y: (g * np.cos(x), 2e8 * g * np.cos(1e8 * y)), (X, 1e-8 * Y)),
    Case("weak beside strong, sign",
         lambda np, x, y: 1e6 * np.sin(x) + 1e-3 * np.sin(y),
         lambda np, g, x, y: (1e6 * g * np.cos(x), -1e-3 * g * np.cos(y)), (X, Y)),
    one("single precision, 1 percent", lambda np, x: np.sin(x),
        lambda np, g, x: 1.01 * g * np.cos(x), X.astype(numpy.float32)),
    one("second order, stopped", lambda np, x: np.sin(x),
        lambda np, g, x: g * np.stop(np.cos(x)), X, "wrong", 2),
    one("second order, g stopped", lambda np, x: x**3,
        lambda np, g, x: g * 3 * np.stop(x) * x, X, "wrong", 2),
    one("writes into g", lambda np, x: np.sin(x), _in_place, X,
        "writes into g or what it kept"),
    one("writes into what it kept", lambda np, x: np.sin(x), _kept_in_place, X,
        "writes into g or what it kept"),
    one("inverse, not transposed", lambda np, a: np.linalg.inv(a),
        lambda np, g, a: -np.linalg.inv(a) @ g @ np.linalg.inv(a), SQUARE),
    one("determinant, not transposed", lambda np, a: np.linalg.det(a),
        lambda np, g, a: g * np.linalg.det(a) * np.linalg.inv(a), SQUARE),
    one("logarithm of a determinant, twice",
        lambda np, a: np.log(np.abs(np.linalg.det(a))),
        lambda np, g, a: 2 * g * np.linalg.inv(a).T, SQUARE),
    one("softmax, not weighted", lambda np, x: np.exp(x) / np.sum(np.exp(x)),
        lambda np, g, x: np.exp(x) / np.sum(np.exp(x)) * (g - np.sum(g))),
    one("cross entropy, label forgotten",
        lambda np, x: np.log(np.sum(np.exp(x))) - x[0],
        lambda np, g, x: g * np.exp(x) / np.sum(np.exp(x))),
    one("huber, no sign",
        lambda np, x: np.where(np.abs(x) < 1, 0.5 * x * x, np.abs(x) - 0.5),
        lambda np, g, x: g * np.where(np.abs(x) < 1, x, 0.0 * x + 1)),
    one("product, its own factor", lambda np, x: np.prod(x),
        lambda np, g, x: g * np.prod(x) + 0.0 * x),
    one("largest entry, all get it", lambda np, x: np.max(x),
        lambda np, g, x: g + 0 * x),
    one("an entry twice, counted once", lambda np, x: x[np.array([0, 0, 1])],
        lambda np, g, x: np.stack([g[0], g[2], 0.0 * g[0]])),
    one("flip, not flipped back", lambda np, x: np.flip(x, (0,)), lambda np, g, x: g),
    one("differences, sign", lambda np, x: x[1:] - x[:-1],
        lambda np, g, x: np.concatenate([g[:1], g[1:] - g[:-1], -g[-1:]])),
    one("unit vector, not projected", lambda np, x: x / np.sqrt(np.sum(x * x)),
        lambda np, g, x: g / np.sqrt(np.sum(x * x))),
    one("centred, mean forgotten", lambda np, x: x - np.mean(x), lambda np, g, x: g),
    one("sigmoid of -x, sign", lambda np, x: 1 / (1 + np.exp(x)),
        lambda np, g, x: g * np.exp(x) / (1 + np.exp(x)) ** 2),
    one("gelu, second term", lambda np, x: 0.5 * x * (1 + np.tanh(x)),
        lambda np, g, x: 0.5 * g * (1 + np.tanh(x))),
    one("power of a sum", lambda np, x: np.sum(x) ** 3,
        lambda np, g, x: 3 * g * np.sum(x * x) + 0.0 * x),
    one("inner factor, twice", lambda np, x: np.exp(2 * x),
        lambda np, g, x: 2 * g * np.exp(x)),
    one("degrees, no factor", lambda np, x: np.sin(0.0174532925 * x),
        lambda np, g, x: g * np.cos(0.0174532925 * x)),
    one("variance, n - 1", lambda np, x: np.mean((x - np.mean(x)) ** 2),
        lambda np, g, x: g * (x - np.mean(x))),
    one("1e-4 too little in one entry", lambda np, x: np.sin(x),
        lambda np, g, x: g * np.cos(x) * _entry(np, x, 0, 0.9999)),
    one("results swapped", lambda np, x: np.concatenate([np.sin(x), np.cos(x)]),
        lambda np, g, x: g[3:] * np.cos(x) - g[:3] * np.sin(x)),
    Case("distance, same sign", lambda np, x, y: np.sqrt((x - y) ** 2 + 1),
         lambda np, g, x, y: (g * (x - y) / np.sqrt((x - y) ** 2 + 1),
                              g * (x - y) / np.sqrt((x - y) ** 2 + 1)), (X, Y)),
    Case("angle, swapped", lambda np, x, y: np.arctan2(x, y),
         lambda np, g, x, y: (-g * x / (x * x + y * y), g * y / (x * x + y * y)),
         (X, Y)),
    Case("divergence, a term forgotten", lambda np, x, y: np.sum(x * np.log(x / y)),
         lambda np, g, x, y: (g * np.log(x / y), -g * x / y),
         (POSITIVE, numpy.array([2.0, 1.2, 0.5]))),
    Case("logistic loss, label forgotten", lambda np, x, y: np.log(1 + np.exp(-x * y)),
         lambda np, g, x, y: (-g / (1 + np.exp(x * y)), -g * x / (1 + np.exp(x * y))),
         (X, Y)),
    Case("bilinear, transposed", lambda np, a, x, y: np.sum(x * (a @ y)),
         lambda np, g, a, x, y: (g * np.outer(y, x), g * (a @ y), g * (a.T @ x)),
         (SQUARE, X, Y)),
    Case("one of three arguments", lambda np, a, x, y: a @ x + y,
         lambda np, g, a, x, y: (np.outer(g, x), a @ g, g), (SQUARE, X, Y)),
    one("second order, denominator stopped", lambda np, x: x / (1 + x * x),
        lambda np, g, x: g * (1 - x * x) / np.stop((1 + x * x) ** 2), X, "wrong", 2),
    one("second order, only for large x", lambda np, x: np.exp(x),
        lambda np, g, x: g * np.where(x > 1, np.stop(np.exp(x)), np.exp(x)),
        X, "wrong", 2),
    one("nan where masked", lambda np, x: np.where(x > 0, x, 0.0 * x),
        lambda np, g, x: g * np.sqrt(x) / np.sqrt(x), X, "nan"),
]  # fmt: skip
"""Wrong pullbacks."""


def right(name, value, x):
    """A function of one argument whose derivative is the library's own."""
    return Case(name, value, lambda np, g, x: None, (x,), "right")


def both(name, value, *args):
    return Case(name, value, lambda np, g, *args: None, args, "right")


def _kink(np, x):
    return np.sum(np.abs(x) + np.maximum(x, 0.0 * x))


RIGHT = [
    right("log near 0", lambda np, x: np.log(x), numpy.array([1e-3, 0.0625])),
    right("log at 1e-12", lambda np, x: np.log(x), numpy.array([1e-12, 1.0])),
    right("log at 1e300", lambda np, x: np.log(x), numpy.array([1e300])),
    right("1/x at 0.05", lambda np, x: 1 / x, numpy.array([0.05, -0.05])),
    right("1/x at 1e-6", lambda np, x: 1 / x, numpy.array([1e-6])),
    right("1/x**2 at 1e-3", lambda np, x: 1 / x**2, numpy.array([1e-3])),
    right("square at 1e8", lambda np, x: x * x, numpy.array([1e8])),
    right("square at 1e-8", lambda np, x: x * x, numpy.array([1e-8])),
    right("cube at 1e50", lambda np, x: x * x * x, numpy.array([1e50])),
    right("sqrt at 1e-8", lambda np, x: np.sqrt(x), numpy.array([1e-8])),
    right("sqrt at mixed sizes", lambda np, x: np.sqrt(x), numpy.array([1e-8, 2.5])),
    right("exp at 300", lambda np, x: np.exp(x), numpy.array([300.0])),
    right("exp at -300", lambda np, x: np.exp(x), numpy.array([-300.0])),
    right("exp of 1e3 x", lambda np, x: np.exp(1e3 * x), numpy.array([0.01, -0.02])),
    right("sin of 1e4 x", lambda np, x: np.sin(1e4 * x), X),
    right("sin of 1e6 x", lambda np, x: np.sin(1e6 * x), X),
    right("tanh at 9", lambda np, x: np.tanh(x), numpy.array([9.0, -9.0])),
    right("tanh at 25", lambda np, x: np.tanh(x), numpy.array([25.0])),
    right("sigmoid at 30", lambda np, x: 1 / (1 + np.exp(-x)), numpy.array([30.0])),
    right("sigmoid at -40", lambda np, x: 1 / (1 + np.exp(-x)), numpy.array([-40.0])),
    right("softmax of large numbers", lambda np, x: np.exp(x - np.stop(np.max(x)))
          / np.sum(np.exp(x - np.stop(np.max(x)))), numpy.array([100.0, 101.0, 90.0])),
    right("1e10 + x", lambda np, x: 1e10 + x, X),
    right("1e6 + sin", lambda np, x: 1e6 + np.sin(x), X),
    right("1e-12 * sin", lambda np, x: 1e-12 * np.sin(x), X),
    right("1e-200 * sin", lambda np, x: 1e-200 * np.sin(x), X),
    right("1e200 * sin", lambda np, x: 1e200 * np.sin(x), X),
    right("constant", lambda np, x: 0.0 * x + 3.0, X),
    right("linear", lambda np, x: 3.0 * x, X),
    right("x - x", lambda np, x: np.sin(x) - np.sin(x), X),
    right("sum of softmax", lambda np, x: np.sum(np.exp(x) / np.sum(np.exp(x))), X),
    right("norm near 0", lambda np, x: np.sqrt(np.sum(x * x)), 1e-10 * X),
    right("norm of squares at 0", lambda np, x: np.sum(x * x), 0.0 * X),
    right("sin at 0", lambda np, x: np.sin(x), 0.0 * X),
    right("cube at 0", lambda np, x: x * x * x, 0.0 * X),
    right("x |x| at 0.1", lambda np, x: x * np.abs(x), 0.1 * X),
    right("abs near 0", lambda np, x: np.abs(x), numpy.array([1e-5, -1e-4])),
    right("relu near 0", lambda np, x: np.maximum(x, 0.0 * x),
          numpy.array([1e-6, -1e-3, 1.0])),
    right("clip near a bound", lambda np, x: np.clip(x, -1.0, 1.0),
          numpy.array([0.9999, 1.0001, -0.5])),
    right("abs at 0", lambda np, x: np.sum(np.abs(x)), numpy.array([0.0, 1.0])),
    right("relu at 0", lambda np, x: np.maximum(x, 0.0 * x), numpy.array([0.0, 1.0])),
    right("kinks everywhere", _kink, 0.0 * X),
    right("maximum of equal entries", lambda np, x: np.max(x),
          numpy.array([1.0, 1.0, 0.5])),
    both("maximum on a tie", lambda np, x, y: np.maximum(x, y), X, X + 0.0),
    right("arccos near 1", lambda np, x: np.arccos(x), numpy.array([0.9999, -0.99])),
    right("arctanh near 1", lambda np, x: np.arctanh(x), numpy.array([0.999])),
    right("tan near a pole", lambda np, x: np.tan(x), numpy.array([1.57])),
    right("log1p at 1e-9", lambda np, x: np.log1p(x), numpy.array([1e-9])),
    right("log(1 + exp) at -20", lambda np, x: np.log1p(np.exp(x)),
          numpy.array([-20.0])),
    right("expm1 at 1e-12", lambda np, x: np.expm1(x), numpy.array([1e-12])),
    right("x**7 at 3", lambda np, x: x**7, numpy.array([3.0])),
    right("x**-5 at 0.1", lambda np, x: x**-5.0, numpy.array([0.1])),
    right("x**1.5 at 1e-4", lambda np, x: x**1.5, numpy.array([1e-4])),
    right("narrow gaussian", lambda np, x: np.exp(-((x - 0.5) ** 2) / 2e-4),
          numpy.array([0.51, 0.48])),
    right("far from a gaussian", lambda np, x: np.exp(-x * x), numpy.array([5.0])),
    both("weak beside strong", lambda np, x, y: 1e6 * np.sin(x) + 1e-3 * np.sin(y),
         X, Y),
    both("sizes 1 and 1e-8", lambda np, x, y: np.sin(x) + np.sin(1e8 * y), X, 1e-8 * Y),
    both("sizes 1e8 and 1", lambda np, x, y: np.log(x) * np.sin(y), 1e8 * POSITIVE, Y),
    both("unused argument", lambda np, x, y: np.sin(x) + 0.0 * y, X, Y),
    right("single precision", lambda np, x: np.sin(x), X.astype(numpy.float32)),
    right("sums in single precision", lambda np, x: np.sum(np.exp(x)),
          X.astype(numpy.float32)),
    right("size 0", lambda np, x: np.sum(x * x), numpy.ones(0)),
    right("one entry", lambda np, x: np.sin(x), numpy.array([0.3])),
    right("ill-conditioned", lambda np, x: np.sum(x * x * SCALES(np)), X),
    right("Rosenbrock", lambda np, x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2)
          + np.sum((1 - x[:-1]) ** 2), numpy.array([1.0, 1.0, 1.0])),
    right("steep sigmoid", lambda np, x: 1 / (1 + np.exp(-1e3 * x)),
          numpy.array([0.001, -0.002])),
    right("tanh at 17 beside tanh at -5", lambda np, x: np.sum(np.tanh(x)),
          numpy.array([17.67, -5.43])),
    right("softplus at -710 and -740", lambda np, x: np.log1p(np.exp(x)),
          numpy.array([-710.0, -740.0])),
    right("exp at -740", lambda np, x: np.exp(x), numpy.array([-740.0])),
    right("1 - cos at 1e-4", lambda np, x: 1 - np.cos(x), numpy.array([1e-4])),
    right("small difference of large numbers",
          lambda np, x: np.sin(x + 1e8) - np.sin(x), X),
    right("sum that cancels", lambda np, x: np.sum(np.exp(x) * ALTERNATING(np)),
          numpy.array([1.0, 1.0 + 1e-9, 2.0, 2.0])),
    right("residual at the solution", lambda np, x: np.sum((np.exp(x) - 2.0) ** 2),
          numpy.log(numpy.array([2.0, 2.0]))),
    right("saturated network", lambda np, x: np.sum(np.tanh(30 * np.tanh(20 * x))), X),
    right("fast saw", lambda np, x: x / 1e-6 - np.floor(x / 1e-6),
          numpy.array([0.3e-6, 2.0])),
    right("product of many", lambda np, x: np.prod(x), numpy.linspace(0.5, 1.5, 40)),
]  # fmt: skip
"""Right functions at places where finite differences are hard to get right."""


def ALTERNATING(np):
    return np.array([1.0, -1.0, 1.0, -1.0])


def SCALES(np):
    return np.array([1e-6, 1.0, 1e6])
