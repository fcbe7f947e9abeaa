"""Views: what may share the memory of another array, and how it is taken from it.

A tape stores nothing when a view is made: its node says by which operation it was
taken, from which node, with which options. A trace without a tape keeps the call. So a
view can be taken again, and put back.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from fgrad._engine.box import CONTAINERS, Box, boxes_in, example, one_of, stored_array
from fgrad._engine.dispatch import traced
from fgrad._engine.rules import Rule
from fgrad._engine.scatter import Scatter, index_update
from fgrad._engine.trace import Node, Trace
from fgrad._words.callsite import at
from fgrad.errors import ConversionError

__all__ = [
    "MAY_BE_VIEWS",
    "UNKNOWN",
    "bounds",
    "is_basic",
    "is_batched",
    "is_number",
    "is_taken",
    "may_be_view",
    "put_back",
    "source_of",
    "step",
    "taken",
    "unknown_parents",
    "unsure",
]

# Which operations make views ----------------------------------------------------------

RESHAPING = frozenset({"reshaped"})
"""The same entries under another shape: NumPy copies them if it must."""

BY_LAYOUT = RESHAPING | {
    *("np.reshape", "np.ravel", "np.asarray", "np.asanyarray"),
    *("np.ascontiguousarray", "np.asfortranarray", "np.require"),
}
"""Whether these copy depends on how the entries lie in memory."""

PARTS = frozenset(
    {
        *("getitem", "np.real", "np.imag", "np.squeeze", "np.expand_dims"),
        *("np.transpose", "np.matrix_transpose", "np.swapaxes", "np.moveaxis"),
        *("np.flip", "np.fliplr", "np.flipud", "np.rot90"),
        *("np.diagonal", "np.diag", "np.broadcast_to"),
    }
)
"""Some entries, or in another order, or under another shape: never copied."""

VIEWS = RESHAPING | PARTS
"""The operations of which a tape knows how to take a view again."""

UNKNOWN = frozenset({"np.einsum", "np.lib.stride_tricks.sliding_window_view"})
"""What may be a view, but cannot be taken again from what a tape keeps."""

WHOLE = UNKNOWN | {
    *("np.reshape", "np.ravel", "np.permute_dims", "np.rollaxis"),
    *("np.linalg.diagonal", "np.linalg.matrix_transpose", "np.real_if_close"),
    *("np.split", "np.array_split", "np.hsplit", "np.vsplit", "np.dsplit"),
    *("np.unstack", "np.ix_", "np.broadcast_arrays", "np.atleast_1d"),
    *("np.atleast_2d", "np.atleast_3d", "np.trim_zeros", "np.meshgrid"),
    *("np.lib.stride_tricks.as_strided", "np.asarray", "np.asanyarray"),
    *("np.ascontiguousarray", "np.asfortranarray", "np.require"),
}
"""Functions that a trace without a tape may compute whole, and that may make views."""

MAY_BE_VIEWS = VIEWS | WHOLE

READ_ONLY = frozenset({"np.diagonal", "np.diag", "np.broadcast_to"})


def is_basic(index: Any) -> bool:
    """Whether an index picks a view."""
    parts = index if type(index) is tuple else (index,)
    return all(isinstance(p, BASIC) and not isinstance(p, bool) for p in parts)


BASIC = (int, np.integer, slice, type(...), type(None))


# What a node says ---------------------------------------------------------------------


def step(node: Node) -> Node | None:
    """The node of what a value was taken from, if it may be a view of that."""
    memory = getattr(node, "memory", None)
    if type(memory) is Taken:
        return memory.source if memory.is_view() else None
    edges = node.edges
    if len(edges) != 1 or type(memory) is Unsure:
        return None
    parent, pullback, residuals = edges[0]
    if type(parent) is tuple or pullback.rule.name not in VIEWS:
        return None
    name = pullback.rule.name
    if name == "getitem":
        index = residuals[0]
        number = not node.shape and "Ellipsis" not in repr(index)
        if number or not is_basic(index):
            return None
    return None if name == "np.diag" and len(parent.shape) < 2 else parent


def may_be_view(node: Node) -> bool:
    """Whether an operation has to be known later, when something is written."""
    return node.edges[0][1].rule.name in MAY_BE_VIEWS


def is_taken(node: Node) -> bool:
    """Whether a value may be a view, as far as its node tells without a look."""
    return taken_by(node) is not None or step(node) is not None


def unsure(ans: Any, boxes: list[Box]) -> None:
    """Note that results may be views, but nobody knows how they are taken again."""
    for box in boxes_in(ans):
        box._node.memory = Unsure(boxes)


class Unsure:
    """What may share memory with a node."""

    __slots__ = ("nodes", "values")

    def __init__(self, boxes: list[Box]) -> None:
        self.nodes = [box._node for box in boxes]
        self.values = [box._value for box in boxes]
        """They are held, so that they are not written in place."""


def unknown_parents(node: Node) -> list[Node]:
    """The nodes of what a value may be a view of, if nobody knows how."""
    memory = getattr(node, "memory", None)
    if type(memory) is Unsure:
        return memory.nodes
    if node.edges and node.edges[0][1].rule.name in UNKNOWN:
        return list(node.parents())
    return []


def taken(node: Node, source: Any) -> Any:
    """The same view of another source."""
    call = taken_by(node)
    if call is not None:
        return call.of(source)
    _, pullback, residuals = node.edges[0]
    name, fun = pullback.rule.name, pullback.rule.fun
    kept = dict(zip(pullback.needs, residuals, strict=True))
    if name == "getitem":
        return source[kept["b"]]
    if name in ("reshaped", "np.squeeze", "np.expand_dims"):
        return np.reshape(source, node.shape, order=kept.get("order", "C"))
    if name == "np.broadcast_to":
        return np.broadcast_to(source, node.shape)
    if name == "np.imag":
        return np.imag(source)
    kept.pop("like", None)
    return traced(fun)(source, **kept)


def put_back(node: Node, source: Any, part: Any) -> Any:
    """The source with another part in place of a view.

    The pullback of what only moves entries is its inverse.
    """
    call = taken_by(node)
    name = node.edges[0][1].rule.name if call is None else call.rule.name
    if name in READ_ONLY:
        raise ValueError("assignment destination is read-only")
    if name == "np.real":
        return part + 1j * np.imag(source) if source.dtype.kind == "c" else part
    if name == "np.imag":
        return np.real(source) + 1j * part
    if call is not None:
        return call.put_back(source, part)
    _, pullback, residuals = node.edges[0]
    c = pullback.fun(part, *residuals)
    if type(c) is not Scatter:
        return c
    return traced(index_update)(source, c.index, c.g)


class Taken:
    """How a view was made in a trace without a tape: its call, kept at its node."""

    __slots__ = ("_view", "args", "kwargs", "part", "place", "rule", "source", "value")

    def __init__(
        self, source: Box, rule: Rule, args: Any, kwargs: Any, place: Any, part: Any
    ) -> None:
        self.value = source._value
        self.source: Node = source._node
        """The node of what it was taken from, as it was then."""
        self.rule = rule
        self.args = args
        self.kwargs = kwargs
        self.place = place
        """Where the source stands: a position, or a name."""
        self.part = part
        """Which of several results it is."""
        self._view: bool | None = None

    def of(self, source: Any) -> Any:
        """The same call of another source."""
        return self._called(source, self.args, self.kwargs, traced(self.rule.fun))

    def _called(self, source: Any, args: Any, kwargs: Any, call: Any) -> Any:
        args, kwargs = list(args), dict(kwargs)
        (kwargs if isinstance(self.place, str) else args)[self.place] = source
        result = call(*args, **kwargs)
        return result if self.part is None else result[self.part]

    def is_view(self) -> bool:
        """Whether NumPy makes a view of one example, laid out as ours is."""
        if self._view is None:
            name, array = self.rule.name, stored_array(self.value)
            shape = self.source.shape
            if not shape and np.ndim(array) and not is_taken_array(self.source):
                self._view = False  # of a number
                return False
            more, one = np.ndim(array) > len(shape), one_of(array, len(shape))
            if more and name in BY_LAYOUT and not np.asarray(one).flags.c_contiguous:
                raise ConversionError(
                    at(
                        f"an array was changed, and under vmap nobody knows whether "
                        f"{name} made a view of it or a copy; call {name} of a copy"
                    )
                )
            args, kwargs = example(list(self.args)), example(self.kwargs)
            result = self._called(one, args, kwargs, self.rule.fun)
            arrays = type(result) is np.ndarray and type(one) is np.ndarray
            self._view = arrays and np.may_share_memory(result, one)
        return self._view

    def put_back(self, source: Any, part: Any) -> Any:
        """The source with another part: numbers in its place say where that is."""
        name = self.rule.name
        if name in UNKNOWN or name == "np.trim_zeros":
            raise ConversionError(
                at(
                    f"cannot write to a view that {name} made; write to the array from "
                    f"which it was made"
                )
            )
        numbers = np.arange(source.size).reshape(source.shape)
        index = np.ravel(self.of(numbers))
        flat = traced(index_update)(np.ravel(source), index, np.ravel(part))
        return np.reshape(flat, source.shape)


def taken_by(node: Node) -> Taken | None:
    """How a view was made, if its node keeps the call."""
    memory = getattr(node, "memory", None)
    return memory if type(memory) is Taken else None


def is_taken_array(node: Node) -> bool:
    """Whether a node without axes keeps a call that made an array, and no number."""
    call = taken_by(node)
    if call is None:
        return False
    item = call.rule.name == "getitem"
    array = "Ellipsis" in repr(call.args[1:]) if item else call.rule.name in BY_LAYOUT
    return array or call.is_view()


def link(
    self: Trace, rule: Rule, args: tuple[Any, ...], kwargs: dict[str, Any], ans: Any
) -> None:
    """Let the results of a call know it, if they may be views."""
    if rule.name not in MAY_BE_VIEWS:
        return
    first = args[0] if args else None
    if type(first) is Box and first._trace is self and type(ans) is Box:
        ans._node.memory = Taken(first, rule, args, kwargs, 0, None)
        return
    if rule.name == "getitem":
        return
    places = [i for i, arg in enumerate(args) if self.holds(arg)]
    places += [name for name, arg in kwargs.items() if self.holds(arg)]
    if not places:
        return
    several = type(ans) in CONTAINERS
    for part, box in enumerate(ans) if several else [(None, ans)]:
        if self.holds(box):
            place = part if len(places) > 1 and part in places else places[0]
            source = kwargs[place] if isinstance(place, str) else args[place]
            box._node.memory = Taken(source, rule, args, kwargs, place, part)


def source_of(box: Box, path: list[Node]) -> Box | None:
    """What a view was taken from along a path, if the nodes know."""
    last = taken_by(path[-1]) if path else None
    return last and Box(last.value, box._trace, last.source)


# Memory -------------------------------------------------------------------------------


def bounds(value: Any) -> tuple[int, int]:
    """The addresses of an array's memory: the first, and the one after the last."""
    array = stored_array(value)
    return byte_bounds(array) if type(array) is np.ndarray and array.size else (0, 0)


def is_batched(box: Any) -> bool:
    """Whether a value is about several examples: its memory is not that of one."""
    while type(box) is Box:
        if box._trace.opaque:
            return True
        box = box._value
    return False


def is_number(box: Box) -> bool:
    """Whether a box is about a number, which never changes, and not about an array."""
    array = stored_array(box)
    if type(array) is not np.ndarray:
        return True
    if box.shape or not array.ndim:
        return False
    while type(box) is Box:  # of several examples: one of them tells
        if taken_by(box._node):
            return not is_taken_array(box._node)
        box = box._value
    return True


Trace.link = link
Trace.unsure = staticmethod(unsure)
