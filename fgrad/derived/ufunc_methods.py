"""``reduce``, ``accumulate``, ``reduceat`` and ``outer`` of the binary ufuncs."""

from typing import Any

import numpy as np

from fgrad._engine.dispatch import traced
from fgrad._engine.rules import derived
from fgrad._words.callsite import no_rule
from fgrad.derived.creation import as_traced
from fgrad.errors import MissingRuleError
from fgrad.primitives import ufunc_methods as primitives
from fgrad.primitives.creation import asarray

FUNCTIONS = {
    (np.add, "reduce"): np.sum,
    (np.multiply, "reduce"): np.prod,
    (np.maximum, "reduce"): np.max,
    (np.minimum, "reduce"): np.min,
    (np.add, "accumulate"): np.cumsum,
    (np.multiply, "accumulate"): np.cumprod,
}
"""Methods that are NumPy functions; these reduce the first axis by default."""

LOGARITHMIC = (np.logaddexp, np.logaddexp2)

SCANNED = (
    *(np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum),
    *(np.fmax, np.fmin, np.hypot, np.logaddexp, np.logaddexp2),
)
"""Ufuncs with derivatives of ``reduce``, ``accumulate`` and ``reduceat``.

NumPy's ``power.reduce`` and ``arctan2.reduce`` are not the last of ``accumulate``.
"""

EXTREME = (np.maximum, np.minimum, np.fmax, np.fmin)

BINARY = (
    *SCANNED,
    *(np.power, np.float_power, np.arctan2, np.remainder, np.fmod, np.copysign),
)
"""Ufuncs with a derivative of ``outer``."""


def refused(ufunc: np.ufunc, method: str, option: str) -> MissingRuleError:
    return no_rule(f"np.{ufunc.__name__}.{method}(..., {option}=...)")


def running(ufunc: np.ufunc, array: Any, axis: int, dtype: Any = None) -> Any:
    """``accumulate`` along one axis."""
    accumulated = primitives.accumulate
    if ufunc in EXTREME:
        accumulated = primitives.running_extreme
    return accumulated(ufunc, array, axis, dtype)


def as_function(ufunc: np.ufunc, method: str) -> None:
    """A method that is a NumPy function under another name."""
    function = FUNCTIONS[ufunc, method]

    @derived(getattr(ufunc, method))
    def call(
        array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, *args: Any,
        **options: Any,
    ) -> Any:  # fmt: skip
        if dtype is not None:
            array = as_traced(array).astype(dtype)
        options |= zip(("keepdims", "initial", "where"), args, strict=False)
        if out is not None:
            raise refused(ufunc, method, "out")
        return traced(function)(array, axis, **options)


def reduce(ufunc: np.ufunc) -> None:
    """The last entry of what accumulates along one axis."""

    @derived(ufunc.reduce)
    def call(
        array: Any,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        **options: Any,
    ) -> Any:
        if out is not None:
            raise refused(ufunc, "reduce", "out")
        array = as_traced(array)
        if dtype is not None:
            array = array.astype(dtype)
        if not array.ndim:
            array = asarray(array, dtype=array.dtype)  # of a Python number
        if ufunc in LOGARITHMIC and "initial" not in options:
            options["keepdims"] = keepdims
            return primitives.log_sum(ufunc, array, axis, options)
        for option in options:
            raise refused(ufunc, "reduce", option)
        if isinstance(axis, tuple) and len(axis) == 1:
            axis = axis[0]
        if not array.ndim:
            return array
        if axis is None and array.ndim == 1:
            axis = 0
        if not isinstance(axis, int | np.integer) or not array.shape[axis]:
            raise refused(ufunc, "reduce", "axis")
        last = slice(-1, None) if keepdims else -1
        index = (slice(None),) * (axis % array.ndim) + (last,)
        return running(ufunc, array, axis)[index]


def accumulate(ufunc: np.ufunc) -> None:
    @derived(ufunc.accumulate)
    def call(array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        if out is not None:
            raise refused(ufunc, "accumulate", "out")
        return running(ufunc, as_traced(array), axis, dtype)


def reduceat(ufunc: np.ufunc) -> None:
    """One reduction for each index; those of ``np.add`` all at once."""

    @derived(ufunc.reduceat)
    def call(
        array: Any, indices: Any, axis: int = 0, dtype: Any = None, out: Any = None
    ) -> Any:
        if out is not None:
            raise refused(ufunc, "reduceat", "out")
        array, indices = as_traced(array), np.asarray(indices)
        if ufunc is np.add:
            return primitives.add_reduceat(array, indices, axis, dtype)
        lead = (slice(None),) * (axis % array.ndim)
        reduce = traced(ufunc.reduce)
        stops = [*indices[1:], array.shape[axis]]
        parts = [
            reduce(array[(*lead, slice(i, max(j, i + 1)))], axis=axis, dtype=dtype)
            for i, j in zip(indices, stops, strict=True)
        ]
        return np.stack(parts, axis)


def outer(ufunc: np.ufunc) -> None:
    """Every entry of one array with every entry of the other."""

    @derived(ufunc.outer)
    def call(A: Any, B: Any, **options: Any) -> Any:
        x1, x2 = (asarray(x, dtype=x.dtype) for x in map(as_traced, (A, B)))
        x1 = np.reshape(x1, x1.shape + (1,) * x2.ndim)
        return traced(ufunc)(x1, x2, **options)


for _ufunc in SCANNED:
    for _method, _make in {"reduce": reduce, "accumulate": accumulate}.items():
        if (_ufunc, _method) in FUNCTIONS:
            as_function(_ufunc, _method)
        else:
            _make(_ufunc)
    reduceat(_ufunc)
for _ufunc in BINARY:
    outer(_ufunc)
