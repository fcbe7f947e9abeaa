"""What can be known of all calls of an operation with the same names of arguments.

It is worked out once and kept on the rule: which options have to be looked at, what a
list stands for, and, compiled to a function, what each pullback keeps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fgrad._engine.box import ARGUMENTS, CONTAINERS, Box, boxes_in, space
from fgrad._engine.rules import SPECIAL, Pullback, Rule, composition
from fgrad._engine.signatures import NO_VALUE, REQUIRED
from fgrad._engine.trace import Node, Space, Trace
from fgrad._words.callsite import at, no_rule
from fgrad._words.conversions import INDEX
from fgrad.errors import ConversionError

__all__ = ["Plan", "plan_of"]

_COPIED = "_copied_"  # no parameter of a function is called like this


class Plan:
    """All calls of one operation with the same names of arguments."""

    __slots__ = ("_savers", "arrays", "count", "ignored", "names", "rest", "rule",
                 "sequences", "stores", "where")  # fmt: skip

    def __init__(self, rule: Rule, count: int, keywords: tuple[str, ...]) -> None:
        self.rule = rule
        self.count = count
        self.rest = rule.rest is not None and count > rule.rest
        """Whether the last positional value is a tuple, what ``*args`` stands for."""
        self.names = (*list(rule.parameters)[: self.count], *keywords)
        self.sequences = {i for i, n in enumerate(self.names) if n in rule.sequences}
        operands = rule.fun.nin if isinstance(rule.fun, np.ufunc) else 0
        self.arrays = range(min(operands, self.count))
        """Arguments that are arrays, also where they are given as lists."""
        self.stores = "out" in self.names or self.count > len(self.arrays) > 0
        """Whether an argument may say where the result is to be written."""
        self.where = self.names.index("where") if "where" in self.names else None
        parameters = rule.parameters
        self.ignored = [
            (i, name, parameters.get(name, NO_VALUE))
            for i, name in enumerate(self.names)
            if name not in rule.understood and parameters.get(name) is not REQUIRED
        ]
        """Options that no pullback knows of; only their default may be given."""
        self._savers: dict[int, tuple[Pullback, Callable[..., tuple[Any, ...]]]] = {}

    def call(self, values: list[Any]) -> tuple[Any, dict[str, Any]]:
        """Positional and keyword arguments."""
        keywords = self.names[self.count :]
        if not (keywords or self.rest):
            return values, {}
        args = values[: self.count]
        if self.rest:
            args = (*args[:-1], *args[-1])
        return args, dict(zip(keywords, values[self.count :], strict=True))

    def understood(self, values: list[Any]) -> list[Any]:
        """The arguments with each list as what it stands for."""
        return [self._understood(i, value) for i, value in enumerate(values)]

    def _understood(self, i: int, value: Any) -> Any:
        """A sequence of arrays, or one array."""
        if i in self.sequences:
            if type(value) is Box:
                return list(value)
            return [_as_one(v) for v in value] if boxes_in(value) else value
        if type(value) is tuple and self.names[i] in self.rule.indices:
            return value  # a box in it is an index of its own
        value = _as_one(value)
        if i in self.arrays and type(value) in CONTAINERS:
            return np.asarray(value)
        return value

    def unboxed(self, values: list[Any], trace: Trace) -> tuple[list[Any], Any, bool]:
        """The arguments without the boxes of a trace.

        Also the traced arguments, as position, node (or nodes), and shape and dtype;
        and whether boxes of other traces are left.
        """
        inner: list[Any] = []
        parents: list[tuple[int, Any, Any]] = []
        nested = False
        for i, value in enumerate(values):
            if type(value) is Box:
                if value._trace is trace:
                    parents.append((i, value._node, value._node))
                    value = value._value
                else:
                    value = value._trace.snapshot(value)
                nested = nested or type(value) is Box
            elif i in self.sequences and type(value) is list:
                nodes, likes, value = _elements(value, trace)
                if likes is not None:
                    parents.append((i, nodes, likes))
                nested = nested or Box in map(type, value)
            elif type(value) is tuple and (boxes := boxes_in(value)):
                if any(box.dtype.kind in "fc" for box in boxes):
                    raise ConversionError(at(INDEX))
                nested = True  # integers of an opaque trace, in an index
            inner.append(value)
        return inner, parents, nested

    def check(self, inner: list[Any]) -> None:
        """Refuse options that the rule would ignore, if there is a rule."""
        if not self.rule.pullbacks:
            return
        for i, name, default in self.ignored:
            value = inner[i]
            plain = isinstance(value, bool | int | str)
            if value is not default and not (plain and value == default):
                raise no_rule(f"{self.rule.name}(..., {name}=...)", self._hint(name))

    def _hint(self, option: str | None = None) -> str:
        """What to write where a rule is missing."""
        called = self.rule.name
        if option == "where" and self.rule.ufunc:
            return (
                f"\nWrite np.where(where, {called}(...), other): what a ufunc leaves "
                f"out has no value. Where the arguments are outside of its domain, "
                f"replace them before: np.where(where, x, 1.0)."
            )
        if self.rule.takes_arrays:
            return ""
        if option is not None:
            return (
                f"\nName {option} in the rule, or say that it changes no derivative: "
                f"fgrad.defvjp({called}, neutral=[{option!r}], ...)"
            )
        return f"\nRegister one: fgrad.defvjp({called}, x=lambda g, ...: ...)"

    def saver(self, i: int) -> tuple[Pullback, Callable[..., tuple[Any, ...]]]:
        """The pullback for one argument, and the function that saves what it keeps."""
        if i not in self._savers:
            self._savers[i] = self._compiled(self.names[i])
        return self._savers[i]

    def _compiled(self, name: str) -> tuple[Pullback, Callable[..., tuple[Any, ...]]]:
        pullback = self.rule.pullbacks.get(name)
        if pullback is None:
            why = self.rule.lacks.get(name)
            hint = f"\n{why}" if why else self._hint().replace("x=", f"{name}=")
            raise no_rule(f"{self.rule.name} with respect to {name}", hint)
        given = dict.fromkeys([*SPECIAL, *self.names])
        defaults = {n: pullback.default(n) for n in pullback.needs if n not in given}
        defaults[_COPIED] = _copied
        kept = "".join(f"{self._kept(n)}, " for n in pullback.needs)
        # The names are those of parameters: nothing else is evaluated.
        save = eval(f"lambda {', '.join(given)}: ({kept})", defaults)  # noqa: S307
        return pullback, save

    def _kept(self, name: str) -> str:
        """What is kept of a value, as an expression."""
        if name in self.rule.copied:
            return f"{_COPIED}({name})"
        if name in self.rule.complex_only:
            return f"({name} if ans.dtype.kind == 'c' else None)"
        return name


def plan_of(rule: Rule, count: int, keywords: tuple[str, ...] = ()) -> Plan:
    """The plan for calls with so many positional arguments and these keywords."""
    key = (count, keywords)
    plan = rule.plans.get(key)
    if plan is None:
        plan = rule.plans[key] = Plan(rule, count, keywords)
    return plan


def _copied(value: Any) -> Any:
    """The value as it is now: arrays in it may be changed by the user later."""
    if type(value) is np.ndarray:
        return value.copy()
    if type(value) in CONTAINERS:
        return type(value)([_copied(item) for item in value])
    return value


def _as_one(value: Any) -> Any:
    """A traced array for a list like ``[x, 1.0]``; other values as they are."""
    if type(value) not in ARGUMENTS and boxes_in(value):
        return composition(np.array)(value)
    return value


def _elements(items: list[Any], trace: Trace) -> tuple[Any, Any, list[Any]]:
    """The nodes (or ``None``), the spaces and the values of a sequence of arrays.

    There are no spaces if none of them is of this trace.
    """
    nodes: list[Node | None] = []
    likes: list[Node | Space] = []
    inner: list[Any] = []
    mine = False
    for item in items:
        if type(item) is Box and item._trace is trace:
            mine = True
            nodes.append(item._node)
            likes.append(item._node)
            inner.append(item._value)
        else:
            nodes.append(None)
            likes.append(Space(*space(item)))
            inner.append(item._trace.snapshot(item) if type(item) is Box else item)
    return tuple(nodes), tuple(likes) if mine else None, inner
