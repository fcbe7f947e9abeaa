"""Picking entries by index, and the functional form of assigning to them."""

import operator

import numpy as np

from fgrad._engine import scatter
from fgrad._engine.box import as_array
from fgrad._engine.dispatch import primitive, traced
from fgrad._engine.rules import constant, defvjp
from fgrad._engine.scatter import Scatter

index_add = primitive(scatter.index_add)
index_update = primitive(scatter.index_update)
scatter_add = primitive(scatter.scatter_add)


def picked_at(x, index):
    """``x[index]``, also of a plain array at a batched index."""
    return traced(operator.getitem)(x, index)


def index_update_pullback(g, like, index):
    """The cotangent at the index, where no later value overwrote an earlier one."""
    picked = picked_at(g, index)
    if _may_repeat(index):
        picked = np.where(traced(written_last)(g.shape, index), picked, 0)
    if not picked.size:  # any array without entries may be assigned
        return np.zeros(like.shape, g.dtype)
    # An assignment drops leading axes of length 1: the cotangent gets them back.
    return np.reshape(picked, (1,) * (like.ndim - picked.ndim) + picked.shape)


def written_last(shape, index):
    """For each place in an index, whether no later one is the same."""
    owner = np.empty(shape, np.intp)
    turn = np.reshape(np.arange(owner[index].size), owner[index].shape)
    owner[index] = turn
    return owner[index] == turn


constant(written_last)


def _may_repeat(index):
    """Whether an index can name an entry twice: only integer arrays can."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(np.ndim(part) and np.asarray(part).dtype != bool for part in parts)


defvjp(
    operator.getitem,
    indices=("b",),
    masks=True,
    linear=True,
    a=lambda g, b: Scatter(g, b),
)
defvjp(
    index_add,
    indices=("index",),
    broadcasts=True,
    x=lambda g: g,
    value=lambda g, index: picked_at(g, index),
)
defvjp(
    index_update,
    indices=("index",),
    broadcasts=True,
    masks=True,
    x=lambda g, index: index_update(g, index, 0),
    value=index_update_pullback,
)


defvjp(
    scatter_add,
    neutral=("shape",),
    sequences=("parts",),
    indices=("indices",),
    parts=lambda g, wanted, indices: [
        None if node is None else picked_at(g, index)
        for node, index in zip(wanted, indices, strict=True)
    ],
)


def index_along(index, axis, like):
    """The full index for entries along an axis, or among all entries."""
    if axis is None:
        return np.unravel_index(index, like.shape)
    return (slice(None),) * (axis % like.ndim) + (index,)


def take_pullback(g, like, indices, axis, mode):
    """Add to the entries that were taken."""
    length = like.size if axis is None else like.shape[axis]
    indices = as_array(indices)
    indices = np.clip(indices, 0, length - 1) if mode == "clip" else indices % length
    return Scatter(g, index_along(indices, axis, like))


defvjp(np.take, copied=("indices",), masks=True, a=take_pullback)
defvjp(
    np.compress,
    copied=("condition",),
    masks=True,
    a=lambda g, like, condition, axis: Scatter(
        g, index_along(np.flatnonzero(condition), axis, like)
    ),
    condition=lambda g: None,
)
