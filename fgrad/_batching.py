"""Batching: the third interpretation of bind.

A box of a `BatchTrace` holds one value for each example, along axis 0 of what it holds;
shape and dtype that it shows are those of one example. A call on such boxes is not
recorded but computed for all examples at once, by the function in ``BATCHERS``; what
has none there, or is refused by it, is called for one example after the other.

What a box holds may be a box of an outer trace, and boxes of inner traces may hold
batched ones: everything here is computed with NumPy functions, so it nests like all
other code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from fgrad._arguments import KNOWN, plain_operands
from fgrad._bind import bind
from fgrad._callsite import Site, caller, describe, short
from fgrad._rules import RULES, Rule, defvjp
from fgrad._trace import CONTAINERS, Box, Node, Trace, boxes_in
from fgrad.errors import BatchedValueError, LeakedTracerError, RuleError

__all__ = [
    "BATCHERS",
    "LOOPS",
    "BatchTrace",
    "Loop",
    "batched_in",
    "batcher",
    "retried",
]

BATCHERS: dict[Callable[..., Any], Callable[..., Any]] = {}
"""``batch(trace, rule, args, kwargs) -> result`` by the function that it computes.

Where it returns ``NotImplemented`` or raises an exception, the examples go one by one,
and what they raise is what the user sees.
"""


class Loop(NamedTuple):
    """A function that was called for one example after the other."""

    name: str
    where: str
    """The user's line."""


LOOPS: Counter[Loop] = Counter()
"""How often that happened."""


def batcher(*funs: Callable[..., Any]) -> Callable[[Any], Any]:
    """Register how `funs` are computed for all examples at once."""

    def register(batch: Callable[..., Any]) -> Callable[..., Any]:
        for fun in funs:
            BATCHERS[RULES[fun].fun if fun in RULES else fun] = batch
        return batch

    return register


class BatchTrace(Trace):
    """One call of a function for several examples at once."""

    __slots__ = ("open", "site", "size")

    batching = True

    def __init__(self, name: str, size: int, site: Site | None = None) -> None:
        super().__init__(name)
        import_module("fgrad.batching")  # fills BATCHERS, the first time
        self.recording = False
        self.open = True
        self.size = size
        """How many examples there are."""
        self.site = site
        """Of all its values, if no line of the user's made them."""

    def close(self) -> None:
        self.open = False

    def leaf(self, value: Any) -> Box:
        """Box a value that has the examples along axis 0."""
        shape = value.shape
        if not shape or shape[0] != self.size:
            raise RuleError(f"{shape} is no shape for a batch of {self.size} examples.")
        code, lasti = self.site or caller()
        return Box(value, self, Node(0, shape[1:], value.dtype, (), code, lasti))

    def result(self, ans: Any) -> Any:
        """Box one or several results."""
        if isinstance(ans, tuple | list):
            parts = map(self.result, ans)
            return type(ans)(*parts) if hasattr(ans, "_fields") else type(ans)(parts)
        return self.leaf(ans)

    def holds(self, value: Any) -> bool:
        """Whether a value is batched here."""
        return type(value) is Box and value._trace is self

    def interpret(self, rule: Rule, args: tuple[Any, ...], kwargs: Any) -> Any:
        """Compute a call for all examples at once."""
        if not self.open:
            box = next(b for b in boxes_in((args, kwargs)) if b._trace is self)
            raise LeakedTracerError(
                f"this value was batched by {self.name} and used after it finished; it "
                f"was made at {short(box._node.site)}. Return it from the function."
            )
        if kwargs or not KNOWN.issuperset(map(type, args)):
            args, kwargs = plain_operands(rule, args, kwargs)
        ans = self.at_once(rule, args, kwargs)
        return self._loop(rule, args, kwargs) if ans is NotImplemented else ans

    def at_once(self, rule: Rule, args: tuple[Any, ...], kwargs: Any) -> Any:
        """The result for all examples, or ``NotImplemented``."""
        batch = BATCHERS.get(rule.fun)
        if batch is None:
            if not rule.elementwise:
                return NotImplemented
            batch = BATCHERS[np.ufunc] if kwargs else _entrywise
        try:
            return batch(self, rule, args, kwargs)
        except Exception:  # noqa: BLE001 (one example says better what is wrong)
            return NotImplemented

    def _loop(self, rule: Rule, args: Any, kwargs: Any) -> Any:
        """Call a function for one example after the other."""
        LOOPS[Loop(rule.name, short(caller()))] += 1
        results: list[Any] = []
        try:
            for i in range(self.size):
                here = self.example(args, i), self.example(kwargs, i)
                results.append(_computed(rule, *here))
        except Exception as error:
            error.add_note(f"for example {len(results)} of {self.name}")
            raise
        return joined(rule.name, results, self.assembled)

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
        if type(value) in CONTAINERS and boxes_in(value):
            return type(value)([self.example(item, i) for item in value])
        if type(value) is dict:
            return {name: self.example(item, i) for name, item in value.items()}
        return value

    def assembled(self, examples: list[Any]) -> Any:
        """A batched value from its examples."""
        parts = [self.example(part, i) for i, part in enumerate(examples)]
        return self.result(
            np.stack([p if type(p) is Box else np.asarray(p) for p in parts])
        )


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
    return trace.leaf(ans) if type(ans) is np.ndarray else trace.result(ans)


def _computed(rule: Rule, args: Any, kwargs: Any) -> Any:
    """One call, of which an outer trace may take care."""
    if rule.pullbacks:
        return bind(rule, args, kwargs)
    boxes = boxes_in([args, kwargs])
    if boxes:
        trace = max((box._trace for box in boxes), key=lambda trace: trace.id)
        if trace.batching:
            return trace.interpret(rule, args, kwargs)
    return rule.fun(*args, **kwargs)


def joined(name: str, results: list[Any], stack: Callable[[list[Any]], Any]) -> Any:
    """The results for one example after the other as the result for all of them."""
    if not results:
        raise BatchedValueError(
            f"{name} is called for one example after the other, but there is none, "
            f"at {describe(caller())}"
        )
    first = results[0]
    if any(result is None for result in results):
        if any(result is not None for result in results):
            raise BatchedValueError(
                f"{name} gives None for some examples only, at {describe(caller())}"
            )
        return None
    if isinstance(first, tuple | list):
        if len({len(result) for result in results}) > 1:
            raise BatchedValueError(_uneven(name, "lengths", map(len, results)))
        parts = [joined(name, list(p), stack) for p in zip(*results, strict=True)]
        kind = type(first)
        return kind(*parts) if hasattr(kind, "_fields") else kind(parts)
    shapes = [result.shape if type(result) is Box else np.shape(result)
              for result in results]  # fmt: skip
    if len(set(shapes)) > 1:
        raise BatchedValueError(_uneven(name, "shapes", shapes))
    return stack(results)


def _uneven(name: str, what: str, found: Any) -> str:
    first, other = sorted(set(found))[:2]
    return (
        f"{name} gives results of different {what} for different examples, such as "
        f"{first} and {other}; keep all entries and use np.where, "
        f"at {describe(caller())}"
    )


# One example after the other, below inner traces --------------------------------------


def example(x: Any, i: int, trace: BatchTrace) -> Any:
    """One example of a value that is batched by `trace`."""
    return x


def assembled(examples: list[Any], anchor: Any) -> Any:
    """One value, batched like `anchor`, from its examples."""
    return anchor._trace.assembled(examples)


def batched_in(value: Any) -> list[Box]:
    """The innermost batched box in each box of an argument."""
    found: list[Box] = []
    for box in boxes_in(value):
        inner: Any = box
        while type(inner) is Box:
            if inner._trace.batching:
                found.append(inner)
                break
            inner = inner._value
    return found


def _example_of(value: Any, i: int, trace: BatchTrace) -> Any:
    """One example of all that is batched by `trace`, at any depth."""
    if type(value) is Box:
        return bind(EXAMPLE, (value, i, trace), {}) if _in(value, trace) else value
    if type(value) in CONTAINERS and boxes_in(value):
        return type(value)([_example_of(item, i, trace) for item in value])
    if type(value) is dict:
        return {name: _example_of(item, i, trace) for name, item in value.items()}
    return value


def _in(value: Any, trace: Trace) -> bool:
    while type(value) is Box:
        if value._trace is trace:
            return True
        value = value._value
    return False


def _assembled(examples: list[Any], trace: BatchTrace) -> Any:
    """The value with these examples, in whatever traces they are."""
    anchor = trace.leaf(np.zeros(trace.size))
    return bind(ASSEMBLED, (examples, anchor), {})


def _only(g: Any, i: int, trace: BatchTrace) -> Any:
    """A cotangent for one example, and zero for all others.

    What all examples share has a derivative in each: they must not mix.
    """
    examples: list[Any] = [np.zeros(g.shape, g.dtype)] * trace.size
    examples[i] = _example_of(g, i, trace)
    return _assembled(examples, trace)


def _assembled_pullback(g: Any, wanted: Any, anchor: Any) -> Any:
    """To each example its own."""
    return [
        None if node is None else _only(g, i, anchor._trace)
        for i, node in enumerate(wanted)
    ]


defvjp(example, x=lambda g, i, trace: _only(g, i, trace))
defvjp(assembled, sequences=("examples",), examples=_assembled_pullback)
EXAMPLE, ASSEMBLED = RULES.pop(example), RULES.pop(assembled)
"""They are nobody's functions to call, so they are in no table."""


@batcher(example)
def _example(trace: BatchTrace, rule: Rule, args: Any, kwargs: Any) -> Any:
    x, i, mine = args
    if mine is trace:
        return trace.example(x, i)
    return trace.result(bind(rule, (x._value, i, mine), {}))


@batcher(assembled)
def _assemble(trace: BatchTrace, rule: Rule, args: Any, kwargs: Any) -> Any:
    examples, anchor = args
    if anchor._trace is trace:
        return trace.assembled(examples)
    return trace.result(bind(rule, (list(map(trace.of_all, examples)), anchor), {}))


def retried(
    error: Exception, name: str, fun: Callable[..., Any], args: Any, kwargs: Any
) -> Any:
    """Call for one example after the other what cannot be called for all at once.

    It is a composition or a pullback that asked a batched value for a plain one; NumPy
    may have hidden that behind an error of its own. Any other error is raised again.
    """
    found = batched_in([*args, *kwargs.values()])
    cause = error.__cause__
    batched = BatchedValueError
    if not found or not (isinstance(error, batched) or isinstance(cause, batched)):
        raise error
    trace: Any = max((box._trace for box in found), key=lambda trace: trace.id)
    LOOPS[Loop(name, short(caller()))] += 1
    results: list[Any] = []
    for i in range(trace.size):
        here = [_example_of(part, i, trace) for part in args]
        named = _example_of(kwargs, i, trace)
        try:
            result = fun(*here, **named)
        except (TypeError, ValueError) as inner:  # of another `vmap` outside
            result = retried(inner, name, fun, here, named)
        results.append(result)
    return joined(name, results, lambda parts: _assembled(parts, trace))
