"""Functions that arrange the same entries differently."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp
from fgrad._engine.scatter import Scatter
from fgrad.primitives._axes import diagonal_index, normalized

# The same entries under another shape


@primitive
def reshaped(a, shape, order="C"):
    """``np.reshape``, in an order of the axes (``C``, ``F``), not of the memory."""
    return np.reshape(a, shape, order)


defvjp(reshaped, a=lambda g, like, order: np.reshape(g, like.shape, order))
defvjp(np.squeeze, neutral=("axis",), a=lambda g, like: np.reshape(g, like.shape))
defvjp(np.expand_dims, a=lambda g, like: np.reshape(g, like.shape))

# Another order of the axes


def transpose_pullback(g, axes):
    """The inverse permutation."""
    if axes is not None:
        axes = np.argsort(normalized(tuple(axes), g.ndim))
    return np.transpose(g, axes)


defvjp(np.transpose, linear=True, a=transpose_pullback)
defvjp(np.matrix_transpose, x=lambda g: np.matrix_transpose(g))
defvjp(np.swapaxes, linear=True, a=lambda g, axis1, axis2: np.swapaxes(g, axis1, axis2))
defvjp(
    np.moveaxis,
    linear=True,
    a=lambda g, source, destination: np.moveaxis(g, destination, source),
)

# Another order of the entries

defvjp(np.flip, linear=True, m=lambda g, axis: np.flip(g, axis))
defvjp(np.fliplr, m=lambda g: np.fliplr(g))
defvjp(np.flipud, m=lambda g: np.flipud(g))
defvjp(np.rot90, m=lambda g, k, axes: np.rot90(g, -k, axes))
defvjp(
    np.roll, linear=True, a=lambda g, shift, axis: np.roll(g, np.negative(shift), axis)
)

# Entries that appear several times: their cotangents add up


def tile_pullback(g, like, reps):
    """Give copies axes of their own, and sum over these."""
    reps = tuple(np.atleast_1d(reps))
    ndim = max(like.ndim, len(reps))
    reps = (1,) * (ndim - len(reps)) + reps
    shape = (1,) * (ndim - like.ndim) + like.shape
    split = [n for pair in zip(reps, shape, strict=True) for n in pair]
    copies = tuple(range(0, 2 * ndim, 2))
    return np.reshape(np.sum(np.reshape(g, split), axis=copies), like.shape)


def repeat_pullback(g, like, repeats, axis):
    """Equal counts: sum over an axis of copies. Others: add each copy to its source."""
    shape = (like.size,) if axis is None or not like.shape else like.shape
    (axis,) = normalized(0 if axis is None else axis, len(shape))
    if np.size(repeats) == 1:
        split = (*shape[: axis + 1], np.ravel(repeats)[0], *shape[axis + 1 :])
        return np.reshape(np.sum(np.reshape(g, split), axis=axis + 1), like.shape)
    source = np.repeat(np.arange(shape[axis]), repeats)
    if shape != like.shape:
        return Scatter(g, np.unravel_index(source, like.shape))
    return Scatter(g, (slice(None),) * axis + (source,))


@primitive
def overlap_add(windows, shape, window_shape, axis):
    """The array of `shape` to whose entries all `windows` that show them are added."""
    total = np.zeros(shape, windows.dtype)
    sizes = (window_shape,) if np.ndim(window_shape) == 0 else tuple(window_shape)
    starts = windows.shape[: len(shape)]
    if np.prod(sizes) > np.prod(starts):
        places = np.reshape(np.arange(total.size), shape)
        np.add.at(
            total.reshape(-1), sliding_window_view(places, window_shape, axis), windows
        )
        return total
    axes = normalized(axis, len(shape))
    for offsets in np.ndindex(sizes):
        first = [0] * len(shape)
        for i, offset in zip(axes, offsets, strict=True):
            first[i] += offset
        here = tuple(slice(i, i + n) for i, n in zip(first, starts, strict=True))
        total[here] += windows[(..., *offsets)]
    return total


defvjp(np.broadcast_to, broadcasts=True, array=lambda g: g)
defvjp(np.tile, A=tile_pullback)
defvjp(np.repeat, copied=("repeats",), a=repeat_pullback)
defvjp(
    sliding_window_view,
    neutral=("writeable",),
    x=lambda g, like, window_shape, axis: overlap_add(
        g, like.shape, window_shape, axis
    ),
)
defvjp(
    overlap_add,
    windows=lambda g, window_shape, axis: sliding_window_view(g, window_shape, axis),
)

# Parts of matrices


def diag_pullback(g, like, k):
    """For a vector, the diagonal of `g`; for a matrix, `g` put into its diagonal."""
    if like.ndim == 1:
        return np.diagonal(g, k)
    return Scatter(g, diagonal_index(like.shape, k, 0, 1))


def diagonal_pullback(g, like, offset, axis1, axis2):
    """Put into the diagonal, which is the last axis of `g`."""
    axis1, axis2 = normalized((axis1, axis2), like.ndim)
    # Indices next to each other leave their axis in place, others put it first.
    place = min(axis1, axis2) if abs(axis1 - axis2) == 1 else 0
    index = diagonal_index(like.shape, offset, axis1, axis2)
    return Scatter(np.moveaxis(g, -1, place), index)


def vander_pullback(g, x, N, increasing):
    """Sum of g k x**(k - 1) over the powers k."""
    g = g if increasing else np.flip(g, 1)
    powers = np.arange(1, g.shape[1])
    slopes = powers * np.vander(x, len(powers), increasing=True)
    return np.sum(g[:, 1:] * slopes, axis=1)


defvjp(np.triu, broadcasts=True, masks=True, m=lambda g, k: np.triu(g, k))
defvjp(np.tril, broadcasts=True, masks=True, m=lambda g, k: np.tril(g, k))
defvjp(np.diag, masks=True, v=diag_pullback)
defvjp(np.diagonal, linear=True, masks=True, a=diagonal_pullback)
defvjp(np.vander, x=vander_pullback)
