"""Structural zeros: cotangents and tangents that are zero around this point, too.

An entry that `where`, an index, a bound or a constant zero factor left out has a zero
cotangent whatever the values are: it stays zero, also where it meets inf or nan. A
cotangent that just happens to be zero here does not: 0 times inf is nan.

The two are told apart by tags (see `tags`): random numbers in place of cotangents or
tangents, and in place of every coefficient that depends on an argument.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fgrad._engine.box import CONTAINERS, Box, primal, space, values
from fgrad._engine.rules import Pullback
from fgrad._engine.scatter import Scatter
from fgrad._engine.trace import Node, Space

__all__ = [
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
    if pullback.rule.whole:
        return {*pullback.needs}
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
    rule = pullback.rule
    return not moved or (rule.masks and not rule.weighs and moved.isdisjoint(rule.by))


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

    def beside(self, kept: Any, apply: Callable[..., Any]) -> list[Any] | None:
        """How large the results of a user's derivative are at two points close by.

        What is zero there, too, is zero around this point. ``None`` if it fails there.
        """
        total: list[Any] = []
        for sign in (1e-4, -1e-4):
            try:
                found = apply(*[self._near(value, sign) for value in kept])
            except Exception:  # noqa: BLE001 (it was not made for that point)
                return None
            sizes = [0.0 if x is None else np.abs(x) for x in found or ()]
            total = [*map(np.add, total, sizes)] if total else sizes
        return total

    def _near(self, value: Any, sign: float) -> Any:
        value = primal(value)
        if type(value) in CONTAINERS:
            return type(value)([self._near(item, sign) for item in value])
        if isinstance(value, np.ndarray | np.inexact | float | complex):
            here = Space(*space(value))
            if here.dtype.kind in "fc":
                step = np.where(np.equal(value, 0), 1e-4, value) * sign
                return (value + step * self(here)).astype(here.dtype)
        return value

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
