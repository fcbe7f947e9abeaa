"""Picking, leaving out and putting in entries along an axis."""

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from fgrad._engine.box import as_array, primal
from fgrad._engine.rules import derived
from fgrad.derived.creation import array, as_index, as_traced
from fgrad.primitives.creation import asarray


@derived(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    arr = as_traced(arr)
    if axis is None:
        return np.ravel(arr)[as_array(indices)]
    axis = normalize_axis_index(axis, arr.ndim)
    if np.ndim(indices) != arr.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    index = list(np.ix_(*map(range, arr.shape)))
    index[axis] = as_array(indices)
    return arr[tuple(index)]


@derived(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    return np.take(np.ravel(as_traced(arr)), np.flatnonzero(primal(condition)))


def _flat(arr: Any, axis: int | None) -> tuple[Any, int]:
    """An array and the axis to work along; without one, the array is flattened."""
    arr = as_traced(arr)
    if axis is None:
        arr = np.ravel(arr)
        axis = -1
    return arr, normalize_axis_index(axis, arr.ndim)


@derived(np.delete)
def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    arr, axis = _flat(arr, axis)
    return np.take(arr, np.delete(np.arange(arr.shape[axis]), as_index(obj)), axis)


@derived(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """Append the values, then put all into the order in which NumPy inserts."""
    arr, axis = _flat(arr, axis)
    obj = as_index(obj)
    length = arr.shape[axis]
    values = array(asarray(as_traced(values), dtype=arr.dtype), ndmin=arr.ndim)
    count = np.insert(np.arange(length), obj, 0).size - length
    if count == 1:
        if np.ndim(obj) == 0 and not isinstance(obj, slice):
            values = np.moveaxis(values, 0, axis)
        count = values.shape[axis]
    shape = (*arr.shape[:axis], count, *arr.shape[axis + 1 :])
    both = np.concatenate([arr, np.broadcast_to(values, shape)], axis)
    new = np.arange(length, length + count)
    return np.take(both, np.insert(np.arange(length), obj, new), axis)
