"""``np.r_`` and ``np.c_``, which NumPy does not dispatch: fgrad's own objects."""

from typing import Any

import numpy as np

from fgrad._engine.box import Box, primal
from fgrad._engine.dispatch import traced
from fgrad._words.callsite import no_rule
from fgrad.derived.creation import as_traced
from fgrad.primitives.creation import asarray
from fgrad.primitives.indexing import index_update

__all__ = ["c_", "r_"]


class Concatenator:
    """NumPy's `r_` or `c_`, also for traced entries.

    NumPy lays out the numbers of the traced entries in place of their values; then the
    values are put where their numbers are.
    """

    def __init__(self, numpy: Any) -> None:
        self._numpy = numpy
        self.__doc__ = numpy.__doc__

    def __getitem__(self, key: Any) -> Any:
        items = [_item(item) for item in (key if isinstance(key, tuple) else (key,))]
        traced = [item for item in items if type(item) is Box]
        if not traced:
            return self._numpy[key]
        if isinstance(items[0], str) and items[0] in ("r", "c"):
            raise no_rule("matrices, as 'r' and 'c' make them")
        plain = self._numpy[tuple(_plain(item) for item in items)]
        number = iter(np.cumsum([0, *(item.size for item in traced)]))
        numbers = self._numpy[tuple(_numbers(item, number) for item in items)]
        here = numbers >= 0
        values = np.concatenate([np.ravel(item) for item in traced])
        values = asarray(values[numbers[here]], dtype=plain.dtype)
        return index_update(np.where(here, 0, plain), here, values)

    def __getattr__(self, name: str) -> Any:
        return getattr(vars(self).get("_numpy"), name)

    def __len__(self) -> int:
        return 0


def _item(item: Any) -> Any:
    """An array, but for directives and slices that NumPy reads itself."""
    if isinstance(item, str):
        return item
    if not isinstance(item, slice):
        array = as_traced(item)
        return array if array.ndim else item
    ends = [item.start, item.stop, item.step]
    if not any(type(end) is Box for end in ends):
        return item
    start = 0 if item.start is None else item.start
    if isinstance(item.step, complex):
        return np.linspace(start, item.stop, int(abs(item.step)))
    return traced(np.arange)(start, item.stop, item.step or 1)


def _plain(item: Any) -> Any:
    """The value of an entry; of a batched one, zeros like one example."""
    value = primal(item)
    return np.zeros(value.shape, value.dtype)[()] if type(value) is Box else value


def _numbers(item: Any, number: Any) -> Any:
    """Numbers for traced entries, -1 for the others."""
    if isinstance(item, str):
        return item
    if type(item) is not Box:
        return np.full(np.shape(np.r_[item] if isinstance(item, slice) else item), -1)
    return np.reshape(np.arange(item.size), item.shape) + next(number)


r_ = Concatenator(np.r_)
c_ = Concatenator(np.c_)
