"""The axes of a loop: in the order of memory, and as few as it allows."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from fgrad._program.native.places import Place

__all__ = ["Axes"]

LETTERS = "ijklmnopqrstuvwxyzabcdefgh"


class Axes:
    """The loops over a space, from the outermost one to the innermost.

    They walk through memory in the smallest steps. Axes that are one run of memory in
    all places become one loop.
    """

    def __init__(self, space: tuple[int, ...], places: list[Place]) -> None:
        axes = [i for i, n in enumerate(space) if n > 1]
        axes.sort(key=lambda i: -sum(abs(place.strides[i]) for place in places))
        joined: list[list[int]] = []
        for axis in axes:
            outer = joined[-1][-1] if joined else None
            if outer is not None and all(_follows(p, outer, axis) for p in places):
                joined[-1].append(axis)
            else:
                joined.append([axis])
        self.lengths = [prod(space[i] for i in group) for group in joined]
        self._last = [group[-1] for group in joined]

    def __len__(self) -> int:
        return len(self.lengths)

    def steps(self, place: Place) -> list[int]:
        """How many entries a place moves on in each loop."""
        return [place.strides[axis] for axis in self._last]

    def index(self, place: Place, base: int) -> str:
        """The index of an entry, counted from an offset."""
        terms = [
            letter if step == 1 else f"{step} * {letter}"
            for letter, step in zip(LETTERS, self.steps(place), strict=False)
            if step
        ]
        if place.offset != base or not terms:
            terms.append(f"{place.offset - base}")
        return " + ".join(terms)

    def heads(self) -> Iterator[str]:
        """The heads of the loops."""
        for i, n in zip(LETTERS, self.lengths, strict=False):
            yield f"for (long {i} = 0; {i} < {n}; {i}++)"


def _follows(place: Place, outer: int, inner: int) -> bool:
    """Whether a step along one axis is a whole run along another."""
    return place.strides[outer] == place.strides[inner] * place.shape[inner]
