"""What arrays that share memory hold now.

A write that somebody else could see leaves a *mark* at the node of the old array. It
leads to the *cell* of that memory, which has the newest contents. From then on, a box
of that trace is looked at before it is used: if its value was taken from marked memory,
it is taken again from the cell. Before a trace's first such write, nobody looks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad._engine.bind import bind
from fgrad._engine.box import Box, stored_array
from fgrad._engine.constants import CONSTANT, constant_box, unwrapped
from fgrad._engine.rules import Pullback, Rule, rule_of
from fgrad._engine.trace import Node, Trace, next_order
from fgrad._engine.views import (
    bounds,
    is_taken,
    step,
    taken,
    unknown_parents,
)
from fgrad._words.callsite import Site, at, caller, short
from fgrad.errors import ConversionError

__all__ = [
    "Cell",
    "Mark",
    "fresh",
    "kept",
    "mark_of",
    "own",
    "refresh",
    "root_of",
    "settled",
    "share_memory",
    "supersede",
    "taken_in",
]


class Cell:
    """What a piece of memory holds now."""

    __slots__ = ("box",)

    def __init__(self, box: Box) -> None:
        self.box = box


class Mark:
    """That a node's memory was written to: its cell, its addresses, and the site."""

    __slots__ = ("cell", "high", "low", "site")

    def __init__(self, cell: Cell, value: Any, site: Site) -> None:
        self.cell = cell
        self.low, self.high = bounds(value)
        self.site = site


def mark_of(node: Node) -> Mark | None:
    """The mark of a node, if its memory was written to."""
    mark = getattr(node, "memory", None)
    return mark if type(mark) is Mark else None


def root_of(node: Node) -> tuple[Node, list[Node]]:
    """The node with the memory of a node, as far as known, and the views on the way."""
    path: list[Node] = []
    while mark_of(node) is None and (above := step(node)) is not None:
        path.append(node)
        node = above
    return node, path


def share_memory(one: Box, other: Box) -> bool:
    """Whether two boxes may be views of the same memory."""
    root, other_root = root_of(one._node)[0], root_of(other._node)[0]
    mark, other_mark = mark_of(root), mark_of(other_root)
    if mark is None or other_mark is None:
        return root is other_root
    return mark.cell is other_mark.cell


# Before a value is used ---------------------------------------------------------------


def refresh(box: Box) -> Box:
    """Bind a box to what its memory holds now."""
    root, path = root_of(box._node)
    mark = mark_of(root)
    if mark is None:
        _check_unknown(box, root)
    elif mark.cell.box._node is not root:
        if _is_kept(box):
            _bind(box, _copied(box))
            del box._kept
        else:
            current: Any = mark.cell.box
            for one in reversed(path):
                current = taken(one, current)
            _bind(box, current)
    return box


def _bind(box: Box, new: Box) -> None:
    box._value, box._trace, box._node = new._value, new._trace, new._node


def _check_unknown(box: Box, node: Node) -> None:
    """Refuse a view, made in a way that is not known here, of what was written to."""
    value = box._value
    low, high = bounds(value)
    view = type(value) is np.ndarray and value.base is not None
    if node.edges and node.edges[0][1] is _copying():
        return
    unknown = unknown_parents(node)
    for parent in unknown or (node.parents() if view else ()):
        parent = root_of(parent)[0]
        mark = mark_of(parent)
        if mark is None or mark.cell.box._node is parent:
            continue
        if unknown or (low < mark.high and mark.low < high):
            raise ConversionError(
                at(
                    f"this value is a view, made at {short(node.site)}, of an array "
                    f"that was changed at {short(mark.site)}; take it again after "
                    f"that, or a copy before"
                )
            )


def _anew(
    self: Trace, rule: Rule, args: tuple[Any, ...], kwargs: dict[str, Any], fun: Any
) -> Any:
    """Record a call, with all that is used as it is now."""
    self.refresh(args, kwargs)
    return bind(rule, args, kwargs, fun)


# Boxes that do not follow -------------------------------------------------------------


KEPT: Any = vars(Box)["_kept"]


def keep(trace: Trace, box: Box) -> Box:
    """A box as an inner transform keeps it: what is written later does not reach it."""
    if trace.written:
        box.now()
    same = Box(box._value, box._trace, box._node)
    same._kept = True
    return same


def _is_kept(box: Box) -> bool:
    try:
        return KEPT.__get__(box)
    except AttributeError:
        return False


def own(value: Any, since: int | None = None) -> Any:
    """What comes out of a transform, as an array of its own.

    What was made after `since`, and is no view, is nobody else's anyway.
    """
    if type(value) is not Box or value._trace is CONSTANT:
        return value
    node, trace = value._node, value._trace
    if not (trace.records or trace.opaque):
        return value
    new = since is not None and node.order < since and not _is_kept(value)
    if (new and not is_taken(node)) or not trace.open:
        return value
    return _copied(value.now())


def _copied(box: Box) -> Box:
    """A box with the same value and derivative, and memory of its own."""
    trace, node = box._trace, box._node
    if not trace.records:
        return trace.copy(box)
    edges = ((node, _copying(), ()),)
    new = trace.node_type(next_order(), *_space(node), edges, *node.site)
    return Box(box._value, trace, new)


def _copying() -> Pullback:
    return rule_of(np.copy).pullbacks["a"]


def _space(node: Node) -> tuple[Any, Any]:
    return node.shape, node.dtype


def kept(leaf: Any) -> Any:
    """An argument as it is now, whatever is written to it later."""
    return keep(leaf._trace, leaf) if type(leaf) is Box else leaf


def fresh(leaf: Any) -> Any:
    """The same argument again, in memory of its own."""
    if type(leaf) is not Box:
        return leaf
    trace = leaf._trace
    if trace is CONSTANT:
        return constant_box(leaf._value)
    if trace.records or trace.opaque:
        return _copied(leaf)
    return Box(leaf._value, trace, leaf._node)


def settled(leaf: Any) -> Any:
    """A leaf of a result: up to date, and plain if it is constant."""
    return unwrapped(leaf.now()) if type(leaf) is Box else leaf


def taken_in(leaf: Any) -> Any:
    """A leaf of an argument of a transform, which nothing can change any more."""
    return kept(settled(leaf))


# After a write ------------------------------------------------------------------------


def supersede(box: Box, new: Box, *, shared: bool) -> None:
    """Bind a box to new contents, and leave word for all that shares its memory."""
    mark = mark_of(box._node)
    new = _laid_out(new, box)
    if mark is not None or shared:
        cell = mark.cell if mark is not None else Cell(box)
        site = caller()
        box._node.memory = Mark(cell, box._value, site)
        new._node.memory = Mark(cell, new._value, site)
        cell.box = Box(new._value, new._trace, new._node)
        look(box._trace)
        look(new._trace)
    _bind(box, new)


def _laid_out(new: Any, old: Any) -> Any:
    """The new contents, as the old ones lie in memory: that decides what views are."""
    if type(new) is Box:
        value = _laid_out(new._value, stored_array(old))
        return new if value is new._value else Box(value, new._trace, new._node)
    if type(new) is not np.ndarray or type(old) is not np.ndarray:
        return new
    more = new.ndim - old.ndim  # if only the new ones are about several examples
    if new.shape[more:] != old.shape or new.strides[more:] == old.strides:
        return new
    outermost_first = np.argsort([-abs(n) for n in old.strides], kind="stable")
    order = [*range(more), *(more + outermost_first)]
    laid_out = np.empty([new.shape[i] for i in order]).transpose(np.argsort(order))
    out = np.empty_like(laid_out, new.dtype)
    out[...] = new
    return out


def look(trace: Trace) -> None:
    """From now on, boxes of a trace are looked at before they are used."""
    trace.written = True
    if not trace.opaque:
        trace.recording = False


def _attach() -> None:
    Box.refreshed = refresh
    Trace.anew = _anew
    Trace.snapshot = keep


_attach()
