"""Names of values, and operations written with the names of what they use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from fgrad._engine.box import stored
from fgrad._engine.rules import NO_VALUE
from fgrad._words.callsite import Site
from fgrad._words.foreign import is_sequence
from fgrad.debug._recorder import Call, Recorder
from fgrad.debug._values import (
    assigned,
    index,
    is_returned,
    number,
    numbered,
    shortened,
)

__all__ = ["give_names"]

INFIX = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "truediv": "/",
    "pow": "**",
    "mod": "%",
    "matmul": "@",
}
"""Python's operators, by the names of their functions."""

PREFIX = {"neg": "-", "pos": "+"}

UFUNCS: dict[Any, str] = {
    np.add: "+",
    np.subtract: "-",
    np.multiply: "*",
    np.divide: "/",
    np.power: "**",
    np.remainder: "%",
    np.matmul: "@",
    np.negative: "-",
    np.positive: "+",
}
"""Functions that are written like the operators; of two values, or of one."""

NAME, ARGUMENT, EXPRESSION = 22, 20, 48
"""How many characters these have at most."""


def give_names(recorder: Recorder) -> None:
    """Name each value, and write each operation with these names."""
    counts: Counter[str] = Counter()
    for i, node in enumerate(recorder.nodes):
        if node.kind == "constant":
            node.name = _next(counts, node.name or "k", node.name != "")
        elif node.kind == "operation":
            call = recorder.calls[i]
            variable = _variable(node.site, call) if node.site else None
            node.operation = _operation(call)
            node.name = _next(counts, variable or "v", variable is not None)
        else:
            counts[node.name] += 1
    for i, call in recorder.calls.items():
        recorder.nodes[i].expression = _expression(recorder, call)


def _variable(site: Site, call: Call) -> str | None:
    """The variable to which the user's code assigns the result of an operation.

    That may be done where the function around it was called, if it returns the result.
    """
    if not call.direct:
        return None
    name = assigned(site)
    if name is None and call.outer and is_returned(site):
        name = assigned(call.outer)
    return name


def _next(counts: Counter[str], name: str, bare: bool) -> str:
    """The name for one more value: ``v₁``, ``v₂``; ``y``, ``y₂``."""
    counts[name] += 1
    count = counts[name]
    return name if bare and count == 1 else numbered(name, count)


def _operation(call: Call) -> str:
    """The sign of an operator, or the name of a function without its module."""
    name = call.fun.__name__ if hasattr(call.fun, "__name__") else call.rule.name
    if name == "custom_call":
        return getattr(call.args[0], "__name__", "custom_vjp").lstrip("_")
    if getattr(call.fun, "__module__", "") == "_operator":
        return INFIX.get(name) or PREFIX.get(name) or {"getitem": "[]"}.get(name, name)
    if call.fun in UFUNCS and not call.kwargs:
        return UFUNCS[call.fun]
    return call.rule.name.partition(" (")[0].rpartition(".")[2]


def _expression(recorder: Recorder, call: Call) -> str:
    """An operation as a line of a program."""
    name, args = _operation(call), call.args
    if name == "[]":
        inside = args[1] if type(args[1]) is tuple else (args[1],)
        where = ", ".join(_text(recorder, part) for part in inside) or "()"
        return f"{_text(recorder, args[0])}[{shortened(where, ARGUMENT)}]"
    if not name.isidentifier() and len(args) == 2:
        return f"{_text(recorder, args[0])} {name} {_text(recorder, args[1])}"
    if not name.isidentifier() and len(args) == 1:
        return f"{name}{_text(recorder, args[0])}"
    if call.fun.__name__ == "custom_call":
        args = args[2:]
    given = [_text(recorder, value) for value in args if value is not NO_VALUE]
    given += [
        f"{key}={_text(recorder, value)}"
        for key, value in call.kwargs.items()
        if value is not NO_VALUE
    ]
    return shortened(f"{name}({', '.join(given)})", EXPRESSION)


def _text(recorder: Recorder, value: Any) -> str:
    """An argument of an operation."""
    if recorder.holds(value):
        source, result = recorder.places[value._node]
        node = recorder.nodes[source]
        name = node.name  # of a long path, the end tells more
        name = name if len(name) <= NAME else f"…{name[1 - NAME :]}"
        return name + node.results[result].name
    value = stored(value)  # what an outer transform traces is constant here
    if type(value) is np.ndarray and value.size > 1:
        return recorder.nodes[recorder.constant(value)].name
    if isinstance(value, np.ndarray | np.generic | float | complex):
        text = number(np.ravel(value)[0]) if np.size(value) else "[]"
        return f"({text})" if np.iscomplexobj(value) else text
    if is_sequence(type(value)):
        inside = ", ".join(_some(recorder, value))
        if isinstance(value, tuple):
            return f"({inside},)" if len(value) == 1 else f"({inside})"
        return f"[{inside}]"
    if isinstance(value, slice) or value is Ellipsis:
        return index(value)
    text = getattr(value, "__name__", None) or repr(value)
    if " object at 0x" in text:
        text = type(value).__name__
    return shortened(text, ARGUMENT)


def _some(recorder: Recorder, values: Any) -> Iterator[str]:
    """The first few of many."""
    for i, value in enumerate(values):
        if i == 4 and len(values) > 5:
            yield "…"
            return
        yield _text(recorder, value)
