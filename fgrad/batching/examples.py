"""One example after the other, below inner traces.

What asks a batched value for a plain one (a composition, a pullback) is called for one
example after the other. Inner traces follow that: taking an example out of a batch is
an operation with a derivative, and so is putting examples together.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad._engine.bind import bind
from fgrad._engine.box import Box, boxes_in
from fgrad._engine.rules import Rule
from fgrad._engine.trace import Trace
from fgrad._words.foreign import is_sequence, sequence_of
from fgrad.batching.loops import ASKED, batcher, count, stacked

__all__ = ["one_after_the_other"]


def one_after_the_other(
    trace: Any, name: str, fun: Any, args: Any, kwargs: dict[str, Any]
) -> Any:
    """Call `fun` for each example of a trace that has several."""
    count(name, ASKED)
    results: list[Any] = []
    for i in range(trace.size):
        here = [_example_of(part, i, trace) for part in args]
        results.append(fun(*here, **_example_of(kwargs, i, trace)))
    return stacked(trace, name, results, lambda parts: _assembled(parts, trace))


def _example_of(value: Any, i: int, trace: Any) -> Any:
    """One example of all that is batched by `trace`, at any depth."""
    if type(value) is Box:
        return bind(EXAMPLE, (value, i, trace), {}) if _in(value, trace) else value
    if is_sequence(type(value)) and boxes_in(value):
        parts = [_example_of(item, i, trace) for item in value]
        return sequence_of(parts, type(value))
    if type(value) is dict:
        return {name: _example_of(item, i, trace) for name, item in value.items()}
    return value


def _in(value: Any, trace: Trace) -> bool:
    while type(value) is Box:
        if value._trace is trace:
            return True
        value = value._value
    return False


def _assembled(examples: list[Any], trace: Any) -> Any:
    """The value with these examples, in whatever traces they are."""
    anchor = trace.leaf(np.zeros(trace.size))
    return bind(ASSEMBLED, (examples, anchor), {})


# The two operations -------------------------------------------------------------------


def example(x: Any, i: int, trace: Any) -> Any:
    """One example of a value that is batched by `trace`."""
    return x


def assembled(examples: list[Any], anchor: Any) -> Any:
    """One value, batched like `anchor`, from its examples."""
    return anchor._trace.assembled(examples)


def _only(g: Any, i: int, trace: Any) -> Any:
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


EXAMPLE = Rule(example, pullbacks={"x": lambda g, i, trace: _only(g, i, trace)})
ASSEMBLED = Rule(
    assembled,
    sequences=("examples",),
    pullbacks={"examples": _assembled_pullback},
)


@batcher(example)
def _example(trace: Any, rule: Rule, args: Any, kwargs: Any) -> Any:
    x, i, mine = args
    if mine is trace:
        return trace.example(x, i)
    return trace.boxed(bind(rule, (x._value, i, mine), {}))


@batcher(assembled)
def _assemble(trace: Any, rule: Rule, args: Any, kwargs: Any) -> Any:
    examples, anchor = args
    if anchor._trace is trace:
        return trace.assembled(examples)
    return trace.boxed(bind(rule, (list(map(trace.of_all, examples)), anchor), {}))
