"""Fingerprints of arrays, to see whether what a rule has kept was changed.

Nothing is locked, so a program runs as it does without them. An array with at most
16,384 entries is compared as a whole, a larger one by 4,096 of them, at random places.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from fgrad._engine.box import CONTAINERS, stored
from fgrad._words.callsite import Site, describe, short

__all__ = ["Mark", "Marks", "arrays_in"]

WHOLE = 1 << 14
"""How many entries an array has at most that is compared as a whole."""

SAMPLE = 1 << 12
"""How many entries of a larger one are compared."""

AT_ONCE = 16
"""How many arrays are looked at when an operation is recorded."""


class Mark:
    """What an array was like when a rule kept it."""

    __slots__ = ("changed", "print", "ref", "same")

    def __init__(
        self, array: np.ndarray[Any, Any], site: Site, gone: Callable[[Any], None]
    ) -> None:
        self.ref = weakref.ref(array, gone)
        self.print = _print(array)
        self.same = site
        """The last line at which it was known to be the same."""
        self.changed: Site | None = None
        """The first line at which it was found to be another."""

    def holds(self, array: np.ndarray[Any, Any], site: Site) -> bool:
        """Whether the array is still what it was; if not, remember where that was."""
        if self.changed is None:
            if _print(array) == self.print:
                self.same = site
            else:
                self.changed = site
        return self.changed is None

    def words(self, kept: Site) -> str:
        """The line that kept it, and the lines between which it was changed."""
        after = "" if self.same == kept else f"after {short(self.same)}, and "
        found = describe(self.changed or self.same)
        return f"Kept by {describe(kept)}\nChanged {after}before {found}"


class Marks:
    """The marks of all arrays that rules have kept and that are still there."""

    def __init__(self) -> None:
        self._known: dict[int, Mark] = {}
        self._queue: deque[Mark] = deque()

    def of(self, value: Any, site: Site) -> list[Mark]:
        """The marks of the arrays in what a rule has kept."""
        return [self._mark(array, site) for array in arrays_in(value)]

    def _mark(self, array: np.ndarray[Any, Any], site: Site) -> Mark:
        known = self._known.get(id(array))
        if known is not None and known.ref() is array and known.holds(array, site):
            return known
        key, marks = id(array), self._known

        def gone(ref: Any) -> None:
            if key in marks and marks[key].ref is ref:
                del marks[key]

        mark = marks[key] = Mark(array, site, gone)
        self._queue.append(mark)
        return mark

    def look(self, site: Site) -> None:
        """Look at some of them, the longest unseen first, to find who changes them."""
        for _ in range(min(AT_ONCE, len(self._queue))):
            mark = self._queue.popleft()
            array = mark.ref()
            if array is not None and mark.holds(array, site):
                self._queue.append(mark)


def arrays_in(value: Any) -> Iterator[np.ndarray[Any, Any]]:
    """The arrays in what a rule has kept; those in boxes and sequences, too."""
    value = stored(value)
    if type(value) in CONTAINERS:
        for item in value:
            yield from arrays_in(item)
    elif isinstance(value, np.ndarray) and value.dtype != object:
        yield value


def _print(array: np.ndarray[Any, Any]) -> bytes:
    """A few bytes that a change of the array changes."""
    if array.size > WHOLE:
        array = array.flat[_places(array.size)]
    return hash(array.tobytes()).to_bytes(8, "little", signed=True)


@lru_cache(64)
def _places(size: int) -> Any:
    """Which entries of a large array are compared: the same each time."""
    return np.random.default_rng(size).integers(size, size=SAMPLE)
