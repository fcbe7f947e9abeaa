"""The trace: an interpretation of the operations on boxes; and what a tape records.

Which of several traces an operation belongs to is read off the boxes in its arguments:
the youngest one. Nothing here is global but the counters of traces and of nodes.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from math import prod
from typing import Any, NamedTuple, NoReturn

import numpy as np

from fgrad._engine.box import (
    RESULTS,
    Box,
    boxes_in,
    primal,
    rebuilt,
    space,
    values,
)
from fgrad._engine.rules import Rule
from fgrad._words.callsite import Site, caller, short
from fgrad._words.conversions import conversion_error
from fgrad.errors import LeakedTracerError

__all__ = [
    "STAND_INS",
    "Node",
    "Space",
    "Tape",
    "Trace",
    "again",
    "kind_of",
    "next_order",
    "reachable",
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

    __slots__ = ("code", "dtype", "edges", "lasti", "memory", "order", "shape")

    memory: Any
    """What is known of the memory of the value, if anything: how a view was made
    (`views`), or that it was written to (`memory`)."""

    def __init__(
        self, order: int, shape: Any, dtype: Any, edges: Any, code: Any, lasti: int
    ) -> None:
        self.order = order
        """Counts down, so that a heap yields the newest node first."""
        self.shape = shape
        """The shape of the result; for several results, a `Space` for each."""
        self.dtype = dtype
        """The dtype of the result; ``None`` if there are several."""
        self.edges: tuple[Any, ...] = edges
        """For each traced argument: its node, its pullback, what the pullback keeps.

        For an argument that is a sequence of arrays, a tuple stands in place of the
        node: a node for each traced element, and ``None`` for the others."""
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

    def parents(self) -> Iterator[Node]:
        """The nodes of all traced arguments."""
        for parent, _, _ in self.edges:
            if type(parent) is tuple:
                yield from (node for node in parent if node is not None)
            else:
                yield parent


def reachable(
    roots: Iterable[Node], follow: Callable[[Node], bool] | None = None
) -> dict[Node, None]:
    """The roots and all nodes that they depend on, as far as `follow` is true."""
    seen = dict.fromkeys(roots)
    stack = list(seen)
    while stack:
        for node in stack.pop().parents():
            if node not in seen and (follow is None or follow(node)):
                seen[node] = None
                stack.append(node)
    return seen


_LOCK = threading.Lock()
_TRACES = itertools.count()

next_order = itertools.count(0, -1).__next__
"""One clock for all traces: what any of them recorded since a call began has smaller
numbers."""


class Trace:
    """One interpretation of the operations on boxes: the protocol for all of them.

    An operation comes to the youngest trace among its arguments. If the attribute
    `recording` of that trace is true, the engine computes the result from what the
    boxes hold, and records a node that leads back to the arguments: that is a `Tape`.
    Otherwise the engine calls `interpret`, and the trace does whatever it likes.

    A new interpretation is a subclass with a method `interpret`. To begin, its owner
    makes boxes of the arguments with `leaf` and calls the function; to end, it calls
    `close`. The other methods are the questions that the engine has for a trace. Each
    has an answer here, that of a trace which is there for derivatives:

    ==============  ===================================================================
    `opaque`        Do operations without derivative (``x > 0``, ``np.argmax(x)``) come
                    to this trace, too? Else they are computed on the plain values
                    below, and their result is a constant. `primal` and `stop_gradient`
                    take away derivatives, but leave the boxes of an opaque trace.
    `interpret`     What does an operation do? It gets the rule, the arguments as they
                    were given, and the function that was called, which may be Python's
                    operator. It returns boxes, made by `leaf` or `boxed`.
    `prefers`       Does a composition of others come as one operation?
    `truth`         What is ``bool(x)``, as ``if x > 0`` asks?
    `number`        What is ``float(x)``, ``int(x)``, or x as an index?
    `array`         What is ``np.asarray(x)``?
    `refusal`       What is said where a plain value is asked for and not given?
    `enclosed`      What is said of a box that a function closes over, where all values
                    must be arguments?
    `values`        What does a decision of a rule look at, such as "is any entry zero"?
    `again`         A computation failed, since a plain value was asked for: is there
                    another way, such as one example after the other?
    `writable`      Can a box be written to, once nobody else sees it? If so, `buffer`
                    makes one of zeros, and `add_at` adds what is plain or can be
                    written to, too.
    `tentative`     Is all done once more with a tape if a derivative comes out as nan?
                    Then there is nothing to say about a nan before that.
    `unrepaired`    Replay met a cotangent in which zeros and nan may have to be told
                    apart, but the values that would tell are kept by this trace.
    `shown`         What is printed?
    `rerun`         `checkpoint` begins to compute values once more.
    ==============  ===================================================================

    Boxes of outer traces may be inside those of this one; an operation that is computed
    on them goes to their trace by itself. Traces may be used from any thread.
    """

    __slots__ = (
        *("_live", "_reopened", "id", "name", "node_type", "open", "recording"),
        "written",
    )

    records = False
    """Whether `recording` is true while the trace is open."""

    opaque = False
    tentative = False

    def __init__(self, name: str) -> None:
        with _LOCK:
            self.id = next(_TRACES)
        """Younger traces have larger numbers, and lie inside."""
        self.name = name
        self.node_type: Callable[..., Node] = Node
        """The class of the nodes of recorded operations."""
        self._live = True
        self._reopened = 0
        self.open = True
        self.recording = self.records
        self.written = False
        """Whether an array was changed that something else held, too: from now on,
        a value may have to be taken again before it is used."""

    # From the beginning to the end

    def leaf(self, value: Any) -> Box:
        """Box an argument of the function that is being transformed."""
        node = self.node_type(next_order(), *space(value), (), *caller())
        return Box(value, self, node)

    def boxed(self, ans: Any) -> Any:
        """Box the result of an operation: each number in it; text and None stay."""
        if type(ans) in RESULTS:
            return self.leaf(ans)
        if isinstance(ans, tuple | list):
            return rebuilt(ans, map(self.boxed, ans))
        number = isinstance(ans, np.ndarray | np.generic | float | int | complex)
        return self.leaf(ans) if number else ans

    def holds(self, value: Any) -> bool:
        """Whether a value is a box of this trace."""
        return type(value) is Box and value._trace is self

    def close(self) -> None:
        """End: from now on, boxes of this trace are an error."""
        self._live = False
        if not self._reopened:
            self.open = self.recording = False

    @contextmanager
    def reopened(self) -> Generator[None]:
        """Let a trace that may have ended go on, in as many threads as want it."""
        with _LOCK:
            self._reopened += 1
            self.open = True
            self.recording = self.records and not self.written
        try:
            yield
        finally:
            with _LOCK:
                self._reopened -= 1
                if not (self._live or self._reopened):
                    self.open = self.recording = False

    def leaked(self, box: Box) -> NoReturn:
        """Refuse a box that outlived this trace."""
        raise LeakedTracerError(
            f"this value was traced by {self.name} and used after it finished; it was "
            f"made at {short(box._node.site)}. Return it with has_aux=True, or store "
            f"stop_gradient(x)."
        )

    # Operations

    def interpret(
        self, rule: Rule, args: tuple[Any, ...], kwargs: dict[str, Any], fun: Any
    ) -> Any:
        """Apply `fun`, which the rule describes. Here: refuse, since this has ended."""
        if self.written and self.open:
            return self.anew(rule, args, kwargs, fun)
        return self.leaked(
            next(box for box in boxes_in((args, kwargs)) if self.holds(box))
        )

    anew: Callable[..., Any]
    """Record a call after arrays have been changed: `memory` says how."""

    def refresh(self, args: Any, kwargs: Any) -> None:
        """Look again at all that a call uses, if arrays have been changed."""
        if self.written:
            for box in boxes_in([args, kwargs]):
                box.now()

    unsure: Callable[..., None]
    """Note that results may be views, nobody knows how: `views` says how."""

    def copy(self, box: Box) -> Box:
        """A box with the same value, whose memory nobody else knows."""
        here = box._node
        node = Node(next_order(), here.shape, here.dtype, (), *here.site)
        return Box(box._value, self, node)

    link: Callable[..., None]
    """Let the results of a call know it, if they may be views: `views` says how."""

    snapshot: Callable[..., Box]
    """A box of this trace as an inner one keeps it: `memory` says how."""

    rewritten: Callable[..., Node]
    """The node of an array that was written to in place: `in_place` says how."""

    def prefers(self, fun: Callable[..., Any]) -> bool:
        """Whether `fun` comes to `interpret` whole, and not as its parts."""
        return False

    def again(
        self,
        error: Exception,
        name: str,
        fun: Callable[..., Any],
        args: Any,
        kwargs: dict[str, Any],
    ) -> Any:
        """Compute `fun` in another way, after an error with this trace in it."""
        raise error

    # Values

    def values(self, box: Box) -> Any:
        """The array that a decision on the values of a box looks at."""
        return values(box.now()._value)

    def truth(self, box: Box) -> bool:
        """The answer to ``bool(x)``."""
        return bool(box.now()._value)

    def number(self, box: Box, kind: Callable[[Any], Any], words: str) -> Any:
        """The answer to ``float(x)`` and its like, which the words describe."""
        raise self.refusal(box, words, index=kind.__name__ == "index")

    def array(self, box: Box, words: str) -> Any:
        """The answer to ``np.asarray(x)`` and its like, which the words describe."""
        raise self.refusal(box, words)

    def refusal(
        self, box: Box, words: str, *, index: bool = False, instead: str = ""
    ) -> Exception:
        """The error if a box cannot become a plain value.

        The words are those of Python, such as ``float(x)``; `instead`, if there are
        any, are the words of the message.
        """
        below = primal(box)
        if type(below) is Box and below._trace is not self:
            return below._trace.refusal(box, words, index=index, instead=instead)
        return conversion_error(box, words, index=index, instead=instead)

    def enclosed(self, name: str) -> str:
        """The words about a box that the function of this name closes over."""
        return (
            f"{name} uses a value traced by {self.name} that is not among its "
            f"arguments, so its derivative would be dropped. Pass it as an argument of "
            f"{name}, or use stop_gradient of it."
        )

    # Sums of cotangents

    def writable(self, box: Box) -> bool:
        """Whether a box of this trace can be written to, once nobody else sees it."""
        return False

    def buffer(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Box:
        """A box of zeros that can be written to."""
        raise NotImplementedError

    def add_at(self, box: Box, index: Any, value: Any) -> bool:
        """``box[index] += value`` in place; false if that cannot be done.

        All boxes in the index and the value are writable ones of this trace.
        """
        return False

    def unrepaired(self, box: Box) -> None:
        """Take notice that zeros may have met what is infinite or nan in a box."""

    # Other notices

    def shown(self, box: Box) -> Any:
        """The array that is printed, as in ``f"{x}"``."""
        inner = box.now()._value
        return inner._trace.shown(inner) if type(inner) is Box else inner

    def rerun(self) -> None:
        """Take notice that `checkpoint` begins to compute values once more."""


class Tape(Trace):
    """One run whose operations are recorded, so that they can be replayed."""

    __slots__ = ()

    records = True


STAND_INS: ContextVar[Mapping[type[Trace], Callable[..., Any]] | None] = ContextVar(
    "STAND_INS", default=None
)
"""What makes a trace in place of a class, in the context of somebody who watches."""

_stand_ins = STAND_INS.get


def kind_of(kind: type[Trace]) -> Callable[..., Any]:
    """What makes the trace for a run of a user's function: the class, as a rule."""
    stand_ins = _stand_ins()
    return kind if stand_ins is None else stand_ins.get(kind, kind)


def again(
    error: Exception, name: str, fun: Callable[..., Any], args: Any, kwargs: Any
) -> Any:
    """Let the trace that raised an error compute in another way, or raise it again.

    What failed is a composition or a pullback that asked for a plain value; NumPy may
    have hidden that behind an error of its own.
    """
    for raised in (error, error.__cause__):
        trace = getattr(raised, "trace", None)
        if isinstance(trace, Trace):
            return trace.again(error, name, fun, args, kwargs)
    raise error
