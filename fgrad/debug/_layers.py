"""Layers of cards: an order with few crossings, and places near to the neighbours.

Both look at one layer after the other, downwards and upwards, again and again. All in a
layer is put in the order of the mean place of its neighbours, and of all the orders
that come up, the one with the fewest crossings is kept (Sugiyama, Tagawa and Toda,
1981). Then each is moved as near to its neighbours as the order allows.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Hashable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

__all__ = ["Item", "Key", "Link", "settle", "untangled"]

ROUNDS = 30
"""How often all layers are looked at, in each of the two steps."""

BETWEEN, BESIDE = 22.0, 14.0
"""The space between cards, and beside a joint."""

Key = Hashable
"""A card, ``("frame", i)``, or a port ``("in", card)``, ``("out", card)``, by the card
that the arrow comes from."""


@dataclass(slots=True, eq=False)
class Item:
    """Something that has a place in a layer."""

    width: float
    height: float
    joint: bool = False
    layer: int = 0
    index: int = 0
    x: float = 0.0
    """Of its middle."""
    ports: dict[Key, float] = field(default_factory=dict[Key, float])
    """For a frame, where arrows meet its border, from its middle."""
    above: list[Link] = field(default_factory=list["Link"])
    below: list[Link] = field(default_factory=list["Link"])

    def place(self, port: Key) -> float:
        """Where in the order of its layer an arrow meets this."""
        return self.index + 0.8 * self.ports.get(port, 0.0) / max(self.width, 1.0)


class Link(NamedTuple):
    """To an item in the next layer, or in the one before."""

    item: Item
    there: Key
    """The port of that one."""
    here: Key
    weight: float
    """How much it counts that this is vertical: long arrows shall be straight."""

    @property
    def place(self) -> float:
        """Where in its layer the link ends."""
        return self.item.place(self.there)

    def target(self, item: Item) -> float:
        """Where an item would have to be, so that this link is vertical."""
        there = self.item.x + self.item.ports.get(self.there, 0.0)
        return there - item.ports.get(self.here, 0.0)


def untangled(
    layers: list[list[Item]], *, ports_stay: bool
) -> tuple[list[list[Item]], int]:
    """The layers in an order with few crossings, and how many there are.

    Where it is known from where arrows come, the `ports_stay` in the order of that.
    """
    _count(layers)
    fixed = (0, len(layers) - 1) if ports_stay else ()
    fixed = [i for i in fixed if all(item.joint for item in layers[i])]
    best, fewest = [[*layer] for layer in layers], _crossings(layers)
    for n in range(ROUNDS):
        downwards = n % 2 == 0
        for i in range(len(layers))[:: 1 if downwards else -1]:
            if i not in fixed:
                _sort(layers[i], downwards=downwards)
        crossings = _crossings(layers)
        if crossings < fewest:
            best, fewest = [[*layer] for layer in layers], crossings
    _count(best)
    return best, fewest


def _sort(layer: list[Item], *, downwards: bool) -> None:
    """Put a layer in the order that its neighbours have."""

    def mean(item: Item) -> float:
        links = item.above if downwards else item.below
        places = [link.place for link in links]
        return sum(places) / len(places) if places else float(item.index)

    layer.sort(key=mean)
    _count([layer])


def _count(layers: list[list[Item]]) -> None:
    for layer in layers:
        for i, item in enumerate(layer):
            item.index = i


def _crossings(layers: list[list[Item]]) -> int:
    """How many links to the next layer cross others."""
    count = 0
    for layer in layers:
        seen: list[float] = []
        for _, place in sorted(
            (item.place(link.here), link.place) for item in layer for link in item.below
        ):
            count += len(seen) - bisect_right(seen, place)
            insort(seen, place)
    return count


def settle(layers: list[list[Item]]) -> None:
    """Move all near to their neighbours, in the order that they have."""
    for layer in layers:
        _spread(layer, [0.0] * len(layer), [1.0] * len(layer))
    for n in range(ROUNDS):
        downwards = n % 2 == 0
        for layer in layers[:: 1 if downwards else -1]:
            wanted: list[float] = []
            weights: list[float] = []
            for item in layer:
                links = item.above + item.below
                if n < ROUNDS // 2:
                    links = (item.above if downwards else item.below) or links
                weight = sum(link.weight for link in links)
                total = sum(link.weight * link.target(item) for link in links)
                wanted.append(total / weight if links else item.x)
                weights.append(weight or 0.1)
            _spread(layer, wanted, weights)


def _spread(layer: list[Item], wanted: list[float], weights: list[float]) -> None:
    """Move items as near to the wanted places as their order and widths allow.

    That is the least-squares solution, found by pooling neighbours that would overlap.
    """
    offsets, pools = [0.0], list[list[float]]()
    for a, b in pairwise(layer):
        space = BESIDE if a.joint or b.joint else BETWEEN
        offsets.append(offsets[-1] + (a.width + b.width) / 2 + space)
    for place, weight, offset in zip(wanted, weights, offsets, strict=True):
        pools.append([place - offset, weight, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, weight, count = pools.pop()
            before = pools[-1]
            total = before[1] + weight
            before[0] = (before[0] * before[1] + mean * weight) / total
            before[1], before[2] = total, before[2] + count
    places = [mean for mean, _, count in pools for _ in range(int(count))]
    for item, place, offset in zip(layer, places, offsets, strict=True):
        item.x = place + offset
