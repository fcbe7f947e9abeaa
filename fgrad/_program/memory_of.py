"""Where the entries of an array lie, and copies that keep how they lie."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

__all__ = ["frozen", "root_of"]


def root_of(array: Any) -> Any:
    """The array that owns the memory of a view, or what else it is a view of."""
    while type(array) is np.ndarray and array.base is not None:
        array = array.base
    return array


def frozen(array: Any) -> Any:
    """A copy with the same strides, on which the last bits of some sums depend."""
    if array.size == 0 or array.flags.c_contiguous or array.flags.f_contiguous:
        return np.array(array)
    low, high = byte_bounds(array)
    memory = np.zeros(high - low, np.uint8)
    start = array.__array_interface__["data"][0] - low
    copy = np.ndarray(array.shape, array.dtype, memory, start, array.strides)
    copy[...] = array
    return copy
