"""Random programs of NumPy's functions, and arguments that bring them to their edges.

Arguments are 0, infinity, equal, tiny and huge numbers, so that programs meet kinks,
poles, ties, repeated eigenvalues, over- and underflow. All functions work along the
last axis, so that a stencil is one call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

__all__ = ["COARSE", "VALUES", "WAVES", "WIDE", "Program"]

VALUES = [
    0.0, 0.0, 0.0, -0.0, 1.0, 1.0, -1.0, 2.0, 0.5, -0.5, 3.0, 1e-8, 1e8, 30.0, 800.0,
    -800.0, 1e-200, 1e200, np.inf, -np.inf,
]  # fmt: skip
SYMMETRIC = np.array([[[1, 0], [0, 0]], [[0, 1], [1, 0]], [[0, 0], [0, 1]]], float)
SQUARE = np.array([[[1, 0], [0, 1]], [[0, 1], [0, 0]], [[0, 0], [1, 0]]], float)
WIDE = np.longdouble


class Op(NamedTuple):
    """A function of vectors along the last axis, and where it has a kink."""

    name: str
    fun: Callable[..., Any]
    kink: Callable[..., Any] = lambda *args: False
    arity: int = 1


def double(fun: Any) -> Any:
    """Linear algebra, which has no extended precision."""

    def narrowed(x: Any) -> Any:
        is_wide = isinstance(x, np.ndarray) and x.dtype == WIDE
        return fun(x.astype(float)).astype(WIDE) if is_wide else fun(x)

    return narrowed


def matrices(basis: Any, x: Any) -> Any:
    """One matrix for each vector, linear in it."""
    return np.tensordot(x, basis.astype(np.result_type(x)), ([-1], [0]))


def kept(y: Any, x: Any) -> Any:
    """A number for each vector, as a vector that is not constant."""
    return y * np.array([1.0, -0.5, 2.0], np.result_type(y))[: x.shape[-1]]


def total(y: Any, x: Any) -> Any:
    """The sum of each vector, as a vector."""
    return kept(np.sum(y, axis=-1, keepdims=True), x)


def entries(a: Any) -> Any:
    """Three entries of each matrix."""
    return np.stack([a[..., 0, 0], a[..., 0, 1], a[..., 1, 1]], axis=-1)


def of_matrices(basis: Any, fun: Any) -> Any:
    return double(lambda x: fun(matrices(basis, x), x))


def rebuilt(slope: Any) -> Any:
    """A function of a symmetric matrix, by its eigenvectors."""

    def fun(a: Any, x: Any) -> Any:
        w, v = np.linalg.eigh(a)
        return entries((v * slope(w)[..., None, :]) @ np.swapaxes(v, -1, -2))

    return of_matrices(SYMMETRIC, fun)


zero = lambda x: np.any((x == 0) | np.isnan(x))  # noqa: E731
ties = lambda x: np.any(np.diff(np.sort(x)) == 0)  # noqa: E731
same = lambda x, y: np.any(x == y)  # noqa: E731
null = lambda x: np.all(x == 0) or not np.all(np.abs(x) < 1e150)  # noqa: E731
constant = lambda x: np.all(np.abs(x - x[..., :1]) <= 1e-15 * np.abs(x))  # noqa: E731


def axis(fun: Any, **options: Any) -> Any:
    """A reduction of each vector."""
    return lambda x: kept(fun(x, axis=-1, keepdims=True, **options), x)


def equal_values(basis: Any) -> Any:
    def kink(x: Any) -> Any:
        s = np.linalg.svd(matrices(basis, x), compute_uv=False)
        return np.any(s[..., 0] - s[..., 1] <= 1e-12 * s[..., 0])

    return kink


UNARY = [
    *(Op(f.__name__, f) for f in (
        np.sqrt, np.exp, np.log, np.log1p, np.expm1, np.sin, np.cos, np.tan, np.tanh,
        np.arctan, np.arcsin, np.arccos, np.arctanh, np.arcsinh, np.arccosh, np.sinh,
        np.cosh, np.cbrt, np.square, np.exp2, np.log2, np.log10, np.reciprocal,
        np.negative, np.sinc,
    )),
    Op("x**1.5", lambda x: x**1.5),
    Op("x**3", lambda x: x**3),
    Op("x**-2", lambda x: x**-2.0),
    Op("x**0.5", lambda x: x**0.5),
    Op("2**x", lambda x: 2.0**x),
    Op("0**x", lambda x: 0.0**x, zero),
    Op("abs", np.abs, zero),
    Op("fabs", np.fabs, zero),
    Op("sign", np.sign, zero),
    Op("relu", lambda x: np.maximum(x, 0), zero),
    Op("minimum1", lambda x: np.minimum(1.0, x), lambda x: np.any(x == 1)),
    Op("clip", lambda x: np.clip(x, -1, 1), lambda x: np.any(np.abs(x) == 1)),
    Op("where sqrt", lambda x: np.where(x > 0, np.sqrt(x), 0), zero),
    Op("where log", lambda x: np.where(x > 0, np.log(x), 0), zero),
    Op("where 1/x", lambda x: np.where(x != 0, 1 / x, 0), zero),
    Op("where inside", lambda x: np.log(np.where(x > 0, x, 1)), zero),
    Op("masked", lambda x: (x > 0) * np.sqrt(x), zero),
    Op("nan_to_num", np.nan_to_num, lambda x: not np.all(np.isfinite(x))),
    Op("isfinite", lambda x: np.where(np.isfinite(x), x * np.exp(x), 0)),
    Op("floor", lambda x: x - np.floor(x), lambda x: np.any(x == np.floor(x))),
    Op("xlogx", lambda x: x * np.log(x)),
    Op("softplus", lambda x: np.log(1 + np.exp(x))),
    Op("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
    Op("stable softplus", lambda x: np.logaddexp(x, 0)),
    Op("reverse", lambda x: x[..., ::-1]),
    Op("roll", lambda x: np.roll(x, 1, axis=-1)),
    Op("mask", lambda x: x * np.array([0.0, 1.0, 1.0])[: x.shape[-1]]),
    Op("drop", lambda x: np.concatenate([x[..., :1] ** 2, 0 * x[..., 1:]], -1)),
    Op("cumsum", lambda x: np.cumsum(x, axis=-1)),
    Op("cumprod", lambda x: np.cumprod(x, axis=-1)),
    Op("sort", lambda x: np.sort(x, axis=-1), ties),
    Op("maxima", lambda x: np.maximum.accumulate(x, axis=-1), ties),
    Op("max", axis(np.max, initial=-np.inf), ties),
    Op("min", axis(np.min, initial=np.inf), ties),
    Op("median", lambda x: kept(np.median(x, axis=-1, keepdims=True), x), ties),
    Op("nanmax", lambda x: kept(np.nanmax(x, axis=-1, keepdims=True), x), ties),
    Op("ptp", lambda x: kept(np.ptp(x, axis=-1, keepdims=True), x), ties),
    Op("sum", axis(np.sum)),
    Op("mean", axis(np.mean)),
    Op("prod", axis(np.prod)),
    Op("prod of two", lambda x: kept(np.prod(
        x, axis=-1, keepdims=True, where=np.arange(x.shape[-1]) != 1
    ), x)),
    Op("var", axis(np.var)),
    Op("std", axis(np.std), constant),
    Op("nanstd", axis(np.nanstd), constant),
    Op("std**2", axis(lambda x, **o: np.std(x, **o) ** 2), constant),
    Op("norm", axis(np.linalg.norm), null),
    Op("norm**2", axis(lambda x, **o: np.linalg.norm(x, **o) ** 2)),
    Op("norm**3", axis(lambda x, **o: np.linalg.norm(x, **o) ** 3)),
    Op("norm1", axis(np.linalg.norm, ord=1), zero),
    Op("norm3", axis(np.linalg.norm, ord=3), zero),
    Op("norm-inf", axis(np.linalg.norm, ord=np.inf), lambda x: ties(np.abs(x))),
    Op("unit", lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True), null),
    Op("logsumexp", lambda x: kept(np.logaddexp.reduce(x, axis=-1, keepdims=True), x)),
    Op("softmax", lambda x: np.exp(x - np.logaddexp.reduce(x, axis=-1, keepdims=True))),
    Op("naive softmax", lambda x: np.exp(x) / np.sum(np.exp(x), -1, keepdims=True)),
    Op("center", lambda x: x - np.mean(x, axis=-1, keepdims=True)),
    Op("diff", lambda x: np.diff(x, axis=-1, append=x[..., :1])),
    Op("interp",
       double(lambda x: np.interp(x, [-1.0, 0.0, 0.7, 2.0], [0.0, 1.0, 0.5, 3.0])),
       lambda x: np.any(np.isin(x, [-1, 0, 0.7, 2]))),
    Op("modf", lambda x: np.modf(x)[0], lambda x: np.any(x == np.floor(x))),
    Op("complex abs", lambda x: np.abs(x + 1j * x[..., ::-1]),
       lambda x: np.any((x == 0) & (x[..., ::-1] == 0))),
    Op("angle", lambda x: np.angle(x + 1j * x[..., ::-1]),
       lambda x: np.any((x[..., ::-1] == 0) & (x <= 0))),
    Op("complex exp", lambda x: np.real(np.exp(1j * x))),
    Op("complex sqrt", lambda x: np.imag(np.sqrt(x + 0j)), zero),
    Op("complex log", lambda x: np.real(np.log(x + 1j)), ),
    Op("gram", lambda x: x * np.sum(x * x, axis=-1, keepdims=True)),
]  # fmt: skip
MATRIX = [
    Op("det", of_matrices(SQUARE, lambda a, x: kept(np.linalg.det(a)[..., None], x))),
    Op("inv", of_matrices(SQUARE, lambda a, x: entries(np.linalg.inv(a)))),
    Op("solve", of_matrices(
        SQUARE, lambda a, x: np.linalg.solve(a, x[..., :2, None])[..., 0] @ np.eye(2, 3)
    )),
    Op("slogdet", of_matrices(
        SQUARE, lambda a, x: kept(np.linalg.slogdet(a)[1][..., None], x)
    )),
    Op("cholesky", of_matrices(SYMMETRIC, lambda a, x: entries(
        np.linalg.cholesky(a @ np.swapaxes(a, -1, -2) + np.eye(2))
    ))),
    Op("nuclear", of_matrices(
        SQUARE, lambda a, x: kept(np.linalg.norm(a, "nuc", (-2, -1))[..., None], x)
    ), lambda x: np.linalg.matrix_rank(matrices(SQUARE, x)).min(initial=2) < 2),
    Op("frobenius", of_matrices(
        SQUARE, lambda a, x: kept(np.linalg.norm(a, axis=(-2, -1))[..., None], x)
    ), null),
    Op("spectral", of_matrices(
        SQUARE, lambda a, x: kept(np.linalg.norm(a, 2, (-2, -1))[..., None], x)
    ), equal_values(SQUARE)),
    Op("sum of eigenvalues", of_matrices(
        SYMMETRIC, lambda a, x: total(np.linalg.eigvalsh(a) ** 2, x)
    )),
    Op("sum of exp eigenvalues", of_matrices(
        SYMMETRIC, lambda a, x: total(np.exp(np.linalg.eigvalsh(a)), x)
    )),
    Op("eigenvalues", of_matrices(
        SYMMETRIC, lambda a, x: np.linalg.eigvalsh(a) @ np.eye(2, 3)
    ), lambda x: np.ptp(np.linalg.eigvalsh(matrices(SYMMETRIC, x))) < 1e-12),
    Op("singular values", of_matrices(
        SQUARE, lambda a, x: np.linalg.svd(a, compute_uv=False) @ np.eye(2, 3)
    ), lambda x: equal_values(SQUARE)(x)
       or np.linalg.matrix_rank(matrices(SQUARE, x)).min(initial=2) < 2),
    Op("rebuilt exp", rebuilt(np.exp)),
    Op("rebuilt cube", rebuilt(lambda w: w**3)),
    Op("pinv", of_matrices(SQUARE, lambda a, x: entries(np.linalg.pinv(a))),
       lambda x: np.linalg.matrix_rank(matrices(SQUARE, x)).min(initial=2) < 2),
]  # fmt: skip
BINARY = [
    *(Op(f.__name__, f, arity=2) for f in (
        np.add, np.subtract, np.multiply, np.divide, np.logaddexp, np.multiply,
    )),
    Op("hypot", np.hypot, lambda x, y: np.any((x == 0) & (y == 0)), 2),
    Op("hypot**2", lambda x, y: np.hypot(x, y) ** 2, arity=2),
    Op("arctan2", np.arctan2, lambda x, y: np.any((x == 0) & (y <= 0)), 2),
    Op("power", np.power, lambda x, y: zero(x), 2),
    Op("maximum", np.maximum, same, 2),
    Op("fmin", np.fmin, same, 2),
    Op("where", lambda x, y: np.where(x > y, x, y), same, 2),
    Op("where zero", lambda x, y: np.where(x > 0, y, 0), lambda x, y: zero(x), 2),
    Op("safe", lambda x, y: np.where(y != 0, x / np.where(y != 0, y, 1), 0),
       lambda x, y: zero(y), 2),
    Op("fmod", np.fmod, lambda x, y: np.any(np.fmod(x, y) == 0), 2),
    Op("remainder", np.remainder, lambda x, y: np.any(np.remainder(x, y) == 0), 2),
    Op("copysign", np.copysign, lambda x, y: zero(x) | zero(y), 2),
    Op("vecdot", lambda x, y: kept(np.vecdot(x, y)[..., None], x), arity=2),
]  # fmt: skip


WAVES = {
    *("sin", "cos", "tan", "sinc", "complex exp", "floor", "modf", "fmod", "remainder"),
}
"""Functions that look like constants to long steps."""
COARSE = {"interp", *(op.name for op in MATRIX)}
"""Functions that are computed in double precision only."""


class Program:
    """A few operations on vectors, each on results of those before, and a sum."""

    def __init__(
        self, rng: np.random.Generator, size: int, with_matrices: bool
    ) -> None:
        self.steps: list[tuple[Op, list[int]]] = []
        ops = [*UNARY, *BINARY, *BINARY] + 2 * MATRIX * with_matrices
        for known in range(1, int(rng.integers(2, 6))):
            op = ops[rng.integers(len(ops))]
            # The newest value, mostly: all that was made has an influence.
            args = [known - 1 if rng.random() < 0.8 else int(rng.integers(known))]
            args += [int(rng.integers(known)) for _ in range(op.arity - 1)]
            self.steps.append((op, args))
        self.weights = np.round(rng.uniform(0.5, 2, size), 3)

    def __call__(self, x: Any, seen: Any = None, values: Any = None) -> Any:
        values = [x] if values is None else values
        values[:] = [x]
        for op, args in self.steps:
            given = [values[i] for i in args]
            if seen is not None:
                seen.append(bool(op.kink(*given)))
            values.append(op.fun(*given))
        return np.sum(self.weights * values[-1], axis=-1)

    def __repr__(self) -> str:
        steps = "; ".join(f"{op.name}({args})" for op, args in self.steps)
        return f"{steps}; weights {self.weights.tolist()}"
