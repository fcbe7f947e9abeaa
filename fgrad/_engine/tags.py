"""Tags: random numbers that follow the way of cotangents or of tangents.

A tag is the same linear computation on random numbers, with random numbers also in
place of every coefficient that depends on an argument: a sum of such numbers is zero
only if it is always zero. Tags are computed when a derivative has come out as nan, and
as far as they are asked for, so that a program without nan pays nothing.
"""

from __future__ import annotations

from functools import cached_property
from heapq import heappop
from typing import Any

import numpy as np

from fgrad._engine.bind import PART, Part
from fgrad._engine.box import Box, primal, values
from fgrad._engine.cotangents import Cotangents
from fgrad._engine.pushforward import Arrival, Replay, parts, pushforward
from fgrad._engine.rules import Pullback
from fgrad._engine.trace import Node, Space, reachable
from fgrad._engine.zeros import (
    Noise,
    is_constant,
    is_moved,
    moving,
    solid,
)

__all__ = ["CotangentTags", "Neighbourhood", "TangentTags", "added"]


class Neighbourhood:
    """What holds around this point, too: which values vary, and which are constant."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay

    @cached_property
    def reach(self) -> Reach:
        """Which entries depend on an argument at all."""
        return Reach(self)

    @cached_property
    def poles(self) -> Poles:
        """Which entries depend on what has an infinite derivative."""
        return Poles(self)

    def dropped(self, tag: Any, node: Node, pullback: Pullback, residuals: Any) -> Any:
        """A tag without what is proportional to a constant zero."""
        factor = pullback.rule.proportional
        if factor is None or factor in [other.parameter for _, other, _ in node.edges]:
            return tag
        kept = dict(zip(pullback.needs, residuals, strict=True))
        ans = kept.pop("ans", None)
        if ans is None or any(isinstance(value, Space) for value in kept.values()):
            return tag
        zero = self._is_zero(ans)
        for value in kept.values():  # 1 / inf is 0, too
            zero = np.logical_and(zero, np.isfinite(primal(value)))
        return np.where(zero, 0.0, tag)

    def _is_zero(self, value: Any) -> Any:
        """Where a value is a constant zero, also for any outer transform."""
        if type(value) is Space:
            return False
        if type(value) is not Box or value._trace.opaque:
            return np.equal(value, 0)
        constant = np.equal(self.reach.of(value._node), 0)
        return np.logical_and(constant, self._is_zero(value._value))


class CotangentTags:
    """The tags of the cotangents of a replay, as far as it has come."""

    def __init__(
        self,
        around: Neighbourhood,
        roots: list[tuple[Node, Any]],
        passed: list[Node],
        *,
        meant: bool,
    ) -> None:
        self._around = around
        self._passed = passed
        """The nodes that replay has visited; it is at the last one."""
        self._next = 0
        self._here: Any = None
        self._noise = Noise()
        self._tags = Cotangents()
        for node, g in roots:
            # A zero of the user's is meant; one of an outer transform may just happen.
            free = not meant or is_moved(g)
            self._tags.add(
                node, self._noise(node) if free else self._noise.where(g, node)
            )

    def here(self) -> Any:
        """The tag of the cotangent that replay is at."""
        while self._next < len(self._passed):
            if self._next:
                node = self._passed[self._next - 1]
                for edge in node.edges:
                    self._tags.take(self._through(node, *edge), edge[0], edge[1])
            self._here = self._taken(self._passed[self._next])
            self._next += 1
        return self._here

    def through(self, parent: Any, pullback: Pullback, residuals: Any) -> Any:
        """The tag of what a pullback makes of that cotangent."""
        self.here()
        return self._through(self._passed[-1], parent, pullback, residuals)

    @classmethod
    def carried(cls, replay: Replay, roots: list[tuple[Node, Any]]) -> Cotangents:
        """The tags of all leaves, from the tags of results."""
        tags = cls(Neighbourhood(replay), [], [], meant=False)
        for node, tag in roots:
            tags._tags.add(node, tag)
        while tags._tags.queue:
            node = heappop(tags._tags.queue)[1]
            tags._here = tags._taken(node)
            for edge in node.edges:
                tags._tags.take(tags._through(node, *edge), edge[0], edge[1])
        return tags._tags

    def _taken(self, node: Node) -> Any:
        if node in self._tags.total:
            return self._tags.taken(node)
        several = node.dtype is None  # no pullback has told anything
        return tuple(map(self._noise, node.shape)) if several else self._noise(node)

    def _through(
        self, node: Node, parent: Any, pullback: Pullback, residuals: Any
    ) -> Any:
        tag, noise, rule = self._here, self._noise, pullback.rule
        if pullback is PART:
            return Part(residuals[0], tag)
        if rule.tagged is not None:
            return rule.tagged(tag, *residuals)
        if rule.whole:
            sizes = noise.beside(residuals, lambda *kept: pullback.fun(tag, *kept))
            if sizes:
                pairs = zip(sizes, parent, strict=True)
                return tuple(
                    None if p is None else np.broadcast_to(c, p.shape) for c, p in pairs
                )
        moved = moving(node, pullback, residuals)
        if rule.fills and pullback.parameter == "x":
            return self._around.poles.where(tag, node, parent, pullback, residuals)
        try:
            if is_constant(moved, pullback):
                solids = map(primal if rule.masks else solid, residuals)
                return pullback.fun(tag, *solids)
            if rule.linear:
                return pullback.fun(
                    tag, *noise.residuals(moved, parent, pullback, residuals)
                )
            if rule.elementwise and type(parent) is not tuple:
                tag = self._around.dropped(tag, node, pullback, residuals)
                return noise.where(tag, Space(node.shape, parent.dtype))
            if "keepdims" in pullback.needs:
                return noise.where(_restored(tag, pullback, residuals, parent), parent)
        except (TypeError, ValueError):
            pass  # a pullback that asks a batched value for a plain one
        if type(parent) is not tuple:
            return noise.spread(tag, parent)
        return tuple(None if one is None else noise.spread(tag, one) for one in parent)


def _restored(tag: Any, pullback: Pullback, residuals: Any, parent: Any) -> Any:
    """The tag of a reduction's result, for all entries that were taken together."""
    kept = dict(zip(pullback.needs, residuals, strict=True))
    axis, where = kept.get("axis"), kept.get("where", True)
    if not kept["keepdims"] and axis is not None:
        tag = np.expand_dims(tag, axis)
    tag = np.broadcast_to(tag, parent.shape)
    return tag if where is True else np.where(primal(where), tag, 0.0)


# Tangents -----------------------------------------------------------------------------


class TangentTags:
    """The tags of the tangents along a tape: of the arguments, then of each node."""

    def __init__(self, around: Neighbourhood) -> None:
        self.noise = Noise()
        self.known: dict[Node, Any] = {}
        """A node that is not here has a tangent of zero."""
        self._around = around

    def add(self, node: Node) -> None:
        """Work out the tag of a node, from those of its arguments."""
        total: Any = None
        for edge in node.edges:
            tag = self.through(node, *edge)
            if tag is not None:
                total = tag if total is None else added(total, tag)
        if total is not None:
            self.known[node] = total

    def through(
        self, node: Node, parent: Any, pullback: Pullback, residuals: Any
    ) -> Any:
        """The tag of what comes along one edge; ``None`` if it is zero."""
        arrived = [
            Arrival(part, p, self.known[p])
            for p, part in parts(parent)
            if p in self.known
        ]
        if not arrived:
            return None
        noise, rule, tag = self.noise, pullback.rule, arrived[0].t
        replay = self._around.replay
        if rule.fills and pullback.parameter == "x":
            return self._around.poles.where(tag, node, parent, pullback, residuals)
        if pullback is PART:
            return tag[residuals[0]]
        if rule.tagged is not None:  # it knows structural zeros itself
            tags = tuple(arrival.t for arrival in arrived)
            return tuple(noise.spread(tags, space) for space in node.shape)
        if rule.whole:
            sizes = noise.beside(
                residuals,
                lambda *kept: pushforward(
                    replay, pullback, kept, node, parent, arrived
                ),
            )
            if sizes:
                pairs = zip(sizes, node.shape, strict=True)
                return tuple(np.broadcast_to(t, here.shape) for t, here in pairs)
        moved = moving(node, pullback, residuals)
        single = arrived[0].part is None and node.dtype is not None
        kept = None
        if is_constant(moved, pullback):
            kept = tuple(map(primal if rule.masks else solid, residuals))
        elif rule.linear:
            kept = tuple(noise.residuals(moved, parent, pullback, residuals))
        elif rule.elementwise and single:
            tag = self._around.dropped(tag, node, pullback, residuals)
            return noise.where(tag, node)
        try:
            if kept is not None:
                return pushforward(replay, pullback, kept, node, parent, arrived)
            if "keepdims" in pullback.needs and single:
                options = dict(zip(pullback.needs, residuals, strict=True))
                chosen = {n: options[n] for n in ("axis", "keepdims")}
                return noise.where(np.sum(np.abs(tag), **chosen), node)
        except (TypeError, ValueError):
            pass  # a pullback that asks a batched value for a plain one
        tags = tuple(arrival.t for arrival in arrived)
        if node.dtype is not None:
            return noise.spread(tags, node)
        return tuple(noise.spread(tags, space) for space in node.shape)


class Reach(TangentTags):
    """Which entries depend on an argument at all: the others have a tag of zero."""

    def __init__(self, around: Neighbourhood) -> None:
        super().__init__(around)
        self._done: set[Node] = set()

    def of(self, node: Node) -> Any:
        """The tag of a node, that of its tangent for any tangents of the arguments."""
        below = reachable([node], lambda one: one not in self._done)
        for one in sorted(below, key=lambda one: -one.order):
            if one not in self._done:
                self.begin(one)
                self._done.add(one)
        tag = self.known.get(node)
        return np.zeros(node.shape) if tag is None else tag

    def begin(self, node: Node) -> None:
        """The tag of one node; those before it are known."""
        if node.edges:
            self.add(node)
        else:
            self.known[node] = self.noise(node)


class Poles(Reach):
    """Which entries depend on what has an infinite derivative: 0 / 0 and its like."""

    def where(
        self, tag: Any, node: Node, parent: Any, pullback: Pullback, residuals: Any
    ) -> Any:
        """A tag without what an operation puts in the place of nan.

        It stays where the nan comes from a pole: around this point, there is none.
        """
        missing = np.isnan(primal(residuals[pullback.needs.index("x")]))
        stays = np.logical_or(~missing, np.not_equal(self.of(parent), 0))
        return np.where(np.broadcast_to(stays, node.shape), tag, 0.0)

    def begin(self, node: Node) -> None:
        if not node.edges:
            return
        self.add(node)
        for edge in node.edges:
            pole = _is_pole(node, *edge)
            if np.any(values(pole)):
                more = np.where(pole, self.noise(node), 0.0)
                before = self.known.get(node)
                self.known[node] = more if before is None else before + more


def _is_pole(node: Node, parent: Any, pullback: Pullback, residuals: Any) -> Any:
    """Where the derivative of an elementwise operation is infinite."""
    single = type(parent) is not tuple and node.dtype is not None
    if not (single and pullback.rule.elementwise and residuals):
        return False
    with np.errstate(all="ignore"):
        slope = pullback.fun(np.ones(node.shape, node.dtype), *map(primal, residuals))
    return False if slope is None else np.isinf(slope)


def added(a: Any, b: Any) -> Any:
    """The sum of two tangents or tags, each of which may be that of several results."""
    if type(a) is tuple:
        return tuple(added(x, y) for x, y in zip(a, b, strict=True))
    return a + b
