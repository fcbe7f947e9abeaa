"""Functions that arrange entries differently: the examples stay along axis 0."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from fgrad.batching.forms import flat, lined_up, one_array, shifted
from fgrad.primitives.indexing import index_add
from fgrad.primitives.shaping import overlap_add, reshaped


def _resolved(shape: Any, size: int) -> tuple[int, ...]:
    """A shape without -1."""
    shape = tuple(shape) if isinstance(shape, tuple | list) else (int(shape),)
    if -1 not in shape:
        return shape
    known = -math.prod(shape)
    return tuple(size // known if n == -1 else n for n in shape)


@one_array(reshaped)
def reshape(fun: Any, a: Any, shape: Any, order: Any = "C") -> Any:
    """In Fortran's order the examples stay apart along the last axis."""
    shape = _resolved(shape, math.prod(a.shape[1:]))
    if order == "C":
        return np.reshape(a, (a.shape[0], *shape))
    if order != "F":
        return NotImplemented
    last = np.reshape(np.moveaxis(a, 0, -1), (*shape, a.shape[0]), order)
    return np.moveaxis(last, -1, 0)


@one_array(np.squeeze)
def squeeze(fun: Any, a: Any, axis: Any = None) -> Any:
    if axis is None:
        return fun(a, tuple(i for i in range(1, a.ndim) if a.shape[i] == 1))
    return fun(a, shifted(axis, a.ndim - 1))


@one_array(np.expand_dims)
def expand_dims(fun: Any, a: Any, axis: Any) -> Any:
    more = len(axis) if isinstance(axis, tuple | list) else 1
    return fun(a, shifted(axis, a.ndim - 1 + more))


@one_array(np.transpose)
def transpose(fun: Any, a: Any, axes: Any = None) -> Any:
    if axes is None:
        axes = tuple(reversed(range(a.ndim - 1)))
    if len(axes) != a.ndim - 1:
        return NotImplemented
    return fun(a, (0, *shifted(tuple(axes), a.ndim - 1)))


@one_array(np.swapaxes)
def swapaxes(fun: Any, a: Any, axis1: Any, axis2: Any) -> Any:
    return fun(a, shifted(axis1, a.ndim - 1), shifted(axis2, a.ndim - 1))


@one_array(np.moveaxis)
def moveaxis(fun: Any, a: Any, source: Any, destination: Any) -> Any:
    return fun(a, shifted(source, a.ndim - 1), shifted(destination, a.ndim - 1))


@one_array(np.matrix_transpose, np.tril, np.triu)
def matrices(fun: Any, a: Any, **options: Any) -> Any:
    return fun(a, **options) if a.ndim > 2 else NotImplemented


@one_array(np.flip)
def flip(fun: Any, a: Any, axis: Any = None) -> Any:
    axes = tuple(range(1, a.ndim)) if axis is None else shifted(axis, a.ndim - 1)
    return fun(a, axes)


@one_array(np.flipud)
def flipud(fun: Any, a: Any) -> Any:
    return np.flip(a, shifted(0, a.ndim - 1))


@one_array(np.fliplr)
def fliplr(fun: Any, a: Any) -> Any:
    return np.flip(a, shifted(1, a.ndim - 1))


@one_array(np.rot90)
def rot90(fun: Any, a: Any, k: Any = 1, axes: Any = (0, 1)) -> Any:
    return fun(a, k, shifted(tuple(axes), a.ndim - 1))


@one_array(np.roll)
def roll(fun: Any, a: Any, shift: Any, axis: Any = None) -> Any:
    if axis is None:
        return np.reshape(np.roll(flat(a), shift, 1), a.shape)
    return fun(a, shift, shifted(axis, a.ndim - 1, repeated=True))


@one_array(np.broadcast_to)
def broadcast_to(fun: Any, a: Any, shape: Any, subok: Any = False) -> Any:
    shape = _resolved(shape, 1)
    if a.ndim - 1 > len(shape):
        return NotImplemented
    return fun(lined_up(a, len(shape)), (a.shape[0], *shape))


@one_array(np.tile)
def tile(fun: Any, a: Any, reps: Any) -> Any:
    reps = tuple(np.atleast_1d(reps))
    ndim = max(a.ndim - 1, len(reps))
    reps = (1,) * (ndim - len(reps)) + reps
    return fun(lined_up(a, ndim), (1, *reps))


@one_array(np.repeat)
def repeat(fun: Any, a: Any, repeats: Any, axis: Any = None) -> Any:
    if axis is None:
        return fun(flat(a), repeats, 1)
    return fun(a, repeats, shifted(axis, a.ndim - 1))


@one_array(sliding_window_view)
def windows(
    fun: Any, a: Any, window_shape: Any, axis: Any = None, **options: Any
) -> Any:
    if axis is None:
        axis = tuple(range(a.ndim - 1))
    axes = shifted(axis, a.ndim - 1, repeated=True)
    return fun(a, window_shape, axes, **options)


@one_array(overlap_add)
def overlap(fun: Any, a: Any, shape: Any, window_shape: Any, axis: Any) -> Any:
    ndim = len(shape)
    axes = shifted(tuple(range(ndim)) if axis is None else axis, ndim, repeated=True)
    return fun(a, (a.shape[0], *shape), window_shape, axes)


@one_array(np.diagonal)
def diagonal(fun: Any, a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Any:
    return fun(a, offset, *shifted((axis1, axis2), a.ndim - 1))


@one_array(np.diag)
def diag(fun: Any, v: Any, k: Any = 0) -> Any:
    """For matrices, their diagonals; for vectors, matrices with these diagonals."""
    if v.ndim == 3:
        return np.diagonal(v, k, 1, 2)
    if v.ndim != 2:
        return NotImplemented
    n = v.shape[1]
    along = np.arange(n)
    zero = np.zeros((v.shape[0], n + abs(k), n + abs(k)), v.dtype)
    return index_add(zero, (slice(None), along + max(-k, 0), along + max(k, 0)), v)
