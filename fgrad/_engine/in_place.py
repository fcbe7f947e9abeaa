"""Writing where nobody else looks: one entry of n costs one, not n.

Where nothing but one box holds an array, a write changes that array. Its node has an
edge to what was written, and one to the node before, whose pullback clears the entries
of the cotangent: also in place, if the cotangent is nobody else's.
"""

from __future__ import annotations

from sys import getrefcount
from typing import Any

import numpy as np

from fgrad._engine.box import Box, boxes_in
from fgrad._engine.constants import CONSTANT
from fgrad._engine.dispatch import traced
from fgrad._engine.memory import Mark, look, mark_of
from fgrad._engine.plans import plan_of
from fgrad._engine.rules import Pullback, Rule, rule_of
from fgrad._engine.scatter import Cleared, index_update
from fgrad._engine.trace import Node, Trace, next_order
from fgrad._words.callsite import caller

__all__ = ["is_alone", "written_in_place"]


def is_alone(box: Box) -> bool:
    """Whether nothing but this box (and its cell) holds its array."""
    value = box._value
    if type(value) is not np.ndarray or value.base is not None:
        return False
    if not value.flags.writeable:
        return False
    mark = mark_of(box._node)
    more = mark is not None and mark.cell.box._value is value
    value = None
    return _holders(box) <= ALONE + more


def _holders(box: Box) -> int:
    value = box._value
    return getrefcount(value)


ALONE = _holders(Box(np.zeros(1), None, None))
"""How many hold an array that only one box has: counted, since interpreters differ."""


def written_in_place(box: Box, index: Any, value: Any) -> bool:
    """``box[index] = value`` in place; false if that cannot be."""
    if boxes_in([index]) or not is_alone(box):
        return False
    trace, inner, source = box._trace, value, None
    if type(value) is Box:
        inner, source = value._value, value._node
        if trace is CONSTANT:
            trace = value._trace
        if value._trace is not trace or type(inner) is Box:
            return False
    elif trace is CONSTANT:
        box._value[index] = value
        return True
    if not trace.records:
        return False
    box._value[index] = inner
    old = None if box._trace is CONSTANT else box._node
    new = trace.rewritten(box._node, old, index, source)
    mark = mark_of(box._node)
    if mark is not None:
        box._node.memory = new.memory = Mark(mark.cell, box._value, new.site)
        mark.cell.box = Box(box._value, trace, new)
        look(trace)
    box._node, box._trace = new, trace
    return True


def _rewritten(
    self: Trace, like: Node, old: Node | None, index: Any, source: Node | None
) -> Node:
    """The node of an array after ``array[index] = value``, by its nodes."""
    place = KEPT(None, None, None, None, index, None)[0]
    edges: tuple[Any, ...] = ()
    if source is not None:
        edges = ((source, VALUE, (source, place)),)
    if old is not None:
        edges = (*edges, (old, CLEAR, (place,)))
    return self.node_type(next_order(), like.shape, like.dtype, edges, *caller())


def _value_of(g: Any, like: Any, index: Any) -> Any:
    """The cotangent of what was written: a copy, since its entries are cleared next."""
    c = rule_of(index_update).pullbacks["value"].fun(g, like, index)
    return np.array(c) if type(c) is np.ndarray else c


def _cleared(g: Any, index: Any) -> Any:
    if type(g) is np.ndarray:
        return Cleared(g, index)
    return traced(index_update)(g, index, 0.0)


def _update(x: Any, index: Any, value: Any) -> Any:
    """`index_update`, whose derivative is that of a write in place."""
    return traced(index_update)(x, index, value)


UPDATE = Rule(_update, name="fgrad.index_update")
UPDATE.extend(
    {"x": _cleared, "value": _value_of},
    owned=True,
    indices=("index",),
    broadcasts=True,
    masks=True,
)
CLEAR: Pullback = UPDATE.pullbacks["x"]
VALUE: Pullback = UPDATE.pullbacks["value"]
KEPT = plan_of(UPDATE, 3).saver(0)[1]

Trace.rewritten = _rewritten
