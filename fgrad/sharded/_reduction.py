"""The results of shards, put together by one balanced tree, whoever computed them.

Shards 0 and 1 are a pair, 2 and 3 are one, these two pairs are one of the next level,
and so on. Which sums are formed depends on the numbers of the shards only: not on the
executor, on how many workers it has, or on who is done first. So the bits do not
either.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from fgrad._tree import Structure, unflatten
from fgrad.errors import NonFiniteError, ShardError

__all__ = ["REDUCTIONS", "Part", "Tree"]


@dataclass(slots=True)
class Part:
    """The result of shards that follow each other."""

    first: int
    stop: int
    """The number of the last one, plus 1."""
    structure: Structure
    leaves: list[Any]
    aux: list[Any]
    """What the function returned beside its output, for each shard."""
    weight: float
    """The sum of the weights of the shards."""
    infinite: str = ""
    """Which shard has an infinity, if one has."""
    half: tuple[int, ...] = ()
    """Which leaves were float16: they are added in float32."""
    owned: bool = False
    """Whether nobody else has the arrays, so that they may be written into."""


class Reduction(NamedTuple):
    """What becomes of the leaves of two parts that lie side by side."""

    begin: Callable[[Any], Any]
    join: Callable[[Any, Any, Part, Part], Any]
    end: Callable[[Any, float], Any]
    """The leaf of the result, from that of all parts and the weight of all shards."""
    fits: Callable[[tuple[int, ...]], tuple[int, ...]]
    """What of the shape must be the same for all shards."""
    adds: bool = False
    """Whether a nan of one shard is all that is left of the others."""


def _same(leaf: Any, *_: Any) -> Any:
    return leaf


def _sum(a: Any, b: Any, left: Part, right: Part) -> Any:
    """The sum, in the memory of one of them if that is free."""
    if type(a) is not np.ndarray or type(b) is not np.ndarray:
        return a + b
    if left.owned and a.dtype == np.result_type(a, b):
        return np.add(a, b, out=a)
    if right.owned and b.dtype == np.result_type(a, b):
        return np.add(a, b, out=b)
    return np.asarray(np.add(a, b))


def _listed(leaf: Any) -> list[Any]:
    return [leaf]


def _lists(a: list[Any], b: list[Any], *_: Part) -> list[Any]:
    return a + b


REDUCTIONS = {
    "sum": Reduction(_same, _sum, _same, _same, adds=True),
    "mean": Reduction(_same, _sum, operator.truediv, _same, adds=True),
    "rows": Reduction(
        _listed, _lists, lambda leaves, _: np.concatenate(leaves), lambda s: s[1:]
    ),
    "shards": Reduction(_listed, _lists, lambda leaves, _: np.stack(leaves), _same),
}
"""The ways to put results together, by the names that users give them."""


class Tree:
    """The parts that wait for their neighbours."""

    def __init__(
        self, name: str, reduce: str, paths: Callable[[Structure], list[str]]
    ) -> None:
        self._name = name
        self._reduction = REDUCTIONS[reduce]
        self._paths = paths
        self._waiting: dict[tuple[int, int], Part] = {}
        """By level and place: the shards from place times 2 to the level on."""

    def add(self, part: Part, level: int = 0) -> None:
        """Take in the part of a block of 2 to the `level` shards.

        Only the last of all blocks may have fewer.
        """
        place = part.first >> level
        while (level, place ^ 1) in self._waiting:
            other = self._waiting.pop((level, place ^ 1))
            pair = (part, other) if place % 2 == 0 else (other, part)
            part, level, place = self._join(*pair), level + 1, place >> 1
        self._waiting[level, place] = part

    def root(self) -> Part:
        """All parts as one: what has no neighbour is put together from the end."""
        *before, part = sorted(self._waiting.values(), key=operator.attrgetter("first"))
        for other in reversed(before):
            part = self._join(other, part)
        return part

    def is_empty(self) -> bool:
        return not self._waiting

    def result(self) -> tuple[Any, Part]:
        """The tree that users get, and the part that it comes from."""
        part = self.root()
        if part.weight == 0:
            raise ShardError(f"{self._name}: the weights of all shards are 0")
        leaves = [self._reduction.end(leaf, part.weight) for leaf in part.leaves]
        for i in part.half:
            leaves[i] = leaves[i].astype(np.float16)
        if part.infinite and any(np.isnan(leaf).any() for leaf in leaves):
            raise NonFiniteError(
                f"{self._name}: {part.infinite} is infinite, and the sum over all "
                f"shards is nan"
            )
        return unflatten(part.structure, leaves), part

    def _join(self, left: Part, right: Part) -> Part:
        self._check(left, right)
        join = self._reduction.join
        pairs = zip(left.leaves, right.leaves, strict=True)
        with np.errstate(invalid="ignore"):  # there are words for it
            leaves = [join(a, b, left, right) for a, b in pairs]
        return Part(
            left.first,
            right.stop,
            left.structure,
            leaves,
            left.aux + right.aux,
            left.weight + right.weight,
            left.infinite or right.infinite,
            left.half,
            owned=True,
        )

    def _check(self, left: Part, right: Part) -> None:
        """Refuse what would be put together wrongly, or not at all."""
        if left.structure != right.structure:
            raise ShardError(
                f"{self._name} needs the same tree for all shards, but shard "
                f"{left.first} gave {left.structure!r}, and shard {right.first} gave "
                f"{right.structure!r}",
                shard=right.first,
            )
        for i, pair in enumerate(zip(left.leaves, right.leaves, strict=True)):
            a, b = (np.shape(_one(leaf)) for leaf in pair)
            if self._reduction.fits(a) != self._reduction.fits(b):
                raise ShardError(
                    f"{self._name} cannot put shards together: "
                    f"{self._paths(left.structure)[i]} of shard {left.first} has shape "
                    f"{a}, and that of shard {right.first} has shape {b}",
                    shard=right.first,
                )


def _one(leaf: Any) -> Any:
    """The leaf of one shard."""
    listed: Sequence[Any] = leaf
    return listed[0] if type(leaf) is list else leaf
