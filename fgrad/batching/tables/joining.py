"""Functions that join arrays or choose between them."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad.batching.forms import flat, lined_up, several_arrays, shifted
from fgrad.batching.trace import BatchTrace


def _each(trace: BatchTrace, arrays: Any) -> list[Any]:
    """The arrays of a sequence, for all examples."""
    return [trace.of_all(part) for part in arrays]


@several_arrays(np.concatenate)
def concatenate(trace: BatchTrace, arrays: Any, axis: Any = 0, **options: Any) -> Any:
    parts = _each(trace, arrays)
    if axis is None:
        return np.concatenate([flat(part) for part in parts], 1, **options)
    return np.concatenate(parts, shifted(axis, parts[0].ndim - 1), **options)


@several_arrays(np.stack)
def stack(trace: BatchTrace, arrays: Any, axis: Any = 0, **options: Any) -> Any:
    parts = _each(trace, arrays)
    return np.stack(parts, shifted(axis, parts[0].ndim), **options)


@several_arrays(np.choose)
def choose(trace: BatchTrace, a: Any, choices: Any, **options: Any) -> Any:
    parts = _each(trace, [a, *choices])
    ndim = max(part.ndim for part in parts) - 1
    index, *parts = [lined_up(part, ndim) for part in parts]
    return np.choose(index, parts, **options)
