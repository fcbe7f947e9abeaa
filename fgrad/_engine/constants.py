"""Arrays that are made while a transform runs, and may become traced by assignment.

They are boxes of a trace of their own, which is not there for derivatives: its values
are plain, it lies outside of all others, and it allows what would drop a derivative,
since there is none to drop. What leaves a transform is a plain array again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import numpy as np
from typing_extensions import override

from fgrad._engine.box import CONTAINERS, Box, boxes_in
from fgrad._engine.rules import Rule
from fgrad._engine.trace import Node, Trace, next_order
from fgrad._words.callsite import caller

__all__ = [
    "CONSTANT",
    "RUNNING",
    "ConstantTrace",
    "constant_box",
    "unwrapped",
    "writable",
]


class ConstantTrace(Trace):
    """The trace of arrays that depend on nothing, until something is written."""

    __slots__ = ("used",)

    def __init__(self) -> None:
        super().__init__("no transform")
        self.id = -1
        self.used = False
        """Whether there ever was such an array."""
        self.written = True

    @override
    def leaf(self, value: Any) -> Box:
        return constant_box(value)

    @override
    def close(self) -> None:
        pass

    @override
    def interpret(
        self, rule: Rule, args: tuple[Any, ...], kwargs: dict[str, Any], fun: Any
    ) -> Any:
        given = unwrapped(args), unwrapped(kwargs)
        if boxes_in([*given]):  # something was written, and traced it
            return self.bind(rule, *given)
        return self._linked(rule, args, kwargs, fun(*given[0], **given[1]))

    bind: Callable[..., Any]
    """The gate of all operations: `bind` says how."""

    def _linked(self, rule: Rule, args: Any, kwargs: Any, ans: Any) -> Any:
        """A result of constants as a constant; a view knows its source."""
        if type(ans) in CONTAINERS:
            return type(ans)([self._linked(rule, args, kwargs, part) for part in ans])
        if type(ans) is not np.ndarray or ans.dtype.kind not in "fc":
            return ans
        box, given = constant_box(ans), boxes_in([args, kwargs])
        if ans.base is not None or any(ans is x._value for x in given):
            self.link(rule, args, kwargs, box)
        return box

    @override
    def number(self, box: Box, kind: Callable[[Any], Any], words: str) -> Any:
        return kind(self.array(box, words))

    @override
    def array(self, box: Box, words: str) -> Any:
        box = box.now()
        if box._trace is not self:
            return box._trace.array(box, words)
        return box._value


CONSTANT = ConstantTrace()

RUNNING: ContextVar[bool] = ContextVar("whether a transform runs", default=False)
"""It decides one thing: whether arrays that `fgrad.numpy` makes can be written to."""


def constant_box(value: Any) -> Box:
    """An array as a box of the trace of constants."""
    CONSTANT.used = True
    node = Node(next_order(), value.shape, value.dtype, (), *caller())
    return Box(value, CONSTANT, node)


def writable(ans: Any) -> Any:
    """A new array as one into which traced values can be written, if any are near."""
    if type(ans) is np.ndarray and ans.dtype.kind in "fc" and RUNNING.get():
        return constant_box(ans)
    return ans


def unwrapped(value: Any) -> Any:
    """The same with plain arrays in place of constants."""
    kind = type(value)
    if kind is Box:
        if value._trace is not CONSTANT:
            return value
        value = value.now()
        return value._value if value._trace is CONSTANT else value
    if kind in CONTAINERS:
        return kind([unwrapped(item) for item in value]) if boxes_in(value) else value
    if kind is dict:
        return {name: unwrapped(item) for name, item in value.items()}
    return value
