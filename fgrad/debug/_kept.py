"""What the tapes of a run keep in memory, and which operations keep it.

An array that several rules keep counts once, for the first of them; of a view, the
whole array behind it counts. An array that is still there after the run is the
program's own, as an argument is: the tapes need no memory for it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from typing_extensions import override

from fgrad._words.callsite import Site
from fgrad.debug._marks import arrays_in
from fgrad.debug._watching import Pulling, Watch

__all__ = ["Keeper", "Kept"]


class Kept(NamedTuple):
    """An array that is kept for a derivative."""

    site: Site
    """The line of the operation that keeps it."""
    operation: str
    name: str
    """What the rule calls it."""
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    bytes: int


class Keeper(Watch):
    """Writes down what is kept, and what was kept when that was most."""

    def __init__(self) -> None:
        self._alive: dict[int, tuple[Any, Kept]] = {}
        self._total = 0
        self._most = 0
        self._peak: dict[int, tuple[Any, Kept]] | None = {}
        """What was kept then; nothing, while it grows."""
        self.all: list[tuple[Any, Kept]] = []
        """Each array that has been kept, with a reference that does not hold it."""

    @override
    def kept(self, pulling: Pulling, residuals: tuple[Any, ...]) -> None:
        for name, value in zip(pulling.needs, residuals, strict=True):
            for array in arrays_in(value):
                base = _owner(array)
                known = self._alive.get(id(base))
                if known is None or known[0]() is not base:
                    self._add(base, pulling, name, array)

    def _add(self, base: Any, pulling: Pulling, name: str, array: Any) -> None:
        key = id(base)
        kept = Kept(
            pulling.site,
            pulling.rule.name,
            "the result" if name == "ans" else name,
            array.shape,
            array.dtype,
            base.nbytes,
        )
        entry = (weakref.ref(base, self._freed(key)), kept)
        self._alive[key] = entry
        self.all.append(entry)
        self._total += kept.bytes
        if self._total > self._most:
            self._most, self._peak = self._total, None

    def _freed(self, key: int) -> Callable[[Any], None]:
        def freed(ref: Any) -> None:
            if key in self._alive and self._alive[key][0] is ref:
                if self._peak is None:
                    self._peak = dict(self._alive)
                self._total -= self._alive.pop(key)[1].bytes

        return freed

    def at_peak(self) -> tuple[list[Kept], list[Kept]]:
        """What was kept when that was most, and which of it is the program's own.

        To be asked when the run is over, and its result has been dropped.
        """
        peak = [*(self._alive if self._peak is None else self._peak).values()]
        return (
            [kept for ref, kept in peak if ref() is None],
            [kept for ref, kept in peak if ref() is not None],
        )


def _owner(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array whose memory a view shows."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
