"""Batching: the interpretation of operations for several examples at once.

A box of a `BatchTrace` holds one value for each example, along axis 0 of what it holds;
shape and dtype that it shows are those of one example. A call on such boxes is not
recorded but computed for all examples at once, by the function in ``BATCHERS``; what
has none there, or is refused by it, is called for one example after the other.

What a box holds may be a box of an outer trace, and boxes of inner traces may hold
batched ones: everything here is computed with NumPy functions, so it nests like all
other code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
from typing_extensions import override

from fgrad._engine.arguments import plain_operands
from fgrad._engine.bind import bind
from fgrad._engine.box import (
    ARGUMENTS,
    CONTAINERS,
    Box,
    boxes_in,
    innermost,
)
from fgrad._engine.constants import CONSTANT, unwrapped
from fgrad._engine.later import LATER
from fgrad._engine.rules import Rule
from fgrad._engine.scatter import add_at
from fgrad._engine.trace import Node, Trace, again, next_order
from fgrad._engine.views import MAY_BE_VIEWS, unsure
from fgrad._words.callsite import Site, at, caller, short
from fgrad._words.conversions import conversion_error
from fgrad._words.foreign import is_sequence, sequence_of
from fgrad.batching.examples import one_after_the_other
from fgrad.batching.loops import BATCHERS, NO_ENTRY, REFUSED, SHOWN, count, stacked
from fgrad.errors import BatchedValueError, LeakedTracerError, RuleError

__all__ = ["BatchTrace"]

ADD_AT = Rule(add_at)


class BatchTrace(Trace):
    """One call of a function for several examples at once."""

    __slots__ = ("site", "size")

    opaque = True

    def __init__(self, name: str, size: int, site: Site | None = None) -> None:
        super().__init__(name)
        LATER["batchers"]()
        self.size = size
        """How many examples there are."""
        self.site = site
        """The site given to values that no line of the user's made."""

    @override
    def leaf(self, value: Any) -> Box:
        """Box a value that has the examples along axis 0."""
        shape = value.shape
        if not shape or shape[0] != self.size:
            raise RuleError(f"{shape} is no shape for a batch of {self.size} examples.")
        code, lasti = self.site or caller()
        return Box(
            value, self, Node(next_order(), shape[1:], value.dtype, (), code, lasti)
        )

    @override
    def leaked(self, box: Box) -> NoReturn:
        raise LeakedTracerError(
            f"this value was batched by {self.name} and used after it finished; it "
            f"was made at {short(box._node.site)}. Return it from the function."
        )

    # Operations

    @override
    def interpret(
        self, rule: Rule, args: tuple[Any, ...], kwargs: dict[str, Any], fun: Any
    ) -> Any:
        """Compute a call for all examples at once, or for one after the other."""
        if not self.open:
            return super().interpret(rule, args, kwargs, fun)
        if self.written:
            self.refresh(args, kwargs)
        if CONSTANT.used:
            args, kwargs = unwrapped(args), unwrapped(kwargs)
        if kwargs or not ARGUMENTS.issuperset(map(type, args)):
            args, kwargs = plain_operands(rule, args, kwargs)
        ans, why = self._at_once(rule, args, kwargs)
        if ans is NotImplemented:
            ans = self._loop(rule, args, kwargs, why)
        if rule.name in MAY_BE_VIEWS:
            self.link(rule, args, kwargs, ans)
        return ans

    @override
    def prefers(self, fun: Callable[..., Any]) -> bool:
        return fun in BATCHERS

    def _at_once(self, rule: Rule, args: tuple[Any, ...], kwargs: Any) -> Any:
        """The result for all examples, or ``NotImplemented``; and then, why not."""
        batch = BATCHERS.get(rule.fun)
        if batch is None:
            if not rule.elementwise:
                return NotImplemented, NO_ENTRY
            batch = BATCHERS[np.ufunc] if kwargs else _entrywise
        try:
            return batch(self, rule, args, kwargs), REFUSED
        except Exception as error:
            if rule.fun in SHOWN:
                raise
            # The call is wrong, and one example says better what is wrong with it.
            return NotImplemented, f"{type(error).__name__}: {error}"

    def _loop(self, rule: Rule, args: Any, kwargs: Any, why: str) -> Any:
        """Call a function for one example after the other."""
        results: list[Any] = []
        try:
            for i in range(self.size):
                here = self.example(args, i), self.example(kwargs, i)
                results.append(_computed(rule, *here))
        except Exception as error:
            error.add_note(f"for example {len(results)} of {self.name}")
            raise
        count(rule.name, why)
        return stacked(self, rule.name, results, self.assembled)

    @override
    def again(
        self, error: Exception, name: str, fun: Any, args: Any, kwargs: dict[str, Any]
    ) -> Any:
        """Call for one example after the other what cannot be called for all at once.

        Any of the calls may need the same, for another `vmap` outside.
        """
        boxes = boxes_in([*args, *kwargs.values()])
        trace = innermost(box for box in map(_batched, boxes) if box is not None)
        if trace is None:
            raise error

        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return fun(*args, **kwargs)
            except (TypeError, ValueError) as inner:
                return again(inner, name, fun, args, kwargs)

        ans = one_after_the_other(trace, name, call, args, kwargs)
        if name in MAY_BE_VIEWS:
            unsure(ans, boxes)
        return ans

    # Values

    @override
    def truth(self, box: Box) -> bool:
        raise BatchedValueError(
            at(
                "the truth value of a batched array differs between examples; use "
                "np.where(condition, x, y). In place of a while loop, take a fixed "
                "number of steps with np.where, or call the function for one example "
                "after the other"
            ),
            trace=self,
        )

    @override
    def refusal(
        self, box: Box, words: str, *, index: bool = False, instead: str = ""
    ) -> Exception:
        return conversion_error(
            box, words, index=index, instead=instead, batched_by=self
        )

    @override
    def enclosed(self, name: str) -> str:
        return (
            f"{name} uses a value batched by {self.name} that is not among its "
            f"arguments, so it cannot be called for one example. Pass it as an "
            f"argument of {name}."
        )

    # Sums of cotangents

    @override
    def writable(self, box: Box) -> bool:
        return type(box._value) is not Box

    @override
    def buffer(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Box:
        return self.leaf(np.zeros((self.size, *shape), dtype))

    @override
    def add_at(self, box: Box, index: Any, value: Any) -> bool:
        if index is ...:
            total = box._value
            total += value._value if type(value) is Box else value
            return True
        return self._at_once(ADD_AT, (box, index, value), {})[0] is box

    # Examples

    def of_all(self, value: Any) -> Any:
        """The value for all examples: repeated, if they share it."""
        if self.holds(value):
            return value._value
        if type(value) is not Box:
            value = np.asarray(value)
        return np.broadcast_to(value, (self.size, *value.shape))

    def example(self, value: Any, i: int) -> Any:
        """One example of all that is batched in the arguments of a call."""
        if self.holds(value):
            return value._value[i]
        if is_sequence(type(value)) and boxes_in(value):
            parts = [self.example(item, i) for item in value]
            return sequence_of(parts, type(value))
        if type(value) is dict:
            return {name: self.example(item, i) for name, item in value.items()}
        return value

    def assembled(self, examples: list[Any]) -> Any:
        """A batched value from its examples."""
        parts = [self.example(part, i) for i, part in enumerate(examples)]
        return self.boxed(
            np.stack([p if type(p) is Box else np.asarray(p) for p in parts])
        )


def _batched(box: Any) -> Box | None:
    """The first batched box on the way into a box."""
    while type(box) is Box:
        if isinstance(box._trace, BatchTrace):
            return box
        box = box._value
    return None


def _entrywise(trace: BatchTrace, rule: Rule, args: Any, kwargs: Any) -> Any:
    """An elementwise function of positional arguments that broadcast as they are."""
    values: list[Any] = []
    least, most, nested = 99, 0, False  # NumPy's arrays have up to 64 axes
    for x in args:
        kind = type(x)
        if kind is Box:
            ndim = len(x._node.shape)
            if x._trace is trace:
                x = x._value
                least = min(least, ndim)
            nested = nested or type(x) is Box
        elif kind in CONTAINERS:
            return BATCHERS[np.ufunc](trace, rule, args, kwargs)
        else:
            ndim = getattr(x, "ndim", 0)
        most = max(most, ndim)
        values.append(x)
    if least < most:  # trailing axes need to be lined up
        return BATCHERS[np.ufunc](trace, rule, args, kwargs)
    ans = bind(rule, tuple(values), {}) if nested else rule.fun(*values)
    return trace.leaf(ans) if type(ans) is np.ndarray else trace.boxed(ans)


def _computed(rule: Rule, args: Any, kwargs: Any) -> Any:
    """One call, of which an outer trace may take care."""
    if rule.pullbacks:
        return bind(rule, args, kwargs)
    trace = innermost(boxes_in([args, kwargs]))
    if trace is not None and trace.opaque:
        return trace.interpret(rule, args, kwargs, rule.fun)
    return rule.fun(*args, **kwargs)
