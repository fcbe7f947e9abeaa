"""Sets of numbers: their members are picked from the arguments."""

import sys
from typing import Any

import numpy as np

from fgrad._engine.box import as_array, primal
from fgrad._engine.rules import derived
from fgrad.derived.creation import as_traced


def picked(source: Any, values: Any) -> Any:
    """Entries of `source` with these values: of equal ones, the first."""
    source = np.ravel(source)
    plain = as_array(primal(source))
    order = np.argsort(plain, kind="stable")
    return source[order[np.searchsorted(plain, values, sorter=order)]]


@derived(np.unique)
def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: Any = None,
    **options: Any,
) -> Any:
    ar = as_traced(ar)
    plain = primal(ar)
    if axis is None:
        found = np.unique(plain, return_index, return_inverse, return_counts, **options)
        if not isinstance(found, tuple):
            return picked(ar, found)
        return (picked(ar, found[0]), *found[1:])
    _, index, *others = np.unique(
        plain, True, return_inverse, return_counts, axis, **options
    )
    first = np.take(ar, index, axis)
    if return_index:
        others = [index, *others]
    return (first, *others) if others else first


@derived(np.unique_values)
def unique_values(x: Any) -> Any:
    return picked(as_traced(x), np.unique_values(primal(as_traced(x))))


@derived(np.unique_all)
def unique_all(x: Any) -> Any:
    return with_values(np.unique_all, x)


@derived(np.unique_counts)
def unique_counts(x: Any) -> Any:
    return with_values(np.unique_counts, x)


@derived(np.unique_inverse)
def unique_inverse(x: Any) -> Any:
    return with_values(np.unique_inverse, x)


def with_values(fun: Any, x: Any) -> Any:
    """NumPy's result, with values that are picked from `x`."""
    x = as_traced(x)
    found = fun(primal(x))
    return found._replace(values=picked(x, found.values))


@derived(np.union1d)
def union1d(ar1: Any, ar2: Any) -> Any:
    return unique(np.concatenate((as_traced(ar1), as_traced(ar2)), axis=None))


@derived(np.setdiff1d)
def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    ar1 = np.ravel(as_traced(ar1)) if assume_unique else unique(ar1)
    return ar1[np.isin(primal(ar1), primal(ar2), assume_unique, invert=True)]


@derived(np.setxor1d)
def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    values = np.setxor1d(primal(ar1), primal(ar2), assume_unique)
    both = np.concatenate((as_traced(ar1), as_traced(ar2)), axis=None)
    return picked(both, values)


@derived(np.intersect1d)
def intersect1d(
    ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False
) -> Any:
    """Common values move with both arguments at once: half of each."""
    indices = np.intersect1d(primal(ar1), primal(ar2), assume_unique, True)[1:]
    ar1, ar2 = np.ravel(as_traced(ar1)), np.ravel(as_traced(ar2))
    first, second = ar1[indices[0]], ar2[indices[1]]
    common = first + (second - first) / 2
    return (common, *indices) if return_indices else common


def is_called_by(fun: Any) -> bool:
    """Whether the NumPy function that came here was called in `fun`."""
    frame = sys._getframe(1)
    while frame and frame.f_globals.get("__name__", "").startswith("fgrad."):
        frame = frame.f_back
    return frame is not None and frame.f_code is fun.__code__


@derived(np.trim_zeros)
def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """The slice that NumPy's function keeps, which it is asked for with positions."""
    filt = as_traced(filt)
    if is_called_by(np.poly1d.__init__):
        return filt  # with its zeros, as in `fgrad.derived.polynomial`
    used = np.argwhere(primal(filt)).T
    trim, index = trim.lower(), []
    axes = range(filt.ndim) if axis is None else np.atleast_1d(axis) % filt.ndim
    for i, n in enumerate(filt.shape):
        places = used[i] if i in axes else np.arange(n)
        start = places.min(initial=n) if "f" in trim else 0
        stop = places.max(initial=-1) + 1 if "b" in trim else n
        index.append(slice(start, stop))
    return filt[tuple(index)]
