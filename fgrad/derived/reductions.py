"""Reductions and accumulations that others make up."""

import warnings
from typing import Any

import numpy as np

from fgrad._engine.box import primal, values
from fgrad._engine.dispatch import traced
from fgrad._engine.rules import derived
from fgrad.derived.creation import as_traced
from fgrad.primitives.selection import filled


@derived(np.ptp)
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    highest = np.max(a, axis=axis, out=out, keepdims=keepdims)
    return highest - np.min(a, axis=axis, keepdims=keepdims)


@derived(np.nansum)
def nansum(a: Any, *args: Any, **options: Any) -> Any:
    return traced(np.sum)(filled(a, 0), *args, **options)  # initial too


@derived(np.nanprod)
def nanprod(a: Any, *args: Any, **options: Any) -> Any:
    return traced(np.prod)(filled(a, 1), *args, **options)


@derived(np.nanmean)
def nanmean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    *,
    where: Any = True,
) -> Any:
    """The sum of the entries that are not nan, divided by their number."""
    a = as_traced(a)
    missing = np.isnan(a)
    if not np.any(values(missing)):
        return np.mean(a, axis, dtype, out, keepdims, where=where)
    n = np.sum(~missing, axis, np.intp, keepdims=keepdims, where=where)
    total = np.sum(filled(a, 0), axis, dtype, out, keepdims, where=where)
    mean = (total / np.maximum(n, 1)).astype(total.dtype)
    if not np.any(values(n == 0)):
        return mean
    warnings.warn("Mean of empty slice", RuntimeWarning, stacklevel=2)
    return np.where(n == 0, np.array(np.nan, total.dtype), mean)


def of_numbers(moment: Any) -> Any:
    """A moment of the entries that are not nan: which ones they are is a mask."""

    def call(a: Any, *args: Any, where: Any = True, **options: Any) -> Any:
        a = as_traced(a)
        where = where & ~np.isnan(primal(a))
        return moment(a, *args, where=where, **options)

    return call


derived(np.nanvar)(of_numbers(np.var))
derived(np.nanstd)(of_numbers(np.std))


@derived(np.nancumsum)
def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return np.cumsum(filled(a, 0), axis, dtype, out)


@derived(np.nancumprod)
def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return np.cumprod(filled(a, 1), axis, dtype, out)
