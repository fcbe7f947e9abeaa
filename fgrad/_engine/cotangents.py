"""The sums of cotangents: what a node has got so far from the operations that used it.

A sum of several is added to in place as soon as it is an array that nobody else sees,
or a box that its trace can write to. Entries that were picked by an index go into one
buffer; if an outer trace follows them, they are put together when all are there.
"""

from __future__ import annotations

from heapq import heappush
from typing import Any

import numpy as np

from fgrad._engine.bind import Part
from fgrad._engine.box import COTANGENTS, Box, boxes_in, innermost, values
from fgrad._engine.dispatch import traced
from fgrad._engine.rules import Pullback
from fgrad._engine.scatter import Pending, Scatter, add_at, scatter_add
from fgrad._engine.trace import Node

__all__ = ["Cotangents", "Parts", "put_together"]


class Parts(tuple[Any, ...]):  # noqa: SLOT001 (a tuple cannot have any)
    """The cotangents of several results, for one pullback."""

    used: tuple[bool, ...]
    """Which of the results were used at all."""
    masked: tuple[bool, ...]
    """Which cotangents may have zeros where their entries were not used."""


class Cotangents:
    """The cotangent of each node that has one, and which node comes next."""

    __slots__ = ("holes", "masked", "owned", "queue", "total")

    def __init__(self) -> None:
        self.total: dict[Node, Any] = {}
        self.owned: set[Node] = set()
        """Nodes whose total is nobody else's: it may be added to in place."""
        self.masked: set[Node] = set()
        """Nodes whose cotangent may be zero where they were masked out."""
        self.holes: set[Node] = set()
        """Those of which an entry that is zero was masked out itself."""
        self.queue: list[Any] = []

    def add(self, node: Node, c: Any) -> None:
        """Add an array of the node's shape and dtype."""
        before = self.total.get(node)
        if before is None:
            self._first(node, c)
        elif type(before) is Pending:
            before.add(c)
        elif node not in self.owned or not _added(before, c):
            total = before + c
            if total.dtype != node.dtype:  # of another byte order
                total = total.astype(node.dtype)
            self._own(node, total)

    def _first(self, node: Node, c: Any) -> None:
        self.total[node] = c
        if node.edges:
            heappush(self.queue, (node.order, node))

    def _own(self, node: Node, total: Any) -> None:
        """Go on with a total that nobody else sees."""
        self.total[node] = total
        if type(total) is np.ndarray or _writable(total):
            self.owned.add(node)
        else:
            self.owned.discard(node)

    def scatter(self, node: Node, c: Scatter) -> None:
        """Add into the entries at an index: in place, or when all parts are known."""
        before = self.total.get(node)
        if before is None:
            self._first(node, None)
        if type(before) is Pending:
            before.add(c.g, c.index)
            return
        boxes = boxes_in((before, c.g, c.index))
        if not boxes:
            add_at(self._buffer(node, before, None), c.index, c.g)
            return
        trace = innermost(boxes)
        if all(box._trace is trace and _writable(box) for box in boxes):
            if trace.add_at(self._buffer(node, before, trace), c.index, c.g):
                return
            before = self.total[node]
        self.owned.discard(node)
        self.total[node] = pending = Pending(node.shape, before)
        pending.add(c.g, c.index)

    def _buffer(self, node: Node, before: Any, trace: Any) -> Any:
        """The total so far as an array of ours, or as a box that can be written to."""
        if node not in self.owned or (type(before) is Box) is (trace is None):
            make = np.zeros if trace is None else trace.buffer
            buffer: Any = make(node.shape, node.dtype)
            if before is not None:
                _added(buffer, before)
            self._own(node, buffer)
        return self.total[node]

    def part(self, node: Node, c: Part, masked: bool) -> None:
        """Set the cotangent of one among several results."""
        if node not in self.total:
            self._first(node, [None] * len(node.shape))
        self.total[node][c.position] = c.g, masked

    def mask(self, node: Node, parent: Any, pullback: Pullback, g: Any) -> None:
        """Remember that a cotangent may be zero where it was masked out."""
        parents = parent if type(parent) is tuple else (parent,)
        self.masked.update(parents)
        if pullback.masks or (node in self.holes and _keeps_holes(pullback, g)):
            self.holes.update(parents)

    def parts(self, node: Node) -> tuple[Any, ...]:
        """The cotangents of several results, zero for those that were not used."""
        given = self.total.pop(node)
        parts = Parts(
            np.zeros(*space) if part is None else part[0]
            for part, space in zip(given, node.shape, strict=True)
        )
        parts.used = tuple(part is not None for part in given)
        parts.masked = tuple(part is not None and part[1] for part in given)
        return parts

    def result(self, leaf: Node) -> Any:
        """The gradient of a leaf: fresh and writable, a scalar if it is 0-d."""
        total = self.total.pop(leaf, None)
        if type(total) is Pending:
            return put_together(total)
        if total is None:
            return np.zeros(leaf.shape, leaf.dtype)[()]
        if type(total) is Box:
            return total
        return (total if leaf in self.owned else np.array(total))[()]


def _keeps_holes(pullback: Pullback, g: Any) -> bool:
    """Whether zeros that were masked out stay apart from those of a product."""
    if pullback.rule.elementwise or pullback.rule.picks:
        return True
    return type(g) in COTANGENTS and not np.any(values(g))


def put_together(c: Pending) -> Any:
    """All parts of a cotangent as one array."""
    return traced(scatter_add)(c.parts, tuple(c.indices), c.shape)


def _writable(value: Any) -> bool:
    """Whether a value is a box that its trace can write to."""
    return type(value) is Box and value._trace.writable(value)


def _added(total: Any, c: Any) -> bool:
    """Add in place to a total that nobody else sees; false if that cannot be done."""
    if type(total) is Box:
        trace = total._trace
        if type(c) is Box and not (c._trace is trace and trace.writable(c)):
            return False
        return trace.add_at(total, ..., c)
    if type(c) is Box:
        return False
    total += c
    return True
