"""Functions without derivative that are neither elementwise nor along axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad._batching import BatchTrace, batcher
from fgrad._box import bare
from fgrad._rules import Rule
from fgrad._trace import Box
from fgrad.batching._forms import one_array, one_by_one, several_arrays


@batcher(
    np.shape,
    np.ndim,
    np.size,
    np.iscomplexobj,
    np.isrealobj,
    np.isscalar,
    np.can_cast,
    np.common_type,
    np.min_scalar_type,
    np.result_type,
    np.empty_like,
    np.ones_like,
    np.zeros_like,
    np.diag_indices_from,
    np.tril_indices_from,
    np.triu_indices_from,
    np.einsum_path,
)
def of_space(trace: BatchTrace, rule: Rule, args: Any, kwargs: Any) -> Any:
    """What follows from shape and dtype is the same for all examples."""
    stand_ins = [_stand_in(value) for value in args]
    return rule.fun(*stand_ins, **{n: _stand_in(v) for n, v in kwargs.items()})


def _stand_in(value: Any) -> Any:
    return np.zeros(value.shape, value.dtype) if type(value) is Box else value


@batcher(
    np.array2string,
    np.array_repr,
    np.array_str,
    np.save,
    np.savetxt,
    np.savez,
    np.savez_compressed,
    np.may_share_memory,
    np.shares_memory,
)
def as_a_whole(trace: BatchTrace, rule: Rule, args: Any, kwargs: Any) -> Any:
    """Printing and storing show all examples."""
    return rule.fun(*map(bare, args), **{n: bare(v) for n, v in kwargs.items()})


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
