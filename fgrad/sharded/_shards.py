"""Shards: where they come from, how they travel, and how a worker gets at them.

A memory map travels as a place in a file. The worker maps it while it works on the
shard, and no longer: so the pages of a file do not fill up a process.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np

from fgrad._transforms._values import described, label
from fgrad._tree import Structure, flatten, tree_map, unflatten
from fgrad.errors import ShardError

__all__ = ["Source", "loaded", "named"]


@dataclass(frozen=True, slots=True)
class FilePlace:
    """An array that lies in a file."""

    path: str
    start: int
    """The first byte of the array, counted from the start of the file."""
    size: int
    """How many bytes there are from the first to the last."""
    origin: int
    """The byte of the entry with the indices 0, counted from the first."""
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: np.dtype[Any]

    def opened(self) -> np.ndarray[Any, Any]:
        """The array, read-only. The file stays open as long as the array lives."""
        raw = np.memmap(self.path, np.uint8, "r", self.start, (self.size,))
        buffer: Any = raw.view(np.ndarray)
        return np.ndarray(self.shape, self.dtype, buffer, self.origin, self.strides)


def _as_place(leaf: Any) -> Any:
    """Where an array lies, if it lies in a file; all else as it is."""
    if not isinstance(leaf, np.ndarray) or not leaf.size:
        return leaf
    base: Any = leaf
    while isinstance(base, np.ndarray) and type(base) is not np.memmap:
        base = base.base
    # What is written into a map of mode "c" is not in the file.
    if type(base) is not np.memmap or base.mode == "c" or not base.filename:
        return leaf
    file: Any = getattr(base, "_mmap", None)
    if file is None:
        return leaf
    low, high = np.lib.array_utils.byte_bounds(leaf)
    address = np.frombuffer(file, np.uint8).ctypes.data
    before = base.offset - base.offset % mmap.ALLOCATIONGRANULARITY
    origin = leaf.ctypes.data - low
    return FilePlace(
        str(base.filename),
        before + low - address,
        high - low,
        origin,
        leaf.shape,
        leaf.strides,
        leaf.dtype,
    )


def _opened(leaf: Any) -> Any:
    if isinstance(leaf, FilePlace):
        return leaf.opened()
    return np.asarray(leaf) if type(leaf) is np.memmap else leaf


def loaded(shard: Any) -> Any:
    """The shard that the function gets, in the process that works on it."""
    return tree_map(_opened, shard() if callable(shard) else shard)


def named(number: int, shard: Any) -> str:
    """A shard in words, such as ``shard 3 ('rain-03.npy')``."""
    if isinstance(shard, str | PurePath):
        return f"shard {number} ({str(shard)!r})"
    if callable(shard):
        return f"shard {number} ({label(shard)})"
    return f"shard {number} ({described(shard)})"


class Source:
    """The shards of one step, drawn one by one, with their numbers."""

    def __init__(self, name: str, shards: Iterator[Any]) -> None:
        self._name = name
        self._shards = shards
        self._structure: Structure | None = None
        self.count = 0
        """How many have been drawn."""

    def block(self, size: int) -> list[Any]:
        """The next shards, up to `size` of them, ready to travel."""
        drawn: list[Any] = []
        while len(drawn) < size:
            try:
                shard = next(self._shards)
            except StopIteration:
                break
            drawn.append(self._checked(shard))
            self.count += 1
        return drawn

    def _checked(self, shard: Any) -> Any:
        leaves, structure = flatten(shard)
        if self._structure is None:
            self._structure = structure
        if structure != self._structure:
            raise ShardError(
                f"{self._name} needs shards of one structure: shard 0 is "
                f"{self._structure!r}, but shard {self.count} is {structure!r}",
                shard=self.count,
            )
        places = list(map(_as_place, leaves))
        if all(a is b for a, b in zip(places, leaves, strict=True)):
            return shard
        return unflatten(structure, places)
