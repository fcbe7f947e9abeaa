"""Functions that work along axes: each axis is one further back in a batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad.batching.forms import flat, one_array, shifted
from fgrad.primitives.fft import fft, ifft, irfft, rfft
from fgrad.primitives.ufunc_methods import (
    accumulate,
    add_reduceat,
    log_sum,
    running_extreme,
    shares,
)


@one_array(
    np.sum,
    np.mean,
    np.var,
    np.std,
    np.max,
    np.min,
    np.amax,
    np.amin,
    np.nanmax,
    np.nanmin,
    np.prod,
    np.median,
    np.nanmedian,
    np.all,
    np.any,
    np.count_nonzero,
)
def reduction(fun: Any, a: Any, axis: Any = None, **options: Any) -> Any:
    """No axis means all axes of an example; a number has an axis 0 without entries."""
    ndim = a.ndim - 1
    everything = axis is None or (not ndim and axis in {0, -1})
    axes = tuple(range(1, a.ndim)) if everything else shifted(axis, ndim)
    return fun(a, axis=axes, **options)


@one_array(np.quantile, np.percentile, np.nanquantile, np.nanpercentile)
def quantile(fun: Any, a: Any, q: Any, axis: Any = None, **options: Any) -> Any:
    """The axes of `q` come first in the result."""
    if options.get("weights") is not None:
        return NotImplemented
    axes = tuple(range(1, a.ndim)) if axis is None else shifted(axis, a.ndim - 1)
    return np.moveaxis(fun(a, q, axis=axes, **options), np.ndim(q), 0)


@one_array(np.argmax, np.argmin, np.nanargmax, np.nanargmin)
def position(
    fun: Any, a: Any, axis: Any = None, *, keepdims: Any = False, **options: Any
) -> Any:
    if axis is not None:
        return fun(a, axis=shifted(axis, a.ndim - 1), keepdims=keepdims, **options)
    ans = fun(flat(a), axis=1, **options)
    return np.reshape(ans, (len(a), *(1,) * (a.ndim - 1))) if keepdims is True else ans


@one_array(np.cumsum, np.cumprod)
def cumulation(fun: Any, a: Any, axis: Any = None, **options: Any) -> Any:
    """No axis means all entries of an example in one row."""
    if axis is None:
        return fun(flat(a), axis=1, **options)
    return fun(a, axis=shifted(axis, a.ndim - 1), **options)


NEWER = ("cumulative_sum", "cumulative_prod")  # NumPy 2.1


@one_array(*(getattr(np, name) for name in NEWER if hasattr(np, name)))
def cumulative(fun: Any, a: Any, axis: Any = None, **options: Any) -> Any:
    if axis is None and a.ndim != 2:
        return NotImplemented
    return fun(a, axis=shifted(axis or 0, a.ndim - 1), **options)


@one_array(np.sort, np.argsort)
def sorting(fun: Any, a: Any, axis: Any = -1, **options: Any) -> Any:
    if axis is None:
        return fun(flat(a), axis=1, **options)
    return fun(a, axis=shifted(axis, a.ndim - 1), **options)


@one_array(np.partition, np.argpartition)
def partition(fun: Any, a: Any, kth: Any, axis: Any = -1, **options: Any) -> Any:
    if axis is None:
        return fun(flat(a), kth, axis=1, **options)
    return fun(a, kth, axis=shifted(axis, a.ndim - 1), **options)


@one_array(np.sort_complex)
def sort_complex(fun: Any, a: Any) -> Any:
    return fun(a) if a.ndim > 1 else NotImplemented


@one_array(fft, ifft, rfft, irfft)
def transform(fun: Any, a: Any, axis: Any = -1, **options: Any) -> Any:
    return fun(a, axis=shifted(axis, a.ndim - 1), **options)


@one_array(np.unwrap)
def unwrap(
    fun: Any, p: Any, discont: Any = None, axis: Any = -1, **options: Any
) -> Any:
    return fun(p, discont, shifted(axis, p.ndim - 1), **options)


@one_array(
    accumulate, running_extreme, log_sum, shares, add_reduceat, parameter="array"
)
def ufunc_method(fun: Any, a: Any, axis: Any = 0, **options: Any) -> Any:
    axes = tuple(range(1, a.ndim)) if axis is None else shifted(axis, a.ndim - 1)
    return fun(array=a, axis=axes, **options)
