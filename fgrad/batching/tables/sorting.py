"""The two operations of the rules of sorting: rows of all examples are rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad.batching.forms import several_arrays
from fgrad.batching.trace import BatchTrace
from fgrad.primitives.sorting import from_sorted, into_sorted


def _by_rows(fun: Any) -> None:
    @several_arrays(fun)
    def call(trace: BatchTrace, c: Any, r: Any) -> Any:
        c, r = trace.of_all(c), trace.of_all(r)
        rows = (-1, c.shape[-1])
        if not c.size:
            return c
        return np.reshape(fun(np.reshape(c, rows), np.reshape(r, rows)), c.shape)


for _fun in (from_sorted, into_sorted):
    _by_rows(_fun)
