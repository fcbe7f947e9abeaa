"""Numerical calculus: differences, gradients, integrals, interpolation."""

from typing import Any

import numpy as np

from fgrad._engine.box import primal
from fgrad._engine.rules import derived
from fgrad._engine.signatures import NO_VALUE
from fgrad.derived.creation import as_traced
from fgrad.primitives._axes import normalized


def slice_along(axis: int, start: Any, stop: Any) -> tuple[Any, ...]:
    """An index: ``[start:stop]`` on one axis, everything on those before it."""
    return (slice(None),) * axis + (slice(start, stop),)


@derived(np.diff)
def diff(
    a: Any, n: int = 1, axis: int = -1, prepend: Any = NO_VALUE, append: Any = NO_VALUE
) -> Any:
    if n == 0:
        return a
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n!r}")
    a = as_traced(a)
    if not a.ndim:
        raise ValueError("diff requires input that is at least one dimensional")
    (axis,) = normalized(axis, a.ndim)

    def edge(value: Any) -> list[Any]:
        if value is NO_VALUE:
            return []
        value = as_traced(value)
        if not value.ndim:
            value = np.broadcast_to(value, (*a.shape[:axis], 1, *a.shape[axis + 1 :]))
        return [value]

    parts = [*edge(prepend), a, *edge(append)]
    if len(parts) > 1:
        a = np.concatenate(parts, axis)
    for _ in range(n):
        a = a[slice_along(axis, 1, None)] - a[slice_along(axis, None, -1)]
    return a


@derived(np.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    ary = np.ravel(as_traced(ary))
    steps = ary[1:] - ary[:-1]
    edges = [None if e is None else np.ravel(as_traced(e)) for e in (to_begin, to_end)]
    parts = [edges[0], steps, edges[1]]
    parts = [part.astype(ary.dtype) for part in parts if part is not None]
    return np.concatenate(parts) if len(parts) > 1 else steps


@derived(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    y, given = as_traced(y), axis
    (axis,) = normalized(axis, y.ndim)
    if x is not None:
        x = as_traced(x)
        dx = diff(x, axis=given if x.ndim > 1 else -1)
        if x.ndim == 1:
            dx = np.reshape(dx, (-1,) + (1,) * (y.ndim - axis - 1))
    means = dx * (y[slice_along(axis, 1, None)] + y[slice_along(axis, None, -1)]) / 2.0
    return np.sum(means, axis)


# Gradients on a grid ------------------------------------------------------------------


def spacings(f: Any, axes: tuple[int, ...], given: tuple[Any, ...]) -> list[Any]:
    """For each axis: one distance, or the distances between neighbours."""
    if not given:
        return [1.0] * len(axes)
    if len(given) == 1 and np.ndim(given[0]) == 0:
        return [given[0]] * len(axes)
    if len(given) != len(axes):
        raise TypeError("invalid number of arguments")
    return [spacing(f.shape[axis], d) for axis, d in zip(axes, given, strict=True)]


def spacing(n: int, coordinates: Any) -> Any:
    """The distances between coordinates; a scalar is itself the distance."""
    coordinates = as_traced(coordinates)
    if not coordinates.ndim:
        return coordinates
    if coordinates.ndim != 1:
        raise ValueError("distances must be either scalars or 1d")
    if len(coordinates) != n:
        raise ValueError(
            "when 1d, distances must match the length of the corresponding dimension"
        )
    if coordinates.dtype.kind in "iu":
        coordinates = coordinates.astype(np.float64)
    steps = diff(coordinates)
    # Equal steps make NumPy use the formula for a uniform grid. The other one has the
    # same value but for rounding, and derivatives with respect to every coordinate.
    if primal(steps) is steps and (steps == steps[0]).all():
        return steps[0]
    return steps


def interior(f: Any, d: Any) -> Any:
    """Second-order differences at all but the first and last entries of axis 0."""
    if np.ndim(d) == 0:
        return (f[2:] - f[:-2]) / (2.0 * d)
    d = np.reshape(d, (-1,) + (1,) * (f.ndim - 1))
    d1, d2 = d[:-1], d[1:]
    a = -d2 / (d1 * (d1 + d2))
    b = (d2 - d1) / (d1 * d2)
    c = d1 / (d2 * (d1 + d2))
    return a * f[:-2] + b * f[1:-1] + c * f[2:]


def edges(f: Any, d: Any, order: int) -> tuple[Any, Any]:
    """One-sided differences at the first and the last entry of axis 0."""
    uniform = np.ndim(d) == 0
    if order == 1:
        first, last = (d, d) if uniform else (d[0], d[-1])
        return (f[1] - f[0]) / first, (f[-1] - f[-2]) / last
    if uniform:
        first, last = (-1.5 / d, 2.0 / d, -0.5 / d), (0.5 / d, -2.0 / d, 1.5 / d)
    else:
        d1, d2 = d[0], d[1]
        first = (
            -(2.0 * d1 + d2) / (d1 * (d1 + d2)),
            (d1 + d2) / (d1 * d2),
            -d1 / (d2 * (d1 + d2)),
        )
        d1, d2 = d[-2], d[-1]
        last = (
            d2 / (d1 * (d1 + d2)),
            -(d2 + d1) / (d1 * d2),
            (2.0 * d2 + d1) / (d2 * (d1 + d2)),
        )
    return (
        first[0] * f[0] + first[1] * f[1] + first[2] * f[2],
        last[0] * f[-3] + last[1] * f[-2] + last[2] * f[-1],
    )


@derived(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    f = as_traced(f)
    if f.dtype.kind in "iu":
        f = f.astype(np.float64)
    axes = normalized(axis, f.ndim)
    if edge_order > 2:
        raise ValueError("'edge_order' greater than 2 not supported")
    results: list[Any] = []
    for i, d in zip(axes, spacings(f, axes, varargs), strict=True):
        if f.shape[i] < edge_order + 1:
            raise ValueError(
                "Shape of array too small to calculate a numerical gradient, "
                "at least (edge_order + 1) elements are required."
            )
        lines = np.moveaxis(f, i, 0)
        first, last = edges(lines, d, edge_order)
        parts = first[None], interior(lines, d), last[None]
        joined = np.moveaxis(np.concatenate(parts), 0, i)
        results.append(joined.astype(f.dtype) if joined.dtype != f.dtype else joined)
    return results[0] if len(axes) == 1 else tuple(results)


# Interpolation ------------------------------------------------------------------------


@derived(np.interp)
def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    x, xp, fp = (as_traced(a) for a in (x, xp, fp))
    if "c" in (x.dtype.kind, xp.dtype.kind):
        raise TypeError("Cannot interpolate at or between complex points")
    x, xp = x.astype(float), xp.astype(float)
    fp = fp.astype(complex if fp.dtype.kind == "c" else float)
    if xp.ndim != 1 or fp.ndim != 1:
        raise ValueError("Data points must be 1-D sequences")
    if xp.shape != fp.shape:
        raise ValueError("fp and xp are not of the same length")
    if not xp.size:
        raise ValueError("array of sample points is empty")
    if period is not None:
        if primal(period) == 0:
            raise ValueError("period must be a non-zero value")
        period, left, right = np.abs(period), None, None
        x, xp = x % period, xp % period
        order = np.argsort(xp)
        xp, fp = xp[order], fp[order]
        xp = np.concatenate((xp[-1:] - period, xp, xp[:1] + period))
        fp = np.concatenate((fp[-1:], fp, fp[:1]))
    at, grid = primal(x), primal(xp)
    last = len(grid) - 1
    i = np.clip(np.searchsorted(grid, at, "right") - 1, 0, max(last - 1, 0))
    after = np.minimum(i + 1, last)
    flat = grid[after] == grid[i]
    slope = (fp[after] - fp[i]) / np.where(flat, 1, xp[after] - xp[i])
    base = np.where(at == grid[-1], last, i)  # exact at the last point
    y = slope * (x - xp[base]) + fp[base]
    y = np.where(at < grid[0], fp[0] if left is None else left, y)
    y = np.where(at > grid[-1], fp[-1] if right is None else right, y)[()]
    if y.dtype.kind != fp.dtype.kind:
        raise TypeError("left and right can be complex only if fp is")
    return y.astype(fp.dtype)
