"""Joining arrays, and taking them apart."""

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from fgrad._engine.rules import derived
from fgrad.derived.creation import array, as_index, as_traced

# Joining


def _arrays(tup: Any, least: Any) -> list[Any]:
    """The arrays of a sequence, each with at least some number of axes."""
    return [least(as_traced(a)) for a in tup]


@derived(np.hstack)
def hstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    arrays = _arrays(tup, np.atleast_1d)
    axis = 0 if arrays and arrays[0].ndim == 1 else 1
    return np.concatenate(arrays, axis, dtype=dtype, casting=casting)


@derived(np.vstack)
def vstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    arrays = _arrays(tup, np.atleast_2d)
    return np.concatenate(arrays, 0, dtype=dtype, casting=casting)


@derived(np.dstack)
def dstack(tup: Any) -> Any:
    return np.concatenate(_arrays(tup, np.atleast_3d), 2)


@derived(np.column_stack)
def column_stack(tup: Any) -> Any:
    def columns(a: Any) -> Any:
        return a if a.ndim > 1 else np.reshape(a, (-1, 1))

    return np.concatenate(_arrays(tup, columns), 1)


@derived(np.block)
def block(arrays: Any) -> Any:
    """Lists within lists: the innermost are joined along the last axis."""
    depth, ndim = _depth(arrays)
    return _block(arrays, depth, max(depth, ndim))


def _depth(arrays: Any) -> tuple[int, int]:
    """How deep lists are nested, and the largest number of axes in them."""
    if isinstance(arrays, tuple):
        raise TypeError("np.block takes lists of arrays, not tuples")
    if not isinstance(arrays, list):
        return 0, as_traced(arrays).ndim
    parts = [_depth(part) for part in arrays]
    depths = {depth for depth, _ in parts}
    if len(depths) != 1:
        raise ValueError("List depths are mismatched.")
    return 1 + depths.pop(), max(ndim for _, ndim in parts)


def _block(arrays: Any, depth: int, ndim: int) -> Any:
    if depth == 0:
        return array(as_traced(arrays), ndmin=ndim)
    return np.concatenate([_block(a, depth - 1, ndim) for a in arrays], -depth)


@derived(np.append)
def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    arr, values = as_traced(arr), as_traced(values)
    if axis is None:
        arr, values, axis = np.ravel(arr), np.ravel(values), 0
    return np.concatenate((arr, values), axis)


# Taking apart


@derived(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    ary = as_traced(ary)
    # Where NumPy cuts the positions along the axis, cut the array.
    cuts = np.array_split(np.arange(ary.shape[axis]), as_index(indices_or_sections))
    lead = (slice(None),) * (normalize_axis_index(axis, ary.ndim))
    return [ary[(*lead, _span(cut))] for cut in cuts]


def _span(cut: Any) -> slice:
    return slice(cut[0], cut[-1] + 1) if cut.size else slice(0)


@derived(np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    ary, indices_or_sections = as_traced(ary), as_index(indices_or_sections)
    if not np.ndim(indices_or_sections) and ary.shape[axis] % indices_or_sections:
        raise ValueError("array split does not result in an equal division")
    return array_split(ary, indices_or_sections, axis)


@derived(np.hsplit)
def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    ary = as_traced(ary)
    if not ary.ndim:
        raise ValueError("hsplit only works on arrays of 1 or more dimensions")
    return split(ary, indices_or_sections, 1 if ary.ndim > 1 else 0)


@derived(np.vsplit)
def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    ary = as_traced(ary)
    if ary.ndim < 2:
        raise ValueError("vsplit only works on arrays of 2 or more dimensions")
    return split(ary, indices_or_sections, 0)


@derived(np.dsplit)
def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    ary = as_traced(ary)
    if ary.ndim < 3:
        raise ValueError("dsplit only works on arrays of 3 or more dimensions")
    return split(ary, indices_or_sections, 2)


if hasattr(np, "unstack"):

    @derived(np.unstack)
    def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
        x = as_traced(x)
        lead = (slice(None),) * (normalize_axis_index(axis, x.ndim))
        return tuple(x[(*lead, i)] for i in range(x.shape[axis]))
