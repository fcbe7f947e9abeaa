"""Calling a Python function on parts of an array."""

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from fgrad._engine.box import Box, stand_in
from fgrad._engine.rules import derived
from fgrad.derived.creation import array, as_traced


@derived(np.apply_along_axis)
def apply_along_axis(
    func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any
) -> Any:
    arr = as_traced(arr)
    axis = normalize_axis_index(axis, arr.ndim)
    rows = np.moveaxis(arr, axis, -1)
    lead = rows.shape[:-1]
    if 0 in lead:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    results = array([func1d(rows[i], *args, **kwargs) for i in np.ndindex(lead)])
    shape = results.shape[1:]
    results = np.reshape(results, lead + shape)
    own = range(len(lead), results.ndim)
    return np.moveaxis(results, own, range(axis, axis + len(shape)))


@derived(np.apply_over_axes)
def apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    a = as_traced(a)
    for axis in np.atleast_1d(axes):
        axis = normalize_axis_index(int(axis), a.ndim)
        result = func(a, axis)
        if result.ndim != a.ndim:
            result = np.expand_dims(result, axis)
        a = result
    return a


@derived(np.fromfunction)
def fromfunction(
    function: Any, shape: Any, *, dtype: Any = float, like: Any = None, **kwargs: Any
) -> Any:
    return function(*np.indices(shape, dtype=dtype), **kwargs)


class ndenumerate(np.ndenumerate):  # noqa: N801 (NumPy's name)
    """``np.ndenumerate``, a class that NumPy does not dispatch."""

    def __init__(self, arr: Any) -> None:
        arr = as_traced(arr)
        super().__init__(stand_in(arr))
        self._traced = type(arr) is Box
        self._pairs = ((index, arr[index]) for index in np.ndindex(arr.shape))

    def __next__(self) -> Any:
        return next(self._pairs) if self._traced else super().__next__()
