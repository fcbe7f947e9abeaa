"""Replay: carry cotangents from a result back to the arguments.

Nodes are visited newest first. Each hands its cotangent to its pullbacks and passes on
what they return; a node that several operations used gets the sum. All that every rule
would otherwise have to repeat happens here, once: summing over broadcast axes, casting
to the argument's dtype, checking shapes, and keeping zeros zero.
"""

from functools import reduce
from heapq import heappop, heappush
from typing import Any, cast

import numpy as np

from fgrad._batching import retried
from fgrad._bind import Part
from fgrad._box import bare
from fgrad._callsite import describe
from fgrad._dispatch import implementation
from fgrad._rules import Pullback, Rule
from fgrad._scatter import Pending, Scatter, add_at, index_add, scatter_add
from fgrad._trace import Box, Node, boxes_in, strip
from fgrad.errors import RuleError

__all__ = [
    "Cotangents",
    "fit",
    "is_fresh",
    "keep_zeros",
    "noting",
    "one_by_one",
    "replay",
]

ARRAYS = frozenset({np.ndarray, Box, np.float64, np.float32, np.complex128})
"""The usual types of a cotangent; whatever else a pullback returns is looked at."""


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


ADD_AT = Rule(add_at)


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


def noting(invalid: list[str]) -> np.errstate:
    """Silence floating-point warnings; each 0 * inf or 0 / 0 leaves a word."""
    return np.errstate(
        all="ignore", invalid="call", call=lambda kind, _: invalid.append(kind)
    )


def replay(roots: list[tuple[Node, Any]], *, consume: bool) -> Cotangents:
    """Cotangents of the leaves from those of the results.

    With `consume`, what a node keeps is freed as soon as it has been replayed.
    """
    cotangents = Cotangents()
    for root, g in roots:
        cotangents.add(root, g)
    invalid: list[str] = []
    node = pullback = None
    try:
        with noting(invalid):
            queue, total = cotangents.queue, cotangents.total
            holes, parts = cotangents.holes, cotangents.parts
            while queue:
                node = heappop(queue)[1]
                g = total.pop(node) if node.dtype is not None else parts(node)
                if type(g) is Pending:
                    g = together(g)
                holed = node in holes
                for parent, pullback, residuals in node.edges:
                    try:
                        c = pullback.fun(g, *residuals)
                    except (TypeError, ValueError) as error:
                        c = one_by_one(error, pullback, parent, g, residuals)
                    if holed or pullback.masks:
                        cotangents.mark(parent)
                    if invalid or (holed and residuals):
                        c = keep_zeros(c, g, parent, pullback)
                        invalid.clear()
                    if (
                        type(c) not in ARRAYS
                        or c.shape != parent.shape
                        or c.dtype is not parent.dtype
                    ):
                        _add_other(cotangents, c, parent, pullback)
                    elif parent in total:
                        cotangents.add(parent, c)
                    elif parent.edges:
                        total[parent] = c
                        heappush(queue, (parent.order, parent))
                    else:
                        total[parent] = c
                        if pullback.ours and is_fresh(c, g, residuals):
                            cotangents.owned.add(parent)
                if consume:
                    node.edges = ()
                g = c = residuals = None
    except Exception as error:
        if node is not None:
            error.add_note(f"in {pullback!r}, for the call at {describe(node.site)}")
        raise
    return cotangents


def _add_other(cotangents: Cotangents, c: Any, parent: Any, pullback: Pullback) -> None:
    """Add what is not simply an array of the argument's shape and dtype."""
    kind = type(c)
    if c is None:
        return
    if kind is Scatter:
        cotangents.scatter(parent, c)
    elif kind is Part:
        cotangents.part(parent, c)
    elif type(parent) is tuple:
        for node, part in zip(parent, c, strict=True):
            if node is not None and part is not None:
                cotangents.add(node, fit(part, node, pullback))
    else:
        cotangents.add(parent, fit(c, parent, pullback))


def fit(c: Any, parent: Node, pullback: Pullback) -> Any:
    """A cotangent with the argument's shape and dtype, or an error naming the rule."""
    if type(c) is not Box:
        c = np.asarray(c)
    if c.shape != parent.shape:
        c = _sum_to(c, parent.shape, pullback)
    if c.dtype != parent.dtype:
        if c.dtype.kind == "c" and parent.dtype.kind != "c":
            c = c.real
        c = c.astype(parent.dtype)
    return c


def _sum_to(c: Any, shape: tuple[int, ...], pullback: Pullback) -> Any:
    """Sum over the axes along which an argument of `shape` was broadcast."""
    lead = len(c.shape) - len(shape)
    pairs = list(zip(shape, c.shape[max(lead, 0) :], strict=False))
    if (
        not pullback.rule.broadcasts
        or lead < 0
        or any(a not in (1, b) for a, b in pairs)
    ):
        raise RuleError(
            f"{pullback!r} returned shape {c.shape} for an argument of shape {shape}."
        )
    axes = tuple(i + lead for i, (a, b) in enumerate(pairs) if a != b)
    return np.sum(c, axis=(*range(lead), *axes)).reshape(shape)


def keep_zeros(c: Any, g: Any, parent: Any, pullback: Pullback) -> Any:
    """A zero cotangent stays zero, also where the local derivative is inf or nan."""
    entries = bare(c)
    if not isinstance(entries, np.ndarray | np.generic):
        return c
    given = bare(g)
    if type(given) is np.ndarray and given.size < entries.size and given.all():
        return c  # nothing is zero in the smaller one
    square: Any = np.vdot(cast("Any", entries), cast("Any", entries))
    if not np.isnan(square):  # one pass, no temporary
        return c
    zero = [np.equal(strip(part), 0) for part in (g if type(g) is tuple else (g,))]
    if pullback.rule.broadcasts and c.shape == zero[0].shape:
        return np.where(zero[0], 0.0, c)
    none: Any = reduce(np.logical_and, [np.all(part) for part in zero])
    return (
        np.where(none, 0.0, fit(c, parent, pullback))
        if type(none) is Box
        else (np.zeros(parent.shape, parent.dtype) if none else c)
    )


def one_by_one(
    error: Exception, pullback: Pullback, parent: Any, g: Any, residuals: Any
) -> Any:
    """Run a pullback for one example after the other, if batched values stopped it."""

    def dense(g: Any, *residuals: Any) -> Any:
        c = pullback.fun(g, *residuals)
        if type(c) is not Scatter:
            return c
        zero = np.zeros(parent.shape, parent.dtype)
        return implementation(index_add)(zero, c.index, c.g)

    return retried(error, repr(pullback), dense, (g, *residuals), {})


def is_fresh(c: Any, g: Any, residuals: tuple[Any, ...]) -> bool:
    """Whether nothing else can see this array."""
    if type(c) is not np.ndarray or c.base is not None or c is g:
        return False
    if type(g) is tuple and any(c is part for part in g):
        return False
    return all(c is not residual for residual in residuals)
