"""What tracing leaves behind: traces, boxes, nodes.

A box is a value, the trace it belongs to, and the node that made it. A node knows where
a cotangent of its result goes. Which of several traces is innermost is read off the
boxes themselves: nothing here is global but the counters of traces and of nodes.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import numpy as np

from fgrad._box import ArrayFace, plain
from fgrad._callsite import Site, caller, short
from fgrad._foreign import USUAL, is_foreign, refuse_foreign
from fgrad._rules import Rule
from fgrad.errors import LeakedTracerError

__all__ = [
    "CONTAINERS",
    "PLAIN",
    "Box",
    "Node",
    "Space",
    "Trace",
    "boxes_in",
    "space",
    "strip",
    "tick",
]


class Space(NamedTuple):
    """Shape and dtype: all that many rules need to know of an argument."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return prod(self.shape)


class Node:
    """One recorded operation: where its cotangent goes."""

    __slots__ = ("code", "dtype", "edges", "lasti", "order", "shape")

    def __init__(
        self, order: int, shape: Any, dtype: Any, edges: Any, code: Any, lasti: int
    ) -> None:
        self.order = order
        """Counts down, so that a heap yields the newest node first."""
        self.shape = shape
        """Of the result; for several results, a `Space` for each."""
        self.dtype = dtype
        """Of the result; ``None`` if there are several."""
        self.edges: tuple[Any, ...] = edges
        """For each traced argument: its node, its pullback, what the pullback keeps."""
        self.code = code
        self.lasti = lasti

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return prod(self.shape)

    @property
    def site(self) -> Site:
        return self.code, self.lasti


_LOCK = threading.Lock()
_TRACES = itertools.count()

tick = itertools.count(0, -1).__next__
"""One clock for all traces: what any of them recorded since a call began has smaller
numbers."""


class Trace:
    """One run of a transform. Younger traces have larger numbers, and lie inside."""

    __slots__ = ("id", "made", "name", "recording")

    batching = False
    """Whether its boxes hold one value for each of several examples."""

    taping = True
    """Whether nodes lead back to their arguments, for a replay."""

    def __init__(self, name: str) -> None:
        with _LOCK:
            self.id = next(_TRACES)
        self.name = name
        self.recording = True
        """Whether calls are recorded here and now; else `interpret` handles them."""
        self.made: Callable[..., Node] = Node
        """What makes the node of a recorded operation."""

    def leaf(self, value: Any) -> Box:
        """Box an argument of the function that is being transformed."""
        node = self.made(tick(), *space(value), (), *caller())
        return Box(value, self, node)

    def close(self) -> None:
        self.recording = False

    def interpret(self, rule: Rule, args: tuple[Any, ...], kwargs: Any) -> Any:
        """What happens to a call when this trace does not record it."""
        boxes = [a for a in boxes_in((args, kwargs)) if a._trace is self]
        made = short(boxes[0]._node.site)
        raise LeakedTracerError(
            f"this value was traced by {self.name} and used after it finished; it was "
            f"made at {made}. Return it with has_aux=True, or store stop_gradient(x)."
        )


class Box(ArrayFace):
    """A traced array: a value, the trace it belongs to, and the node that made it."""

    __slots__ = ("_node", "_trace", "_value")

    def __init__(self, value: Any, trace: Trace, node: Node) -> None:
        self._value = value
        self._trace = trace
        self._node = node


CONTAINERS = frozenset({list, tuple})

PLAIN = frozenset({np.ndarray, np.float64, np.float32, Box})
"""The usual types of a result; others are looked at."""


def boxes_in(value: Any) -> list[Box]:
    """The boxes in an argument, looking into (nested) lists, tuples and dicts."""
    if type(value) is Box:
        return [value]
    if type(value) is dict:
        value = list(value.values())
    if type(value) in CONTAINERS:
        return [box for item in value for box in boxes_in(item)]
    return []


def strip(value: Any) -> Any:
    """The value through every level of differentiation; lists and tuples too.

    What is batched stays batched.
    """
    if type(value) is Box:
        return plain(value)
    if type(value) in CONTAINERS and boxes_in(value):
        return type(value)([strip(item) for item in value])
    return value


def space(value: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and dtype, also of Python's numbers."""
    if type(value) in PLAIN or isinstance(value, np.generic):
        return value.shape, value.dtype
    kind = type(value)
    if kind not in USUAL and is_foreign(kind, ufunc=True):
        refuse_foreign(kind)
    array = np.asarray(value)
    return array.shape, array.dtype
