"""The sums of cotangents: what a node has got so far from the operations that used it.

Here is done once what every rule would have to repeat: summing over broadcast axes,
casting to the argument's dtype, and checking shapes.

A sum of several is added to in place as soon as it is an array that nobody else sees,
or a box that its trace can write to. Entries that were picked by an index go into one
buffer; if an outer trace follows them, they are put together when all are there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heappush
from typing import Any

import numpy as np

from fgrad._engine.bind import Part
from fgrad._engine.box import CONTAINERS, Box, boxes_in, innermost, stored, values
from fgrad._engine.dispatch import traced
from fgrad._engine.memory import own
from fgrad._engine.rules import Pullback
from fgrad._engine.scatter import Cleared, Pending, Scatter, add_at, scatter_add
from fgrad._engine.trace import Node, next_order
from fgrad._words.foreign import is_foreign
from fgrad.errors import RuleError

__all__ = [
    "Cotangents",
    "Parts",
    "broadcasts_to",
    "fit",
    "flaw",
    "put_together",
    "spoiled",
    "unbroadcast",
    "worst",
]


class Parts(tuple[Any, ...]):  # noqa: SLOT001 (a tuple cannot have any)
    """The cotangents of several results, for one pullback."""

    used: tuple[bool, ...]
    """Which of the results were used at all."""
    tags: Callable[[], tuple[Any, ...]] | None
    """What is zero just where a cotangent is zero around this point, too."""


class Cotangents:
    """The cotangent of each node that has one, and which node comes next."""

    __slots__ = ("owned", "queue", "since", "tags", "total")

    def __init__(self, tags: Callable[[], tuple[Any, ...]] | None = None) -> None:
        self.tags = tags
        self.total: dict[Node, Any] = {}
        self.owned: set[Node] = set()
        """Nodes whose total is nobody else's: it may be added to in place."""
        self.queue: list[Any] = []
        self.since = next_order()

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
            if trace is None and before is not None:
                buffer: Any = np.array(before)
            else:
                make = np.zeros if trace is None else trace.buffer
                buffer = make(node.shape, node.dtype)
                if before is not None:
                    _added(buffer, before)
            self._own(node, buffer)
        return self.total[node]

    def clear(self, node: Node, c: Cleared, *, mine: bool) -> None:
        """Pass on a cotangent with zeros at an index: in place if it is `mine`."""
        g = c.g if mine and type(c.g) is np.ndarray else np.array(c.g)
        g[c.index] = 0
        if node in self.total:
            self.add(node, g)
        else:
            self._first(node, g)
            self.owned.add(node)

    def part(self, node: Node, c: Part) -> None:
        """Set the cotangent of one among several results."""
        if node not in self.total:
            self._first(node, [None] * len(node.shape))
        self.total[node][c.position] = c.g

    def take(
        self, c: Any, parent: Any, pullback: Pullback, below: Node | None = None
    ) -> None:
        """Add what a pullback returned, whatever it is, of the cotangent of a node."""
        kind = type(c)
        if c is None:
            return
        if kind is Scatter:
            self.scatter(parent, c)
        elif kind is Cleared:
            self.clear(parent, c, mine=below in self.owned)
        elif kind is Part:
            self.part(parent, c)
        elif type(parent) is tuple:
            for node, part in zip(parent, c, strict=True):
                if node is not None and part is not None:
                    self.add(node, fit(part, node, pullback))
        else:
            self.add(parent, fit(c, parent, pullback))

    def taken(self, node: Node) -> Any:
        """The whole cotangent of a node; of several results, a tuple."""
        total = self.total.pop(node)
        if node.dtype is None:
            if node.edges and node.edges[0][1].rule.tagged is not None:
                return tuple(total)  # it asks for the results that were used
            parts = Parts(
                np.zeros(*space) if part is None else part
                for part, space in zip(total, node.shape, strict=True)
            )
            parts.used = tuple(part is not None for part in total)
            parts.tags = self.tags
            return parts
        return put_together(total) if type(total) is Pending else total

    def flaw(self) -> str | None:
        """Whether there is a nan in what the leaves have got, or else an infinity."""
        return worst(self.total.values())

    def tentative(self) -> bool:
        """Whether a trace outside will do all this once more if there is a nan."""
        boxes = boxes_in([*self.total.values()])
        while boxes:
            if any(box._trace.tentative for box in boxes):
                return True
            boxes = boxes_in([box._value for box in boxes])
        return False

    def result(self, leaf: Node) -> Any:
        """The gradient of a leaf: fresh and writable, a scalar if it is 0-d."""
        total = self.total.pop(leaf, None)
        if type(total) is Pending:
            return put_together(total)
        if total is None:
            return np.zeros(leaf.shape, leaf.dtype)[()]
        if type(total) is Box:
            total = own(total, self.since)
            array = stored(total)
            lone = type(array) is np.ndarray and not array.shape
            return total[()] if lone else total
        return (total if leaf in self.owned else np.array(total))[()]


def fit(c: Any, parent: Node, pullback: Pullback) -> Any:
    """A cotangent with the argument's shape and dtype, or an error naming the rule."""
    if type(c) is not Box:
        given, c = c, np.asarray(c)
        if c.dtype.kind not in "biufc" or is_foreign(type(given), ufunc=True):
            raise RuleError(
                f"{pullback!r} returned a {type(given).__name__} with dtype {c.dtype}, "
                f"which is no plain array of numbers."
            )
    if c.shape != parent.shape:
        if not (pullback.rule.broadcasts and broadcasts_to(parent.shape, c.shape)):
            raise RuleError(
                f"{pullback!r} returned shape {c.shape} for an argument of shape "
                f"{parent.shape}."
            )
        c = unbroadcast(c, parent.shape)
    if c.dtype != parent.dtype:
        if c.dtype.kind == "c" and parent.dtype.kind != "c":
            c = c.real
        c = c.astype(parent.dtype)
    return c


def broadcasts_to(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether NumPy repeats an array of a shape to have another."""
    pairs = zip(reversed(shape), reversed(other), strict=False)
    return len(shape) <= len(other) and all(m in (1, n) for m, n in pairs)


def unbroadcast(c: Any, shape: tuple[int, ...]) -> Any:
    """The sum over the axes along which an array of `shape` was broadcast."""
    lead = len(c.shape) - len(shape)
    axes = [i + lead for i, n in enumerate(shape) if n != c.shape[i + lead]]
    return np.reshape(np.sum(c, axis=(*range(lead), *axes)), shape)


def spoiled(c: Any) -> bool:
    """Whether there is a nan in an array, or in one of a tuple."""
    return flaw(c) == "nan"


def worst(many: Iterable[Any]) -> str | None:
    """The worst flaw of several arrays."""
    found = {flaw(c) for c in many}
    return "nan" if "nan" in found else "infinite" if "infinite" in found else None


def flaw(c: Any) -> str | None:
    """Whether there is a nan in an array, or an infinity: one pass, no copy."""
    if type(c) in CONTAINERS:
        return worst(c)
    if type(c) is Pending:
        return worst(c.parts)
    c = values(c.g if type(c) is Scatter else c)
    if type(c) is Box:
        c._trace.unrepaired(c)
        return None
    if not isinstance(c, np.ndarray | np.inexact) or c.dtype.kind not in "fc":
        return None
    total: Any = np.vdot(c, c)  # which never warns
    if -np.inf < total.real < np.inf:
        return None
    if np.any(np.isnan(c)):
        return "nan"
    return "infinite" if np.any(np.isinf(c)) else None


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
