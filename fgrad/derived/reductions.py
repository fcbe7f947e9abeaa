"""Reductions and accumulations that others make up."""

from typing import Any

import numpy as np

from fgrad._engine.dispatch import traced
from fgrad._engine.rules import derived


@derived(np.ptp)
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    highest = np.max(a, axis=axis, out=out, keepdims=keepdims)
    return highest - np.min(a, axis=axis, keepdims=keepdims)


def numbers(a: Any, instead: float) -> Any:
    """`a` with `instead` for nan."""
    return np.where(np.isnan(a), instead, a)


@derived(np.nansum)
def nansum(a: Any, *args: Any, **options: Any) -> Any:
    return traced(np.sum)(numbers(a, 0), *args, **options)  # initial too


@derived(np.nanprod)
def nanprod(a: Any, *args: Any, **options: Any) -> Any:
    return traced(np.prod)(numbers(a, 1), *args, **options)


@derived(np.nancumsum)
def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return np.cumsum(numbers(a, 0), axis, dtype, out)


@derived(np.nancumprod)
def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return np.cumprod(numbers(a, 1), axis, dtype, out)
