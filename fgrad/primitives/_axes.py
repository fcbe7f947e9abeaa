"""Small computations with axes and shapes that several rule tables share."""

from typing import Any

import numpy as np

__all__ = ["kept_shape", "normalized", "restore"]


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
