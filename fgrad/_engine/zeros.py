"""Structural zeros: cotangents and tangents that are zero around this point, too.

An entry that `where`, an index, a bound or a constant zero factor left out has a zero
cotangent whatever the values are: it stays zero, also where it meets inf or nan. A
cotangent that just happens to be zero here does not: 0 times inf is nan.

The two are told apart by *tags*. A tag is the same linear computation on random numbers
in place of cotangents, with random numbers also in place of every coefficient that
depends on an argument: a sum of such numbers is zero only if it is always zero. Tags
are computed when a derivative has come out as nan, and as far as they are asked for, so
that a program without nan pays nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop
from typing import Any

import numpy as np

from fgrad._engine.bind import PART, Part
from fgrad._engine.box import CONTAINERS, Box, primal, values
from fgrad._engine.cotangents import Cotangents
from fgrad._engine.rules import Pullback
from fgrad._engine.scatter import Scatter
from fgrad._engine.trace import Node, Space

__all__ = [
    "CotangentTags",
    "Noise",
    "is_constant",
    "is_moved",
    "kept_where",
    "moving",
    "slim",
    "solid",
    "without_poles",
]


def is_moved(value: Any) -> bool:
    """Whether a value depends on an argument of an outer transform."""
    if type(value) is Box:
        return not value._trace.opaque or is_moved(value._value)
    return type(value) in CONTAINERS and any(map(is_moved, value))


def moving(node: Node, pullback: Pullback, residuals: tuple[Any, ...]) -> set[str]:
    """The names of the residuals that depend on an argument of any transform."""
    traced = {"ans", *(other.parameter for _, other, _ in node.edges)}
    return {
        name
        for name, value in zip(pullback.needs, residuals, strict=True)
        if name in traced or is_moved(value)
    }


def slim(node: Node) -> tuple[Any, ...]:
    """The edges of a node with all that tags need of them, but without large arrays."""
    return tuple(
        (parent, pullback, _slim(node, pullback, residuals))
        for parent, pullback, residuals in node.edges
    )


def _slim(node: Node, pullback: Pullback, residuals: tuple[Any, ...]) -> Any:
    if pullback.rule.masks:
        return residuals
    moved = moving(node, pullback, residuals)
    return tuple(
        Space(value.shape, value.dtype)
        if name in moved and type(value) is np.ndarray
        else value
        for name, value in zip(pullback.needs, residuals, strict=True)
    )


def kept_where(tag: Any, c: Any) -> Any:
    """A cotangent with zeros wherever the tag says so."""
    return np.where(np.equal(tag, 0), 0.0, c)


def solid(value: Any) -> Any:
    """A constant coefficient, with 1 in place of what is not finite: it is not zero."""
    value = primal(value)
    if type(value) in CONTAINERS:
        return type(value)([solid(item) for item in value])
    if isinstance(value, np.ndarray | np.inexact) and value.dtype.kind in "fc":
        return np.where(np.isfinite(value), value, 1.0)
    return value


def is_constant(moved: set[str], pullback: Pullback) -> bool:
    """Whether no coefficient of a pullback changes around this point."""
    return not moved or (pullback.rule.masks and not pullback.rule.weighs)


def without_poles(x: Any, c: Any, apply: Callable[[Any], Any]) -> Any:
    """The result of a linear computation in which an infinity meets constant zeros.

    What does not depend on the entries of `x` that are not finite is computed without
    them.
    """
    finite = np.isfinite(primal(x))
    if np.all(values(finite)):
        return c
    reached = apply(np.where(finite, 0.0, Noise()(x)))
    rest = apply(np.where(finite, x, 0.0))
    if type(c) is Scatter:
        return Scatter(np.where(np.equal(reached.g, 0), rest.g, c.g), c.index)
    return np.where(np.equal(reached, 0), rest, c)


class Noise:
    """Random numbers that stand for what may be anything but is not always zero."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(0).random

    def __call__(self, space: Any) -> Any:
        r = self._random(space.shape) + 1.0
        return r * np.exp(1j * r) if space.dtype.kind == "c" else r

    def where(self, tag: Any, space: Any) -> Any:
        """New numbers wherever a tag is not zero."""
        return kept_where(tag, self(space))

    def spread(self, tags: Any, space: Any) -> Any:
        """Numbers everywhere if any tag is not zero: each entry may depend on all."""
        some: Any = False
        for tag in tags if isinstance(tags, tuple) else (tags,):
            some = np.logical_or(some, np.any(np.not_equal(tag, 0)))
        return self(space) * np.where(some, 1.0, 0.0)

    def residuals(
        self, moved: set[str], parent: Any, pullback: Pullback, kept: Any
    ) -> list[Any]:
        """Residuals with numbers in place of all that depends on an argument."""
        return [
            self._like(value, parent if name == pullback.parameter else None)
            if name in moved
            else solid(value)
            for name, value in zip(pullback.needs, kept, strict=True)
        ]

    def _like(self, value: Any, nodes: Any) -> Any:
        if type(value) in CONTAINERS:
            given = nodes if type(nodes) is tuple else value
            return type(value)(
                [
                    solid(item)
                    if node is None and not is_moved(item)
                    else self._like(item, None)
                    for item, node in zip(value, given, strict=True)
                ]
            )
        if type(value) is not Space:
            value = primal(value)
            value = Space(np.shape(value), np.result_type(value))
        return self(value)


class CotangentTags:
    """The tags of the cotangents of a replay, as far as it has come."""

    def __init__(
        self, roots: list[tuple[Node, Any]], passed: list[Node], *, meant: bool
    ) -> None:
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
    def carried(cls, roots: list[tuple[Node, Any]]) -> Cotangents:
        """The tags of all leaves, from the tags of results."""
        tags = cls([], [], meant=False)
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
        moved = moving(node, pullback, residuals)
        try:
            if is_constant(moved, pullback):
                solids = map(primal if rule.masks else solid, residuals)
                return pullback.fun(tag, *solids)
            if rule.linear:
                return pullback.fun(
                    tag, *noise.residuals(moved, parent, pullback, residuals)
                )
            if rule.elementwise and type(parent) is not tuple:
                return noise.where(tag, node)
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
