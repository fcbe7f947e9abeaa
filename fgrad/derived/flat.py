"""``x.flat``: the entries of an array in C order, to read and to write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from fgrad._engine.box import Box
from fgrad._engine.dispatch import traced
from fgrad.derived.changing import check_overlap, put_flat
from fgrad.derived.creation import as_index


class Flat:
    """An iterator over the entries of a box, which can be picked and assigned to."""

    def __init__(self, base: Box) -> None:
        self.base = base
        self.index = 0

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self.index >= self.base.size:
            raise StopIteration
        self.index += 1
        return self[self.index - 1]

    def __len__(self) -> int:
        return self.base.size

    def __getitem__(self, index: Any) -> Any:
        entries = np.ravel(self.base)[index]
        return traced(np.copy)(entries) if np.ndim(entries) else entries

    def __setitem__(self, index: Any, values: Any) -> None:
        check_overlap(self.base, values)
        put_flat(self.base, np.arange(self.base.size)[as_index(index)], values)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        return np.asarray(np.ravel(self.base), *args, **kwargs)

    def copy(self) -> Any:
        return self.base.flatten()
