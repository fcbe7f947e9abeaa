"""Forward mode: carry tangents from the arguments to the results.

Along a tape, or through each operation as it is made. As in replay, all is done once
more with care if a tangent comes out as nan.
"""

from __future__ import annotations

from collections.abc import Callable
from sys import getrefcount
from typing import Any

import numpy as np
from typing_extensions import override

from fgrad._engine.blame import Blames, explain, is_finite
from fgrad._engine.box import Box
from fgrad._engine.cotangents import spoiled, worst
from fgrad._engine.pushforward import Arrival, parts, pushforward
from fgrad._engine.replay import is_owned, replay
from fgrad._engine.tags import Neighbourhood, TangentTags, added
from fgrad._engine.trace import Node, Trace, next_order, reachable
from fgrad._engine.views import may_be_view
from fgrad._engine.zeros import (
    is_constant,
    is_moved,
    kept_where,
    moving,
    without_poles,
)
from fgrad._words.callsite import caller, describe
from fgrad._words.undefined import Listener, listening

__all__ = ["TangentTrace", "owned", "push"]


UNHEARD = Listener()
"""For the first pass: there is more to say about a nan when it has been found."""


class Pushed(Node):
    """An operation that was pushed through as it was made; nothing leads back."""

    __slots__ = ("tangent",)

    def __init__(
        self, order: int, shape: Any, dtype: Any, edges: Any, code: Any, lasti: int
    ) -> None:
        super().__init__(order, shape, dtype, edges, code, lasti)
        self.tangent: Any = None
        """Of several results, a tuple; ``None`` if it is zero."""
        if edges:
            with listening(UNHEARD):
                self.tangent = _along(self, edges, _tangent, None)
            # A power of a length leads past it, and a view may be taken again.
            if edges[0][1].rule.power is None and not may_be_view(self):
                self.edges = ()


def _tangent(node: Any) -> Any:
    return node.tangent


class TangentTrace(Trace):
    """A run that pushes a tangent through each operation at once, and keeps no tape."""

    __slots__ = ()

    records = True
    tentative = True

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.node_type = Pushed

    @override
    def rewritten(self, like: Node, old: Any, index: Any, source: Node | None) -> Node:
        """The tangent of an array that was written to in place changes in place, too.

        Nothing else needs the old one: who needed the old array would hold it.
        """
        t = None if old is None else _tangent(old)
        s = None if source is None else _tangent(source)
        if type(t) is Box or type(s) is Box:
            return super().rewritten(like, old, index, source)
        new = Pushed(next_order(), like.shape, like.dtype, (), *caller())
        if t is not None or s is not None:
            new.tangent = _changed(t, like, index, 0.0 if s is None else s)
            if old is not None:
                old.tangent = None
        return new


def _changed(t: Any, like: Node, index: Any, s: Any) -> Any:
    """A tangent with other entries at an index: in place if it is nobody else's."""
    if t is None:
        t = np.zeros(like.shape, like.dtype)
    elif type(t) is not np.ndarray or t.base is not None or getrefcount(t) > HOLDERS:
        t = np.array(t, like.dtype)
    t[index] = s
    return t


def _holders(node: Pushed) -> int:
    t = _tangent(node)
    return _count(t)


def _count(t: Any) -> int:
    return getrefcount(t)


def _alone() -> Pushed:
    node = Pushed(0, (), None, (), None, 0)
    node.tangent = np.zeros(1)
    return node


HOLDERS = _holders(_alone())
"""How many hold a tangent that only one node has: counted, as in `in_place`."""


def push(
    outputs: list[Node],
    tangents: dict[Node, Any],
    *,
    consume: bool = False,
    words: Callable[[], bool],
    meant: bool = True,
) -> dict[Node, Any]:
    """Tangents of `outputs` from those of the leaves, along a tape.

    An output that no tangent reaches is left out: its tangent is zero. With `consume`,
    what the nodes keep is freed. If a tangent comes out as nan, all is done once more
    with care, as in `replay`; `words` tells whether to speak about what stays nan. The
    zeros of the tangents may be `meant`, or just happen.
    """
    nodes = sorted(reachable(outputs), key=lambda node: -node.order)
    found = _pushed(nodes, outputs, tangents, UNHEARD)
    if worst(found.values()):
        care = Care(tangents, meant)
        found = _pushed(nodes, outputs, tangents, Listener(said := []), care)
        if flaw := worst(found.values()):
            explain(flaw, said, care.blames.first, words)
    if consume:
        for node in nodes:
            node.edges = ()
    return found


def _pushed(
    nodes: list[Node],
    outputs: list[Node],
    tangents: dict[Node, Any],
    listener: Listener,
    care: Any = None,
) -> dict[Node, Any]:
    """One pass along all nodes; a tangent is dropped when nobody needs it any more."""
    known = dict(tangents)
    spent = _last_uses(nodes, outputs)
    with listening(listener):
        for node in nodes:
            if node.edges:
                tangent = _along(node, node.edges, known.get, care)
                if tangent is not None:
                    known[node] = tangent
                tangent = None
            for p in spent.get(node, ()):
                known.pop(p, None)
    return {node: known[node] for node in outputs if node in known}


class Care:
    """The second pass: zeros in place of nan where a tangent is structurally zero."""

    def __init__(self, tangents: dict[Node, Any], meant: bool) -> None:
        self.blames = Blames()
        self.tags = TangentTags(Neighbourhood(replay))
        noise = self.tags.noise
        for node, t in tangents.items():
            free = not meant or is_moved(t)
            tag = noise(node) if free else noise.where(t, node)
            self.tags.known[node] = tag

    def repaired(self, node: Node, edge: Any, arrived: list[Arrival], t: Any) -> Any:
        """The tangent along one edge. The tags of its arguments are known."""
        parent, pullback, residuals = edge
        if is_finite(t):
            return t
        several = type(t) is tuple
        single = len(arrived) == 1 and arrived[0].part is None and not several
        single = single and type(arrived[0].t) is not tuple
        moved = moving(node, pullback, residuals)
        if single and spoiled(t) and is_constant(moved, pullback):
            arrival = arrived[0]
            t = without_poles(
                arrival.t,
                t,
                lambda x: pushforward(
                    replay, pullback, residuals, node, parent, [arrival._replace(t=x)]
                ),
            )
        tag = self.tags.through(node, parent, pullback, residuals)
        t = tuple(map(kept_where, tag, t)) if several else kept_where(tag, t)
        if not is_finite(t):
            before = [p for p, _ in parts(parent)]
            self.blames.note(node, pullback, residuals, t, before, (node,))
        return t


def _along(
    node: Node, edges: tuple[Any, ...], known: Callable[[Any], Any], care: Any
) -> Any:
    """The tangent of an operation's result from those of its arguments."""
    total, owned, pullback = None, False, None
    try:
        for parent, pullback, residuals in edges:
            arrived = [
                Arrival(part, p, t)
                for p, part in parts(parent)
                if (t := known(p)) is not None
            ]
            if not arrived:
                continue
            t = pushforward(replay, pullback, residuals, node, parent, arrived)
            if t is None:
                continue
            if care is not None:
                t = care.repaired(node, (parent, pullback, residuals), arrived, t)
            if total is None:
                total = t
                given = tuple(arrival.t for arrival in arrived)
                owned = pullback.owned and is_owned(t, given, residuals)
            elif owned and type(t) is np.ndarray:
                total += t
            else:
                total = added(total, t)
        if care is not None:
            care.tags.add(node)
    except Exception as error:
        error.add_note(f"in {pullback!r}, for the call at {describe(node.site)}")
        raise
    return total


def _last_uses(nodes: list[Node], outputs: list[Node]) -> dict[Node, list[Node]]:
    """For each node, the nodes whose tangents are not needed after it."""
    last: dict[Node, Node] = {}
    for node in nodes:
        for p in node.parents():
            last[p] = node
    spent: dict[Node, list[Node]] = {}
    for p, node in last.items():
        if p not in outputs:
            spent.setdefault(node, []).append(p)
    return spent


def owned(tangent: Any, seen: set[int]) -> Any:
    """A tangent that nobody else sees: no input, no view, no other output."""
    if type(tangent) is np.ndarray and (
        tangent.base is not None or id(tangent) in seen
    ):
        tangent = np.array(tangent)
    seen.add(id(tangent))
    return tangent
