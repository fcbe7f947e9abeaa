"""The trace that writes down what a function computes, and a tape for its gradients.

The recorder is one more interpretation of the operations on boxes. A box of it holds a
box of a tape, on which each operation is computed. So each value has a gradient, too:
on the tape, every node gets one more edge, to a leaf of its own, along which replay
brings what it brings to the node.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np
from typing_extensions import override

from fgrad._engine import forward
from fgrad._engine.bind import bind
from fgrad._engine.box import Box, boxes_in, stored
from fgrad._engine.cotangents import Cotangents
from fgrad._engine.dispatch import traced
from fgrad._engine.replay import Visit, replay
from fgrad._engine.rules import DERIVED, Rule
from fgrad._engine.trace import Node as TapeNode, Tape, Trace, next_order
from fgrad._transforms._values import label
from fgrad._tree import flatten, leaf_paths, unflatten
from fgrad._words.callsite import LIBRARY, Site, expression
from fgrad._words.foreign import is_sequence
from fgrad.debug._program import Edge, Group, Node, Result
from fgrad.debug._values import small

__all__ = ["Call", "ProbedTape", "Recorder"]

PROBE = Rule(
    operator.pos, name="the gradient of a value", pullbacks={"a": lambda g: g}
).pullbacks["a"]

REPLAY: CodeType = Visit.run.__code__
PHASES: dict[CodeType, str] = {
    getattr(forward, "_along").__code__: "tangent",  # noqa: B009 (private)
    Cotangents.result.__code__: "replay",  # the last sums
}
"""What the engine is doing when it runs this."""
COMPREHENSIONS = {"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"}

DEPTH = 6
"""Calls that lie deeper in others than this are part of the one around them."""


class ProbedTape(Tape):
    """A tape that knows the cotangent of each of its values after a replay."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.node_type = self._node
        self._probes: dict[TapeNode, TapeNode] = {}

    def _node(
        self, order: int, shape: Any, dtype: Any, edges: Any, code: Any, lasti: int
    ) -> TapeNode:
        node = TapeNode(order, shape, dtype, edges, code, lasti)
        if not edges:
            self._probes[node] = node
        elif dtype is not None and edges[0][1].rule.power is None:
            # A power of a length leads past it, so the length itself tells nothing.
            probe = TapeNode(next_order(), shape, dtype, (), code, lasti)
            node.edges = (*edges, (probe, PROBE, ()))
            self._probes[node] = probe
        return node

    def gradients(self, result: TapeNode) -> Callable[[TapeNode], Any]:
        """The function that gives the gradient of a result with respect to a node."""
        roots = [(result, result.dtype.type(1))]
        found = replay(roots, consume=True, words=lambda: False)

        def gradient(node: TapeNode) -> Any:
            probe = self._probes.get(node)
            known = probe in found.total or probe is node  # an argument's may be zero
            return found.result(probe) if probe and known else None

        return gradient


class Call(NamedTuple):
    """What an operation was given."""

    rule: Rule
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    fun: Callable[..., Any]
    direct: bool
    """Whether a line of the user's made the call itself."""
    outer: Site | None
    """Where the function with that line was called, if it is known."""


@dataclass(slots=True)
class Where:
    """Where an operation is, in the user's code and in the graph."""

    site: Site | None = None
    outer: Site | None = None
    direct: bool = True
    group: int = 0
    phase: str = ""
    note: str = ""

    def look(self, frame: FrameType) -> None:
        """Look at a frame of fgrad between the operation and the user's line."""
        if frame.f_code is REPLAY:
            node, pullback = (frame.f_locals[n] for n in ("node", "pullback"))
            self.direct, self.site = False, node.site
            self.note = f"{pullback!r}, for {expression(node.site) or 'this call'}"
        elif frame.f_code in PHASES:
            self.direct, self.phase = False, PHASES[frame.f_code]
        elif frame.f_globals.get("__name__", "").startswith("fgrad.derived"):
            self.direct = False


class Recorder(Trace):
    """Writes down each operation, and computes it on the values of a tape."""

    def __init__(self, name: str, fun: Callable[..., Any], outside: FrameType) -> None:
        super().__init__(name)
        self.nodes: list[Node] = []
        self.calls: dict[int, Call] = {}
        """The call of each operation, by the number of its node."""
        self.groups = [Group(label(fun), 0, 0, "forward")]
        self.places: dict[Any, Edge] = {}
        """Where a box of this trace stands in the graph."""
        self._tape_nodes: dict[tuple[int, int], TapeNode] = {}
        self._frames: dict[int, tuple[FrameType, int]] = {id(outside): (outside, 0)}
        self._constants: dict[int, tuple[Any, int]] = {}
        self._begun = hasattr(fun, "transform")
        """Whether the first call is known: that of the function itself, which needs no
        group of its own, unless it stands beside what a transform does."""

    # Nodes

    def argument(self, value: Any, name: str) -> Box:
        """A box for a leaf of the arguments."""
        return self._boxed_at(value, self._add(Node("argument", name)), "")

    def _add(self, node: Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def _boxed_at(self, value: Any, i: int, name: str) -> Box:
        """Box a result of a node."""
        box = self.leaf(value)
        results = self.nodes[i].results
        self.places[box._node] = Edge(i, len(results))
        if type(value) is Box:
            self._tape_nodes[i, len(results)] = value._node
        results.append(result_of(value, name))
        return box

    @override
    def interpret(
        self, rule: Rule, args: tuple[Any, ...], kwargs: dict[str, Any], fun: Any
    ) -> Any:
        if not self.open:
            return super().interpret(rule, args, kwargs, fun)
        self.refresh(args, kwargs)
        where = self._where()
        plain = tuple(map(self._unboxed, args))
        options = {name: self._unboxed(value) for name, value in kwargs.items()}
        if fun is not rule.fun:
            ans = fun(*plain, **options)  # one of Python's operators
        elif rule.pullbacks:
            ans = bind(rule, plain, options)
        else:
            ans = (traced(fun) if fun in DERIVED else fun)(*plain, **options)
        if not any(type(leaf) is Box for leaf in flatten(ans)[0]):
            return ans  # constant almost everywhere: a tape would not record it
        inputs = tuple(self._inputs([*args, *kwargs.values()], where))
        node = Node("operation", "", inputs=inputs, group=where.group)
        node.phase, node.site, node.note = where.phase, where.site, where.note
        i = self._add(node)
        self.calls[i] = Call(rule, args, kwargs, fun, where.direct, where.outer)
        ans = self._results(ans, i)
        self.link(rule, args, kwargs, ans)
        return ans

    @override
    def prefers(self, fun: Callable[..., Any]) -> bool:
        return True

    def _unboxed(self, value: Any) -> Any:
        """A value of the tape in place of each box of this trace."""
        if self.holds(value):
            return value._value
        if is_sequence(type(value)) and boxes_in(value):
            parts = map(self._unboxed, value)
            kind = type(value)
            return kind(*parts) if hasattr(kind, "_fields") else kind(parts)
        return value

    def _results(self, ans: Any, i: int) -> Any:
        """The result of an operation with a box for each value that the tape traced."""
        leaves, structure = flatten(ans)
        boxes = [
            self._boxed_at(leaf, i, path) if type(leaf) is Box else leaf
            for leaf, path in zip(leaves, leaf_paths(structure), strict=True)
        ]
        return unflatten(structure, boxes)

    def _inputs(self, values: Any, where: Where) -> Iterator[Edge]:
        """What an operation uses: values of this trace, and constant arrays."""
        for value in values:
            if self.holds(value):
                yield self.places[value._node]
            elif type(value) is np.ndarray and value.size > 1:
                yield Edge(self.constant(value, where))
            elif is_sequence(type(value)):
                yield from self._inputs(value, where)

    def constant(self, array: Any, where: Where | None = None) -> int:
        """The number of the node for an array that is constant."""
        if id(array) not in self._constants:
            name = _name_of(array) if where and where.direct else ""
            node = Node("constant", name, group=where.group if where else 0)
            node.results.append(result_of(array, ""))
            self._constants[id(array)] = (array, self._add(node))
        return self._constants[id(array)][1]

    # The place in the user's code

    def _where(self) -> Where:
        """Where the operation is that is being made now."""
        where, chain = Where(), list[FrameType]()
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            code = frame.f_code
            users = not LIBRARY[code.co_filename]
            if users and where.site is None:
                where.site = (code, frame.f_lasti)
                where.outer = _site(frame.f_back)
            elif where.site is None:
                where.look(frame)
            if id(frame) in self._frames:
                where.group = self._frames[id(frame)][1]
                break
            if code is REPLAY or (users and code.co_name not in COMPREHENSIONS):
                chain.append(frame)
            frame = frame.f_back
        for frame in reversed(chain):
            where.group = self._group(frame, where.group)
        where.phase = where.phase or self.groups[where.group].phase
        return where

    def _group(self, frame: FrameType, parent: int) -> int:
        """The number of the group for a call, in the one around it."""
        above, code = self.groups[parent], frame.f_code
        group = len(self.groups)
        if code is REPLAY:
            self.groups.append(Group("replay", parent, above.depth + 1, "replay"))
        elif not self._begun and parent == 0:
            self._begun, group = True, 0
        elif above.depth >= DEPTH:
            group = parent
        else:
            name = code.co_name
            self.groups.append(Group(name, parent, above.depth + 1, above.phase))
        self._frames[id(frame)] = (frame, group)
        return group

    # The end

    def gradients(self, tape: ProbedTape, result: TapeNode) -> None:
        """Fill in the gradients of a result."""
        count, tape_nodes = len(self.nodes), [*self._tape_nodes.items()]
        gradient = tape.gradients(result)
        del self.nodes[count:]  # what `checkpoint` has run again
        self.calls = {i: call for i, call in self.calls.items() if i < count}
        for (i, k), node in tape_nodes:
            found = gradient(node)
            if found is not None:
                results = self.nodes[i].results
                results[k] = results[k]._replace(gradient=small(stored(found)))

    @override
    def close(self) -> None:
        super().close()
        self._frames.clear()


def result_of(value: Any, name: str) -> Result:
    """What is written down of a value."""
    value = stored(value)
    kind = type(value).__name__
    if isinstance(value, np.ndarray | np.generic):
        kind = str(value.dtype)
    return Result(name, kind, np.shape(value), small(value))


def _site(frame: FrameType | None) -> Site | None:
    """Where a frame of the user's is."""
    if frame is None or LIBRARY[frame.f_code.co_filename]:
        return None
    return frame.f_code, frame.f_lasti


def _name_of(array: Any) -> str:
    """The variable of the user's that is an array."""
    frame = sys._getframe(1)
    while frame.f_back and LIBRARY[frame.f_code.co_filename]:
        frame = frame.f_back
    for scope in (frame.f_locals, frame.f_globals):
        for name, value in scope.items():
            if value is array:
                return name
    return ""
