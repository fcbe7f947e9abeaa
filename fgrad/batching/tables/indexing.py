"""Picking entries by index, and adding and assigning to them.

An index of one example becomes one of the batch by a slice in front of it. Where the
indices themselves are batched, or NumPy would move their axes, the slice is replaced
by the examples' numbers, which broadcast with the other indices: then the axes of the
indices come first, and are moved to where they are for one example.
"""

from __future__ import annotations

import operator
from types import EllipsisType
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from fgrad._engine.bind import bind
from fgrad._engine.box import Box, as_array
from fgrad._engine.dispatch import traced
from fgrad._engine.rules import RULES
from fgrad._engine.scatter import add_at
from fgrad.batching.forms import (
    flat,
    lined_up,
    one_array,
    several_arrays,
    shifted,
)
from fgrad.batching.trace import BatchTrace
from fgrad.primitives.indexing import index_add, index_update, scatter_add

BASIC = (slice, EllipsisType, type(None))
SINGLE = (*BASIC, int, np.generic, np.ndarray)

pick = traced(operator.getitem)
"""``a[index]``, where both may have boxes of other traces."""


class Index(NamedTuple):
    """An index of one example, and where it puts the axes of its arrays."""

    parts: tuple[Any, ...]
    ndim: int
    """How many axes the arrays in it have together; 0 if there are none."""
    place: int
    """The first of these axes in the result."""
    moves: bool
    """Whether NumPy would need more than a slice in front."""
    basic: bool = False
    """Whether there are numbers and slices only."""


def _parsed(trace: BatchTrace, index: Any, ndim: int) -> Index | None:
    """Look at an index of an array with `ndim` axes.

    ``None`` if it may pick one entry more or less in each example.
    """
    if type(index) is slice or type(index) is int:
        return Index((index,), 0, 0, False, basic=True)
    parts: Any = index if type(index) is tuple else (index,)
    parts = tuple(p if isinstance(p, SINGLE) else _as_places(p) for p in parts)
    if all(isinstance(p, BASIC) or type(p) is int for p in parts):
        return Index(parts, 0, 0, False, basic=True)
    consumed = [_consumed(p) for p in parts]
    advanced = [i for i, p in enumerate(parts) if not isinstance(p, BASIC)]
    if any(type(p) is Box and p.dtype.kind == "b" for p in parts) or any(
        consumed[i] == 0 for i in advanced
    ):
        return None
    axes = [1 if _is_mask(parts[i]) else np.ndim(parts[i]) for i in advanced]
    together = advanced[-1] - advanced[0] + 1 == len(advanced)
    place = 0
    if together:
        rest = ndim - sum(consumed)
        for p in parts[: advanced[0]]:
            place += rest if p is Ellipsis else 1
    mapped = any(trace.holds(p) for p in parts)
    return Index(parts, max(axes), place, mapped or not together)


def _as_places(part: Any) -> Any:
    """A list of places as an array; NumPy takes an empty one for integers."""
    part = as_array(part)
    empty = type(part) is not Box and not part.size
    return part.astype(np.intp) if empty and part.dtype.kind == "f" else part


def _is_mask(part: Any) -> bool:
    return np.ndim(part) > 0 and part.dtype.kind == "b"


def _consumed(part: Any) -> int:
    """How many axes of the array a part of an index is about."""
    if part is None or part is Ellipsis or isinstance(part, bool | np.bool_):
        return 0
    return np.ndim(part) if not isinstance(part, slice) and _is_mask(part) else 1


def _numbered(trace: BatchTrace, index: Index) -> tuple[Any, ...]:
    """The index with the examples' numbers in front."""
    numbers = lined_up(np.arange(trace.size), index.ndim)
    return (
        numbers,
        *(lined_up(p._value, index.ndim) if trace.holds(p) else p for p in index.parts),
    )


def _axes(index: Index) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where the indices' axes are in a batch: in front, and as for one example."""
    front = tuple(range(1, 1 + index.ndim))
    return front, tuple(axis + index.place for axis in front)


@several_arrays(operator.getitem)
def getitem(trace: BatchTrace, a: Any, b: Any) -> Any:
    index = _parsed(trace, b, a.ndim)
    if index is None:
        return NotImplemented
    if index.basic:
        return a._value[(slice(None), *index.parts)]
    if not index.moves:
        return pick(a._value, (slice(None), *index.parts))
    if not trace.holds(a):
        return _from_shared(trace, a, index)
    picked = pick(a._value, _numbered(trace, index))
    return np.moveaxis(picked, *_axes(index)) if index.place else picked


def _from_shared(trace: BatchTrace, a: Any, index: Index) -> Any:
    """Entries of an array that all examples share."""
    parts = tuple(
        lined_up(p._value, index.ndim) if trace.holds(p) else p for p in index.parts
    )
    return np.moveaxis(pick(a, parts), index.place, 0)


@several_arrays(index_add)
def add(trace: BatchTrace, x: Any, index: Any, value: Any) -> Any:
    x = trace.of_all(x)
    written = _written(trace, x, index, value)
    return NotImplemented if written is None else index_add(x, *written)


@several_arrays(index_update)
def update(trace: BatchTrace, x: Any, index: Any, value: Any) -> Any:
    x = trace.of_all(x)
    written = _written(trace, x, index, value)
    return NotImplemented if written is None else index_update(x, *written)


@several_arrays(add_at)
def added(trace: BatchTrace, x: Any, index: Any, value: Any) -> Any:
    """In place: `x` is a batch that nobody else sees."""
    written = _written(trace, x._value, index, value)
    if written is None:
        return NotImplemented
    add_at(x._value, *written)
    return x


@several_arrays(scatter_add)
def put_together(trace: BatchTrace, parts: Any, indices: Any, shape: Any) -> Any:
    full = np.broadcast_to(0, (trace.size, *shape))
    everywhere: list[Any] = []
    values: list[Any] = []
    for index, part in zip(indices, parts, strict=True):
        written = _written(trace, full, index, part)
        if written is None:
            return NotImplemented
        everywhere.append(written[0])
        values.append(written[1])
    return scatter_add(values, tuple(everywhere), full.shape)


def _written(
    trace: BatchTrace, full: Any, index: Any, value: Any
) -> tuple[Any, Any] | None:
    """The index and value of all examples; ``None`` if the index is refused."""
    parsed = _parsed(trace, index, full.ndim - 1)
    if parsed is None:
        return None
    shape = _picked(full, parsed)
    value = as_array(value)
    if value.ndim > len(shape):
        value = np.reshape(value, value.shape[value.ndim - len(shape) :])
    if trace.holds(value):
        value = lined_up(value._value, len(shape))
    if value.shape != (trace.size, *shape):
        value = np.broadcast_to(value, (trace.size, *shape))
    if not parsed.moves:
        return (slice(None), *parsed.parts), value
    if parsed.place:
        front, place = _axes(parsed)
        value = np.moveaxis(value, place, front)
    return _numbered(trace, parsed), value


def _picked(full: Any, index: Index) -> tuple[int, ...]:
    """The shape of what the index picks in one example."""
    if index.basic and type(full) is not Box:
        return full[(slice(None), *index.parts)].shape[1:]
    parts = tuple(np.zeros(p.shape, int) if type(p) is Box else p for p in index.parts)
    return np.broadcast_to(0, full.shape[1:])[parts].shape


@several_arrays(np.take)
def take(
    trace: BatchTrace, a: Any, indices: Any, axis: Any = None, mode: Any = "raise"
) -> Any:
    a = as_array(a)
    if axis is None:
        a, axis = np.ravel(a), 0
    axis = normalize_axis_index(axis, a.ndim)
    if not trace.holds(indices):
        return np.take(a._value, indices, axis + 1, mode=mode)
    n = a.shape[axis]
    if mode == "clip":
        indices = np.clip(indices, 0, n - 1)
    elif mode == "wrap":
        indices = indices % n
    return bind(RULES[operator.getitem], (a, (slice(None),) * axis + (indices,)), {})


@one_array(np.compress, parameter="a")
def compress(fun: Any, a: Any, condition: Any, axis: Any = None) -> Any:
    if axis is None:
        return fun(condition, flat(a), 1)
    return fun(condition, a, shifted(axis, a.ndim - 1))
