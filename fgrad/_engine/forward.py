"""Forward mode from the reverse rules.

A pullback is linear in its cotangent, so its transpose is the pushforward. For
elementwise rules of real numbers the transpose is the same formula; any other pullback
is itself traced, at a zero cotangent, and replayed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from fgrad._engine.bind import PART
from fgrad._engine.box import Box, values
from fgrad._engine.dispatch import traced
from fgrad._engine.replay import (
    fit,
    is_owned,
    keep_zeros,
    noting,
    pulled_again,
    replay,
)
from fgrad._engine.rules import Pullback
from fgrad._engine.scatter import Scatter
from fgrad._engine.signatures import REQUIRED
from fgrad._engine.trace import Node, Tape, Trace, reachable
from fgrad._words.callsite import describe
from fgrad._words.undefined import deferred, warn_undefined

__all__ = ["Tangent", "TangentTrace", "owned", "push", "tell"]


class Tangent(NamedTuple):
    """The tangent of a node; of several results, a tuple."""

    t: Any
    masked: bool
    """Whether entries may be zero where they were masked out."""


class Arrival(NamedTuple):
    """The tangent of an argument, or of one among its elements."""

    part: int | None
    node: Node
    t: Any
    masked: bool


class Pushed(Node):
    """An operation that was pushed through as it was made; nothing leads back."""

    __slots__ = ("tangent",)

    def __init__(
        self, order: int, shape: Any, dtype: Any, edges: Any, code: Any, lasti: int
    ) -> None:
        super().__init__(order, shape, dtype, (), code, lasti)
        self.tangent: Tangent | None = None
        """``None`` if it is zero."""
        invalid: list[str] = []
        if edges:
            with noting(invalid):
                self.tangent = _along(self, edges, _tangent, invalid)


def _tangent(node: Any) -> Tangent | None:
    return node.tangent


class TangentTrace(Trace):
    """A run that pushes a tangent through each operation at once, and keeps no tape."""

    __slots__ = ()

    records = True

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.node_type = Pushed


def push(
    outputs: list[Node], tangents: dict[Node, Any], *, consume: bool = False
) -> dict[Node, Any]:
    """Tangents of `outputs` from those of the leaves, along a tape.

    An output that no tangent reaches is left out: its tangent is zero. With `consume`,
    what a node keeps is freed as soon as its tangent is known, and a tangent when
    nobody needs it any more.
    """
    known = {node: Tangent(t, False) for node, t in tangents.items()}
    nodes = sorted(reachable(outputs), key=lambda node: -node.order)
    spent = _last_uses(nodes, outputs) if consume else {}
    invalid: list[str] = []
    with deferred() as words, noting(invalid):
        for node in nodes:
            if node.edges:
                tangent = _along(node, node.edges, known.get, invalid)
                if tangent is not None:
                    known[node] = tangent
                tangent = None
            if consume:
                node.edges = ()
                for p in spent.get(node, ()):
                    known.pop(p, None)
    found = {node: known[node].t for node in outputs if node in known}
    tell(words, found.values())
    return found


def tell(words: list[str], tangents: Iterable[Any]) -> None:
    """Say why tangents are nan, if they are."""
    arrays = (t for t in tangents if type(t) is not tuple)
    if words and any(np.any(np.isnan(values(t))) for t in arrays):
        for one in dict.fromkeys(words):
            warn_undefined(one)


def _along(
    node: Node,
    edges: tuple[Any, ...],
    known: Callable[[Any], Tangent | None],
    invalid: list[str],
) -> Tangent | None:
    """The tangent of an operation's result from those of its arguments."""
    total, owned, masked, pullback = None, False, False, None
    try:
        for parent, pullback, residuals in edges:
            arrived = [
                Arrival(part, p, *tangent)
                for p, part in _parts(parent)
                if (tangent := known(p)) is not None
            ]
            if not arrived:
                continue
            masked_here = any(tangent.masked for tangent in arrived)
            if masked_here and residuals:
                invalid.append("a nan that was kept may meet a zero")
            t = _pushforward(pullback, residuals, node, parent, arrived, invalid)
            if t is None:
                continue
            masked = masked or masked_here or _masks(pullback)
            if total is None:
                total = t
                given = tuple(tangent.t for tangent in arrived)
                owned = pullback.owned and is_owned(t, given, residuals)
            elif owned and type(t) is np.ndarray:
                total += t
            else:
                total = _add(total, t)
    except Exception as error:
        error.add_note(f"in {pullback!r}, for the call at {describe(node.site)}")
        raise
    return None if total is None else Tangent(total, masked)


def _last_uses(nodes: list[Node], outputs: list[Node]) -> dict[Node, list[Node]]:
    """For each node, the nodes whose tangents are not needed after it."""
    last: dict[Node, Node] = {}
    for node in nodes:
        for parent, _, _ in node.edges:
            for p, _ in _parts(parent):
                last[p] = node
    spent: dict[Node, list[Node]] = {}
    for p, node in last.items():
        if p not in outputs:
            spent.setdefault(node, []).append(p)
    return spent


def _masks(pullback: Pullback) -> bool:
    """Whether a pushed tangent may be zero where an argument was masked out."""
    return pullback.masks and not pullback.rule.picks


def owned(tangent: Any, seen: set[int]) -> Any:
    """A tangent that nobody else sees: no input, no view, no other output."""
    if type(tangent) is np.ndarray and (
        tangent.base is not None or id(tangent) in seen
    ):
        tangent = np.array(tangent)
    seen.add(id(tangent))
    return tangent


def _parts(parent: Any) -> list[tuple[Node, int | None]]:
    """The nodes of an argument, with their positions if it is a sequence."""
    if type(parent) is tuple:
        return [(node, i) for i, node in enumerate(parent) if node is not None]
    return [(parent, None)]


def _add(a: Any, b: Any) -> Any:
    if type(a) is tuple:
        return tuple(_add(x, y) for x, y in zip(a, b, strict=True))
    return a + b


def _pushforward(
    pullback: Pullback,
    residuals: tuple[Any, ...],
    node: Node,
    parent: Any,
    arrived: list[Arrival],
    invalid: list[str],
) -> Any:
    """The derivative of one operation along the tangent of one argument.

    ``None`` where the pullback says that it is zero.
    """
    part, _, t, _ = arrived[0]
    if pullback is PART:
        return t[residuals[0]]
    if part is None and node.dtype is not None:
        real = node.dtype.kind == parent.dtype.kind == "f"
        if pullback.rule.elementwise and real:
            return _elementwise(pullback, residuals, node, parent, t, invalid)
        if pullback.rule.linear:
            t = _applied(pullback, residuals, t)
            if t is not None and t.shape == node.shape:
                return t if t.dtype == node.dtype else t.astype(node.dtype)
    return _transposed(pullback, residuals, node, parent, arrived)


def _elementwise(
    pullback: Pullback,
    residuals: tuple[Any, ...],
    node: Node,
    parent: Node,
    t: Any,
    invalid: list[str],
) -> Any:
    """The tangent by the formula of the pullback: it multiplies each entry."""
    wide = t if t.shape == node.shape else np.broadcast_to(t, node.shape)
    try:
        t = pullback.fun(wide, *residuals)
    except (TypeError, ValueError) as error:
        t = pulled_again(error, pullback, parent, wide, residuals)
    if t is None:
        return None
    if invalid:
        t = keep_zeros(t, wide, node, pullback)
        invalid.clear()
    if t.shape != node.shape:
        t = np.broadcast_to(t, node.shape)
    return t if t.dtype == node.dtype else t.astype(node.dtype)


def _transposed(
    pullback: Pullback,
    residuals: tuple[Any, ...],
    node: Node,
    parent: Any,
    arrived: list[Arrival],
) -> Any:
    """The pullback traced at a zero cotangent, and replayed from the tangents."""
    trace = Tape(f"the transpose of {pullback!r}")
    g, leaves = _zero_cotangent(trace, node)
    roots: list[tuple[Node, Any]] = []
    nothing = True
    try:
        try:
            cotangents = pullback.fun(g, *residuals)
        except (TypeError, ValueError) as error:
            cotangents = pulled_again(error, pullback, parent, g, residuals)
        for part, argument, t, _ in arrived:
            c = cotangents if part is None else cotangents[part]
            if c is None:
                continue
            nothing = False
            if type(c) is Scatter:
                c, t = c.g, traced(operator.getitem)(t, c.index)
            else:
                c = fit(c, argument, pullback)
            if type(c) is Box and c._trace is trace:
                roots.append((c._node, t))
    finally:
        trace.close()
    if nothing:
        return None
    found = replay(roots, consume=True)
    results = tuple(map(found.result, leaves))
    return results if node.dtype is None else results[0]


def _zero_cotangent(trace: Tape, node: Node) -> tuple[Any, list[Node]]:
    """A traced zero like the result of `node`, and its leaves."""
    spaces = node.shape if node.dtype is None else [(node.shape, node.dtype)]
    boxes = tuple(trace.leaf(np.zeros(*space)) for space in spaces)
    return boxes if node.dtype is None else boxes[0], [box._node for box in boxes]


def _applied(pullback: Pullback, residuals: tuple[Any, ...], t: Any) -> Any:
    """A linear function of the tangent, and of what the pullback kept.

    ``None`` if that is not all it needs.
    """
    rule = pullback.rule
    kept = {
        name: value
        for name, value in zip(pullback.needs, residuals, strict=True)
        if name in rule.parameters and value is not pullback.defaults.get(name, rule)
    }
    kept[pullback.parameter] = t
    args: list[Any] = []
    for name, default in rule.parameters.items():
        if default is not REQUIRED:
            break
        if name not in kept:
            return None
        args.append(kept.pop(name))
    return traced(rule.fun)(*args, **kept)
