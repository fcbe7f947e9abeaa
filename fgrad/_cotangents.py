"""The sums of cotangents: what a node has got so far from the operations that used it.

A sum of several is added to in place as soon as it is an array that nobody else sees,
also one for a batch of examples. Entries that were picked by an index go into one
buffer; if an outer trace follows them, they are put together when all are there.
"""

from heapq import heappush
from typing import Any

import numpy as np

from fgrad._bind import Part
from fgrad._dispatch import implementation
from fgrad._rules import Rule
from fgrad._scatter import Pending, Scatter, add_at, index_add, scatter_add
from fgrad._trace import Box, Node, boxes_in

__all__ = ["Cotangents", "together"]

ADD_AT = Rule(add_at)


class Cotangents:
    """The cotangent of each node that has one, and which node comes next."""

    __slots__ = ("holes", "owned", "queue", "total")

    def __init__(self) -> None:
        self.total: dict[Node, Any] = {}
        self.owned: set[Node] = set()
        """Nodes whose total is a buffer of ours: it may be added to in place."""
        self.holes: set[Node] = set()
        """Nodes whose cotangent may be zero where they were masked out."""
        self.queue: list[Any] = []

    def add(self, node: Node, c: Any) -> None:
        """Add an array of the node's shape and dtype."""
        before = self.total.get(node)
        if before is None:
            self._first(node, c)
        elif type(before) is Pending:
            before.add(c)
        elif node not in self.owned or not added(before, c):
            total = before + c
            if total.dtype != node.dtype:  # of another byte order
                total = total.astype(node.dtype)
            self._keep(node, total)

    def _first(self, node: Node, c: Any) -> None:
        self.total[node] = c
        if node.edges:
            heappush(self.queue, (node.order, node))

    def _keep(self, node: Node, fresh: Any) -> None:
        """Go on with an array that nobody else sees."""
        self.total[node] = fresh
        if type(fresh) is np.ndarray or is_batch(fresh):
            self.owned.add(node)
        else:
            self.owned.discard(node)

    def scatter(self, node: Node, c: Scatter) -> None:
        """Add into the entries at an index: in place, or when all parts are known."""
        before = self.total.get(node)
        if before is None:
            self._first(node, None)
        places = boxes_in(c.index)
        boxes = places + boxes_in((before, c.g))
        if type(before) is Pending:
            if not places:
                before.add(c.g, c.index)
                return
            before = together(before)
        elif not boxes:
            add_at(self._buffer(node, before, None), c.index, c.g)
            return
        elif trace := batch_of(boxes):
            before = self._buffer(node, before, trace)
            if trace.at_once(ADD_AT, (before, c.index, c.g), {}) is before:
                return
        elif not places:
            self.owned.discard(node)
            self.total[node] = pending = Pending(node.shape, before)
            pending.add(c.g, c.index)
            return
        before = np.zeros(node.shape, node.dtype) if before is None else before
        self._keep(node, implementation(index_add)(before, c.index, c.g))

    def _buffer(self, node: Node, before: Any, trace: Any) -> Any:
        """The total so far as an array of ours, or a batch of arrays."""
        if node not in self.owned or (type(before) is Box) is (trace is None):
            buffer = zeros(trace, node)
            if before is not None:
                added(buffer, before)
            self._keep(node, buffer)
        return self.total[node]

    def part(self, node: Node, c: Part) -> None:
        """Set the cotangent of one among several results."""
        if node not in self.total:
            self._first(node, [None] * len(node.shape))
        self.total[node][c.position] = c.g

    def mark(self, parent: Any) -> None:
        """Remember that a cotangent may be zero where it was masked out."""
        self.holes.update(parent if type(parent) is tuple else (parent,))

    def parts(self, node: Node) -> tuple[Any, ...]:
        """The cotangents of several results, zero for those that were not used."""
        return tuple(
            np.zeros(*space) if part is None else part
            for part, space in zip(self.total.pop(node), node.shape, strict=True)
        )

    def result(self, leaf: Node) -> Any:
        """The gradient of a leaf: fresh and writable, a scalar if it is 0-d."""
        total = self.total.pop(leaf, None)
        if type(total) is Pending:
            return together(total)
        if total is None:
            return np.zeros(leaf.shape, leaf.dtype)[()]
        if type(total) is Box:
            return total
        return (total if leaf in self.owned else np.array(total))[()]


def together(c: Pending) -> Any:
    """All parts of a cotangent as one array."""
    return implementation(scatter_add)(c.parts, c.indices, c.shape)


def is_batch(value: Any) -> bool:
    """Whether a value is batched, and nothing else."""
    return (
        type(value) is Box and value._trace.batching and type(value._value) is not Box
    )


def batch_of(boxes: list[Box]) -> Any:
    """The one trace by which all these are batched, if nothing else traces them."""
    if boxes and all(is_batch(b) and b._trace is boxes[0]._trace for b in boxes):
        return boxes[0]._trace
    return None


def zeros(trace: Any, node: Node) -> Any:
    """A cotangent of a node that is zero, possibly for a batch of examples."""
    if trace is None:
        return np.zeros(node.shape, node.dtype)
    return trace.leaf(np.zeros((trace.size, *node.shape), node.dtype))


def added(total: Any, c: Any) -> bool:
    """Add to an array of ours in place, or to a batch of arrays, if that can be."""
    if type(c) is Box:
        if not batch_of([total, c] if type(total) is Box else []):
            return False
        c = c._value
    if type(total) is Box:
        total = total._value
    total += c
    return True
