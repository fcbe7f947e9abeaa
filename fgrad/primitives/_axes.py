"""Small computations with axes and shapes that several rule tables share."""

import math
from typing import Any

import numpy as np

__all__ = [
    "as_sequence",
    "count",
    "diagonal_index",
    "from_rows",
    "kept_shape",
    "normalized",
    "piece_shapes",
    "restore",
    "rows",
]


def normalized(axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes as a tuple of non-negative ints; ``None`` means all."""
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    return tuple(int(a) % ndim for a in axes) if ndim else ()


def kept_shape(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    """The shape after reducing `axis` with ``keepdims=True``."""
    axes = normalized(axis, len(shape))
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def restore(g: Any, like: Any, axis: Any, keepdims: bool) -> Any:
    """The reduced axes put back with length 1, so that `g` broadcasts to `like`."""
    return g if keepdims else np.reshape(g, kept_shape(like.shape, axis))


def count(like: Any, axis: Any, where: Any = True) -> Any:
    """How many entries a reduction takes together; with ``where``, an array."""
    if where is not True:
        where = np.broadcast_to(where, like.shape)
        return np.sum(where, axis=normalized(axis, like.ndim), keepdims=True)
    return math.prod(like.shape[i] for i in normalized(axis, like.ndim))


def _last(axis: Any, ndim: int) -> tuple[int, ...]:
    """The order of axes that puts `axis` last."""
    axes = normalized(axis, ndim)
    return (*(i for i in range(ndim) if i not in axes), *axes)


def rows(a: Any, axis: Any) -> Any:
    """A matrix whose rows are what a reduction of `axis` takes together."""
    axes = normalized(axis, a.ndim)
    n = math.prod(m for i, m in enumerate(a.shape) if i not in axes)
    return np.reshape(np.transpose(a, _last(axis, a.ndim)), (n, count(a, axis)))


def from_rows(r: Any, shape: tuple[int, ...], axis: Any) -> Any:
    """The array of `shape` whose `rows` are `r`."""
    order = _last(axis, len(shape))
    moved = np.reshape(r, tuple(shape[i] for i in order))
    return np.transpose(moved, tuple(np.argsort(order)))


def diagonal_index(
    shape: tuple[int, ...], offset: int, axis1: int, axis2: int
) -> tuple[Any, ...]:
    """The index of a diagonal."""
    row, column = max(-offset, 0), max(offset, 0)
    along = np.arange(max(min(shape[axis1] - row, shape[axis2] - column), 0))
    index: list[Any] = [slice(None)] * len(shape)
    index[axis1] = along + row
    index[axis2] = along + column
    return tuple(index)


def piece_shapes(like: Any) -> list[tuple[int, ...]]:
    """Shapes of a sequence of arrays; one array is the sequence of its entries."""
    if type(like) is tuple:
        return [part.shape for part in like]
    return [like.shape[1:]] * like.shape[0]


def as_sequence(parts: list[Any], like: Any) -> Any:
    """Cotangents of a sequence: a list, or one array if the sequence was one."""
    return parts if type(like) is tuple else np.stack(parts)
