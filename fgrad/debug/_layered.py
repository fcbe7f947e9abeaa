"""Places for the cards of a picture, without Graphviz.

This is the method of Sugiyama, Tagawa and Toda (1981), once for the inside of each
frame. Cards stand in layers, by the longest path that leads to them; an arrow over
several layers gets a joint in each. What is in a layer is put in an order with few
crossings, and then moved near to its neighbours (`_layers`).

A frame is laid out before what is around it, where it is one large card. An arrow that
leads into a frame, or out of it, has a port there: a joint in the first or last layer.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import Any, NamedTuple

from fgrad.debug._layers import Item, Key, Link, settle, untangled
from fgrad.debug._places import PADDING, Layout, Point, Rectangle
from fgrad.debug._scene import CHARACTER, Arrow, Scene

__all__ = ["placed"]

GAP = 30.0
"""The space between layers."""

TOP = 26.0
"""The space for the name of a frame."""

PASSES = 4
"""How often the insides of frames are laid out again, when their outside is known."""

MANY = 120
"""With so many arrows, once has to be enough."""


class Chain(NamedTuple):
    """The items on the way of an arrow, from top to bottom."""

    items: list[Item]
    ports: tuple[Key, Key]
    """Those of the first and of the last item."""
    upwards: bool
    """Whether the arrow leads from the last item to the first one."""

    @property
    def origin(self) -> float:
        """Where it comes from, when it arrives."""
        before = self.items[-2]
        return before.x + before.ports.get(self.ports[0], 0.0)


def placed(scene: Scene) -> Layout:
    """Places for all cards, frames and arrows."""
    inside: dict[int, list[int]] = defaultdict(list)
    for i, frame in enumerate(scene.frames):
        if i:
            inside[frame.parent].append(i)
    hints: dict[int, dict[Key, float]] = defaultdict(dict)
    level = last = Level(scene, 0, inside, hints)
    for _ in range(PASSES if len(scene.arrows) <= MANY else 1):
        last.tell(hints)
        last = Level(scene, 0, inside, hints)
        level = min(level, last, key=lambda level: level.crossings)
    nowhere = Rectangle(0, 0, level.width, level.height)
    cards, frames = [nowhere] * len(scene.cards), [nowhere] * len(scene.frames)
    layout = Layout(level.width, level.height, cards, frames, [])
    pieces: dict[int, list[tuple[int, list[Point]]]] = defaultdict(list)
    level.write(layout, pieces, (0.0, 0.0), 0)
    for i in range(len(scene.arrows)):
        parts = sorted(pieces[i], key=lambda piece: piece[0])
        layout.curves.append(_curve([point for _, part in parts for point in part]))
    return layout


class Level:
    """The inside of one frame."""

    def __init__(
        self,
        scene: Scene,
        frame: int,
        inside: dict[int, list[int]],
        hints: dict[int, dict[Key, float]],
    ) -> None:
        self.frame = frame
        self.hints = hints[frame]
        """From which places outside arrows come to the ports, if that is known."""
        self.levels = {i: Level(scene, i, inside, hints) for i in inside[frame]}
        self.items: dict[Key, Item] = {}
        self.holder: dict[int, Key] = {}
        """For each card in this frame, the item that it is or is in."""
        for i, card in enumerate(scene.cards):
            if card.frame == frame:
                self.holder[i] = i
                self.items[i] = Item(card.width, card.height)
        for i, level in self.levels.items():
            self.holder |= dict.fromkeys(level.holder, ("frame", i))
            self.items["frame", i] = Item(level.width, level.height, ports=level.ports)
        ends = self._ends(scene.arrows)
        self._assign(ends, [*scene.later()])
        self._link(scene.arrows, ends)
        self.layers, crossings = untangled(self.layers, ports_stay=bool(self.hints))
        self.crossings: int = crossings + sum(n.crossings for n in self.levels.values())
        settle(self.layers)
        self._measure(len(scene.frames[frame].label) * CHARACTER)

    def tell(self, hints: dict[int, dict[Key, float]]) -> None:
        """Write down from where arrows come to the frames inside."""
        for i, level in self.levels.items():
            item = self.items["frame", i]
            for link in item.above + item.below:
                hints[i][link.here] = link.item.x + link.item.ports.get(link.there, 0.0)
            level.tell(hints)

    # Layers

    def _ends(self, arrows: list[Arrow]) -> dict[int, tuple[Key, Key]]:
        """Where each arrow begins and ends in this frame."""
        ends: dict[int, tuple[Key, Key]] = {}
        for i, arrow in enumerate(arrows):
            source, target = arrow.source, arrow.target
            if source in self.holder or target in self.holder:
                u = self.holder.get(source, ("in", source))
                v = self.holder.get(target, ("out", source))
                if u != v:
                    ends[i] = (u, v)
        return ends

    def _assign(
        self, ends: dict[int, tuple[Key, Key]], later: list[tuple[int, int]]
    ) -> None:
        """Give each item its layer: below what it uses, and right above its users."""
        first: dict[Key, int] = {}
        for card, key in sorted(self.holder.items()):
            first.setdefault(key, card)
        middle = sorted(first, key=lambda key: first[key])
        entries = [*dict.fromkeys(u for u, _ in ends.values() if u not in self.items)]
        exits = [*dict.fromkeys(v for _, v in ends.values() if v not in self.items)]
        for key in (*entries, *exits):
            self.items[key] = Item(2.0, 0.0, joint=True)
        for keys in (entries, exits):
            keys.sort(key=lambda key: self.hints.get(key, 0.0))
        for i, key in enumerate((*entries, *middle, *exits)):
            self.items[key].index = i
        uses: dict[Key, list[Item]] = defaultdict(list)
        users: dict[Key, list[Item]] = defaultdict(list)
        for u, v in ends.values():
            if self.items[u].index > self.items[v].index:
                u, v = v, u
            uses[v].append(self.items[u])
            users[u].append(self.items[v])
        for before, after in later:
            if before in self.holder and after in self.holder:
                uses[self.holder[after]].append(self.items[self.holder[before]])
        for key in middle:
            above = (item.layer + 1 for item in uses[key])
            self.items[key].layer = max(above, default=int(bool(entries)))
        last = max((self.items[key].layer for key in middle), default=0) + 1
        for key in exits:
            self.items[key].layer = last
        for key in reversed(middle):
            if users[key] and not uses[key]:
                self.items[key].layer = min(item.layer for item in users[key]) - 1
        self._read([*entries, *middle, *exits], uses)

    def _read(self, keys: list[Key], uses: dict[Key, list[Item]]) -> None:
        """Number all as they are read: what an item uses, from left to right, first."""
        key_of = {id(self.items[key]): key for key in keys}
        numbered: dict[Key, None] = {}

        def visit(key: Key) -> None:
            for item in uses[key]:
                if key_of[id(item)] not in numbered:
                    visit(key_of[id(item)])
            numbered[key] = None

        used = {id(item) for items in uses.values() for item in items}
        entries = [key for key in keys if _is(key, "in")]
        last = [key for key in keys if id(self.items[key]) not in used]
        for key in (*entries, *last, *keys):
            if key not in numbered:
                visit(key)
        for i, key in enumerate(numbered):
            self.items[key].index = i

    def _link(self, arrows: list[Arrow], ends: dict[int, tuple[Key, Key]]) -> None:
        """Give each arrow a joint in each layer that it passes."""
        depth = max((item.layer for item in self.items.values()), default=0) + 1
        self.layers: list[list[Item]] = [[] for _ in range(depth)]
        for item in sorted(self.items.values(), key=lambda item: item.index):
            self.layers[item.layer].append(item)
        self.chains: dict[int, Chain] = {}
        known: dict[Any, Chain] = {}
        for i, (u, v) in ends.items():
            source = arrows[i].source
            if (source, u, v) not in known:
                known[source, u, v] = self._chain(source, u, v)
            self.chains[i] = known[source, u, v]

    def _chain(self, source: int, u: Key, v: Key) -> Chain:
        ends = [self.items[u], self.items[v]]
        ports: tuple[Key, Key] = ("out", source), ("in", source)
        upwards = ends[0].layer > ends[1].layer
        if upwards:
            ends.reverse()
            ports = ports[1], ports[0]
        passed = range(ends[0].layer + 1, ends[1].layer)
        joints = [Item(2.0, 0.0, joint=True, layer=layer) for layer in passed]
        for joint in joints:
            self.layers[joint.layer].append(joint)
        items = [ends[0], *joints, ends[1]]
        for a, b in pairwise(items):
            weight = 8.0 ** (a.joint + b.joint)
            here = ports[0] if a is ends[0] else None
            there = ports[1] if b is ends[1] else None
            a.below.append(Link(b, there, here, weight))
            b.above.append(Link(a, here, there, weight))
        return Chain(items, ports, upwards)

    # Places

    def _measure(self, name: float) -> None:
        """Find the size of the frame, and where arrows meet its border."""
        items = [item for layer in self.layers for item in layer]
        left = min((item.x - item.width / 2 for item in items), default=0.0)
        right = max((item.x + item.width / 2 for item in items), default=0.0)
        slack = max(name - (right - left), 0.0)
        self.left = left - PADDING - slack / 2
        self.width = right - left + 2 * PADDING + slack
        self.tops: list[float] = []
        self.heights = [
            max((item.height for item in layer), default=0.0) for layer in self.layers
        ]
        y = TOP if self.frame else PADDING
        for height, after in zip(self.heights, [*self.heights[1:], 0.0], strict=True):
            self.tops.append(y)
            y += height + (GAP if height and after else GAP / 3)
        self.height = y - GAP / 3 + PADDING
        middle = self.left + self.width / 2
        self.ports: dict[Key, float] = {
            key: item.x - middle
            for key, item in self.items.items()
            if isinstance(key, tuple) and key[0] in {"in", "out"}
        }

    # Writing

    def write(
        self,
        layout: Layout,
        pieces: dict[int, list[tuple[int, list[Point]]]],
        corner: Point,
        depth: int,
    ) -> None:
        """Write down the places of all inside, for a frame at a corner."""
        dx, dy = corner[0] - self.left, corner[1]
        layout.frames[self.frame] = Rectangle(*corner, self.width, self.height)
        for key, item in self.items.items():
            height = self.heights[item.layer]
            x = item.x - item.width / 2 + dx
            y = self.tops[item.layer] + (height - item.height) / 2 + dy
            if isinstance(key, int):
                layout.cards[key] = Rectangle(x, y, item.width, item.height)
            elif isinstance(key, tuple) and key[0] == "frame":
                self.levels[key[1]].write(layout, pieces, (x, y), depth + 1)
        arrivals = self._arrivals()
        exits = {id(item) for key, item in self.items.items() if _is(key, "out")}
        entries = {id(item) for key, item in self.items.items() if _is(key, "in")}
        for i, chain in self.chains.items():
            path = [(x + dx, y + dy) for x, y in self._path(chain, arrivals)]
            first, last = chain.items[0], chain.items[-1]
            rank = -depth if id(last) in exits else depth if id(first) in entries else 0
            pieces[i].append((rank, path[::-1] if chain.upwards else path))

    def _arrivals(self) -> dict[int, float]:
        """How far from the middle of a card its arrows arrive, by their chain."""
        into: dict[int, list[Chain]] = defaultdict(list)
        for chain in {id(chain): chain for chain in self.chains.values()}.values():
            into[id(chain.items[-1])].append(chain)
        found: dict[int, float] = {}
        for chains in into.values():
            item = chains[0].items[-1]
            if item.ports or item.joint:
                continue
            chains.sort(key=lambda chain: chain.origin)
            step = min(16.0, 0.6 * item.width / len(chains))
            for n, chain in enumerate(chains):
                found[id(chain)] = (n - (len(chains) - 1) / 2) * step
        return found

    def _path(self, chain: Chain, arrivals: dict[int, float]) -> list[Point]:
        """The points of an arrow in this frame, from top to bottom."""
        points: list[Point] = []
        for item in chain.items:
            top, height = self.tops[item.layer], self.heights[item.layer]
            inset = (height - item.height) / 2
            x = item.x
            if item is chain.items[0]:
                x += item.ports.get(chain.ports[0], 0.0)
                start = 0.0 if item.joint else top + height - inset
                points += [(x, start), (x, top + height)]
            elif item is chain.items[-1]:
                x += item.ports.get(chain.ports[1], 0.0) + arrivals.get(id(chain), 0.0)
                points += [(x, top), (x, self.height if item.joint else top + inset)]
            else:
                points += [(x, top), (x, top + height)]
        return points


def _is(key: Key, kind: str) -> bool:
    return isinstance(key, tuple) and key[0] == kind


def _curve(path: list[Point]) -> list[Point]:
    """Bézier curves through points, vertical at each of them."""
    points = path[:1]
    for (x0, y0), (x1, y1) in pairwise(path):
        if abs(x1 - x0) + abs(y1 - y0) < 0.1:
            continue
        middle = (y0 + y1) / 2 if y1 > y0 else y0
        points += [(x0, middle), (x1, middle if y1 > y0 else y1), (x1, y1)]
    return points
