"""Functions without derivative that are neither elementwise nor along axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad.batching.forms import one_array, one_by_one, several_arrays


@one_array(np.searchsorted, parameter="v")
def searchsorted(fun: Any, v: Any, a: Any, **options: Any) -> Any:
    return fun(a, v, **options)


@one_array(np.digitize, np.unravel_index)
def each_entry(fun: Any, a: Any, **options: Any) -> Any:
    return fun(a, **options)


@one_array(np.isin)
def isin(fun: Any, a: Any, *, assume_unique: Any = False, **options: Any) -> Any:
    """Entries that differ in each example may repeat in the batch."""
    return fun(a, **options)


@several_arrays(np.array_equal)
def array_equal(trace: Any, a1: Any, a2: Any, equal_nan: bool = False) -> Any:
    if np.shape(a1) != np.shape(a2) or equal_nan:
        return NotImplemented
    return np.all(np.equal(a1, a2))


@several_arrays(np.allclose)
def allclose(trace: Any, *args: Any, **options: Any) -> Any:
    return np.all(np.isclose(*args, **options))


one_by_one(
    np.arange,
    np.histogram,
    np.histogram2d,
    np.histogram_bin_edges,
    np.histogramdd,
    np.intersect1d,
    np.ix_,
    np.real_if_close,
    np.resize,
    np.setdiff1d,
    np.setxor1d,
    np.unique,
    np.unique_all,
    np.unique_counts,
    np.unique_inverse,
    np.unique_values,
)
