"""Bind: the one gate through which every operation on a box passes.

It finds the innermost trace among the arguments, takes that trace's boxes out of their
boxes, computes the value, and records a node with exactly what the pullbacks keep. What
was unboxed may be a box of an outer trace; the computation is then traced by that one,
and so on outwards.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from sys import _getframe
from typing import Any, NamedTuple

import numpy as np

from fgrad._arguments import (
    KNOWN,
    SCALARS,
    defers,
    has_lists,
    numbers,
    operands,
    plain_operands,
    usual_operands,
)
from fgrad._callsite import LIBRARY, caller, describe
from fgrad._conversions import INDEX
from fgrad._foreign import USUAL
from fgrad._rules import NO_VALUE, REQUIRED, SPECIAL, Pullback, Rule, composition
from fgrad._trace import (
    CONTAINERS,
    PLAIN,
    Box,
    Node,
    Space,
    Trace,
    boxes_in,
    space,
    tick,
)
from fgrad.errors import ConversionError, MissingRuleError

__all__ = ["PART", "Part", "binary", "bind", "unary"]

ABSENT: Any = object()
is_usual = USUAL.issuperset
COPIED = "_copied_"  # no parameter of a function is called like this


def bind(rule: Rule, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Apply a primitive to arguments of which any may be traced."""
    values: list[Any] = [args] if rule.variadic else [*args]
    values += kwargs.values()
    trace, inside = None, False
    for value in values:
        kind = type(value)
        if kind is Box:
            found = value._trace
        elif kind in CONTAINERS and (boxes := boxes_in(value)):
            found, inside = max((b._trace for b in boxes), key=lambda t: t.id), True
        elif kind is dict and boxes_in(value):
            raise MissingRuleError(
                f"no derivative rule for {rule.name} with a traced value in a dict; "
                f"pass it as an argument of its own, called at {describe(caller())}"
            )
        else:
            inside = inside or value is NO_VALUE
            continue
        if trace is None or found.id > trace.id:
            trace = found
    if trace is None:
        return rule.fun(*args, **kwargs)
    plan = _plan(rule, len(args), tuple(kwargs))
    if inside or plan.sequences or plan.arrays:
        given = {name: v for name, v in kwargs.items() if v is not NO_VALUE}
        if len(given) < len(kwargs):
            return bind(rule, args, given)
        values = [_meant(plan, i, value) for i, value in enumerate(values)]
        args, kwargs = plan.call(values)
    if rule.numpys and any(type(value) not in KNOWN for value in values):
        values = [*plain_operands(rule, values, {})[0]]
        args, kwargs = plan.call(values)
    if not trace.recording:
        return trace.interpret(rule, args, kwargs)
    inner: list[Any] = []
    parents: list[tuple[int, Any, Any]] = []
    nested = False
    for i, value in enumerate(values):
        if type(value) is Box:
            if value._trace is trace:
                parents.append((i, value._node, value._node))
                value = value._value
            nested = nested or type(value) is Box
        elif i in plan.sequences and type(value) is list:
            nodes, likes, value = _elements(value, trace)
            if any(node is not None for node in nodes):
                parents.append((i, nodes, likes))
            nested = nested or any(type(item) is Box for item in value)
        elif inside and type(value) is tuple and (boxes := boxes_in(value)):
            if any(box.dtype.kind in "fc" for box in boxes):
                raise ConversionError(f"{INDEX}, at {describe(caller())}")
            nested = True  # batched numbers in an index
        inner.append(value)
    if plan.ignored:
        plan.check(inner)
    inner = numbers(rule, inner)
    args, kwargs = plan.call(inner)
    ans = bind(rule, args, kwargs) if nested else rule.fun(*args, **kwargs)
    return _record(trace, plan, parents, inner, ans)


class _Plan:
    """What can be known about all calls with the same names of arguments."""

    __slots__ = ("arrays", "count", "ignored", "names", "picks", "rule", "sequences",
                 "variadic", "where")  # fmt: skip

    def __init__(self, rule: Rule, count: int, keywords: tuple[str, ...]) -> None:
        self.rule = rule
        self.variadic = rule.variadic
        self.count = 1 if rule.variadic else count
        self.names = (*list(rule.parameters)[: self.count], *keywords)
        self.sequences = {i for i, n in enumerate(self.names) if n in rule.sequences}
        operands = rule.fun.nin if isinstance(rule.fun, np.ufunc) else 0
        self.arrays = range(min(operands, self.count))
        self.where = self.names.index("where") if "where" in self.names else None
        parameters = rule.parameters
        self.ignored = [
            (i, name, parameters.get(name, NO_VALUE))
            for i, name in enumerate(self.names)
            if name not in rule.named and parameters.get(name) is not REQUIRED
        ]
        """Options that no pullback knows of; only their default may be given."""
        self.picks: dict[int, tuple[Pullback, Callable[..., tuple[Any, ...]]]] = {}

    def call(self, values: list[Any]) -> tuple[Any, dict[str, Any]]:
        """Positional and keyword arguments."""
        args = values[0] if self.variadic else values[: self.count]
        keywords = self.names[self.count :]
        return args, dict(zip(keywords, values[self.count :], strict=True))

    def pick(self, i: int) -> tuple[Pullback, Callable[..., tuple[Any, ...]]]:
        """The rule for one argument, and the function that picks what it keeps."""
        if i not in self.picks:
            self.picks[i] = self._compiled(self.names[i])
        return self.picks[i]

    def _compiled(self, name: str) -> tuple[Pullback, Callable[..., tuple[Any, ...]]]:
        pullback = self.rule.pullbacks.get(name)
        if pullback is None:
            raise MissingRuleError(
                f"no derivative rule for {self.rule.name} with respect to {name}, "
                f"called at {describe(caller())}"
            )
        given = dict.fromkeys([*SPECIAL, *self.names])
        defaults = {n: pullback.default(n) for n in pullback.needs if n not in given}
        defaults[COPIED] = _copied
        kept = "".join(
            f"{COPIED}({n}), " if n in self.rule.copied else f"{n}, "
            for n in pullback.needs
        )
        # The names are those of parameters: nothing else is evaluated.
        keep = eval(f"lambda {', '.join(given)}: ({kept})", defaults)  # noqa: S307
        return pullback, keep

    def check(self, inner: list[Any]) -> None:
        """Refuse options that the rule would ignore."""
        for i, name, default in self.ignored:
            value = inner[i]
            plain = isinstance(value, bool | int | str)
            if value is not default and not (plain and value == default):
                raise MissingRuleError(
                    f"no derivative rule for {self.rule.name}(..., {name}=...), "
                    f"called at {describe(caller())}"
                )


def _copied(value: Any) -> Any:
    """The value as it is now: arrays in it may be changed by the user later."""
    if type(value) is np.ndarray:
        return value.copy()
    if type(value) in CONTAINERS:
        return type(value)([_copied(item) for item in value])
    return value


def _plan(rule: Rule, count: int, keywords: tuple[str, ...]) -> _Plan:
    key = (count, keywords)
    plan = rule.plans.get(key)
    if plan is None:
        plan = rule.plans[key] = _Plan(rule, count, keywords)
    return plan


def _meant(plan: _Plan, i: int, value: Any) -> Any:
    """A list as what it stands for: a sequence of arrays, or one array."""
    if i in plan.sequences:
        if type(value) is Box:
            return list(value)
        return [_array(v) for v in value] if boxes_in(value) else value
    if type(value) is tuple and plan.names[i] in plan.rule.indices:
        return value  # batched numbers in it are not one array
    value = _array(value)
    return (
        np.asarray(value) if i in plan.arrays and type(value) in CONTAINERS else value
    )


def _array(value: Any) -> Any:
    """A traced array for a list like ``[x, 1.0]``; other values as they are."""
    if type(value) in CONTAINERS and boxes_in(value):
        return composition(np.array)(value)
    return value


def _elements(items: list[Any], trace: Trace) -> tuple[Any, Any, list[Any]]:
    """Of a sequence of arrays: nodes (or ``None``), shapes and dtypes, and values."""
    mine = [type(item) is Box and item._trace is trace for item in items]
    nodes = tuple(x._node if m else None for x, m in zip(items, mine, strict=True))
    likes = tuple(
        node or Space(*space(item)) for node, item in zip(nodes, items, strict=True)
    )
    return (
        nodes,
        likes,
        [x._value if m else x for x, m in zip(items, mine, strict=True)],
    )


def _record(
    trace: Trace, plan: _Plan, parents: list[Any], inner: list[Any], ans: Any
) -> Any:
    """Box the result of a call, with a node that leads back to its arguments."""
    if isinstance(ans, tuple | list):
        if any(isinstance(part, tuple | list) for part in ans):
            raise MissingRuleError(
                f"no derivative rule for {plan.rule.name} with lists in its result; "
                f"return a flat one, or use custom_vjp, called at {describe(caller())}"
            )
        shape, dtype = tuple(Space(*space(part)) for part in ans), None
    else:
        shape, dtype = space(ans)
        if dtype.kind not in "fc":
            return _untraced(plan.rule, ans, dtype)
    edges: list[tuple[Any, Pullback, tuple[Any, ...]]] = []
    for i, parent, like in parents:
        pullback, keep = plan.pick(i)
        if plan.where is not None and inner[plan.where] is not True:
            pullback = pullback.masked()
        edges.append((parent, pullback, keep(ans, like, parent, *inner)))
    node = trace.made(tick(), shape, dtype, tuple(edges), *caller())
    return _several(trace, node, ans) if dtype is None else Box(ans, trace, node)


def _untraced(rule: Rule, ans: Any, dtype: np.dtype[Any]) -> Any:
    """A result that is not floating-point: constant, or nothing we can follow."""
    if dtype.kind in "biu":
        return ans
    what = f"of dtype {dtype}"
    if not isinstance(ans, np.ndarray | np.generic):
        what = f"that is a {type(ans).__name__}"
    raise MissingRuleError(
        f"no derivative rule for {rule.name} with a result {what}, "
        f"called at {describe(caller())}"
    )


def _several(trace: Trace, node: Node, ans: Any) -> Any:
    """Box each of several results; integer ones are plain."""
    boxes: list[Any] = []
    for i, part in enumerate(ans):
        shape, dtype = node.shape[i]
        if dtype.kind in "fc":
            edges = ((node, PART, (i,)),)
            part = Box(part, trace, trace.made(tick(), shape, dtype, edges, *node.site))
        boxes.append(part)
    return type(ans)(*boxes) if hasattr(ans, "_fields") else type(ans)(boxes)


class Part(NamedTuple):
    """A cotangent of one among several results."""

    position: int
    g: Any
    shape: None = None


PART = Pullback(Rule(tuple), "result", lambda g, position: Part(position, g))


# The straight paths: one or two positional arguments ----------------------------------


def _remember(rule: Rule, slot: str, count: int, i: int) -> Any:
    """What the straight path needs to know of an argument, kept on the rule."""
    picked = _plan(rule, count, ()).pick(i)
    setattr(rule, slot, picked)
    return picked


def unary(rule: Rule, fun: Callable[..., Any]) -> Callable[..., Any]:
    """`fun` for boxes and arrays, fast when called with one argument."""
    functional = rule.numpys and not rule.ufunc

    def call(x: Any = ABSENT, /, *args: Any, **kwargs: Any) -> Any:
        if type(x) is not Box or args or kwargs:
            if type(x) is np.ndarray and not args and not kwargs:
                return fun(x)
            return bind(rule, args if x is ABSENT else (x, *args), kwargs)
        trace = x._trace
        if not trace.recording:
            return trace.interpret(rule, (x,), {})
        value = x._value
        if functional and type(value) in SCALARS:
            value = SCALARS[type(value)](value)
        ans = call(value) if type(value) is Box else fun(value)
        parent = x._node
        if type(ans) in PLAIN:
            shape, dtype = ans.shape, ans.dtype
        elif isinstance(ans, tuple | list):
            plan = _plan(rule, 1, ())
            return _record(trace, plan, [(0, parent, parent)], [value], ans)
        else:
            shape, dtype = space(ans)
        if dtype is not parent.dtype and dtype.kind not in "fc":
            return _untraced(rule, ans, dtype)
        pullback, keep = rule.only or _remember(rule, "only", 1, 0)
        edges = ((parent, pullback, keep(ans, parent, parent, value)),)
        frame: Any = _getframe(1)
        while LIBRARY[frame.f_code.co_filename]:
            frame = frame.f_back
        code, lasti, made = frame.f_code, frame.f_lasti, trace.made
        return Box(ans, trace, made(tick(), shape, dtype, edges, code, lasti))

    return call


def _with_options(
    rule: Rule, fun: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """A call with more, or fewer, than two positional arguments."""
    if fun is operator.pow:
        raise MissingRuleError(
            "no derivative rule for pow(x, y, z), which is for integers; use x**y % z, "
            f"called at {describe(caller())}"
        )
    return bind(rule, tuple(arg for arg in args if arg is not ABSENT), kwargs)


def binary(rule: Rule, fun: Callable[..., Any]) -> Callable[..., Any]:
    """`fun` for boxes and arrays, fast when called with two arguments."""
    known, reflected = usual_operands(rule, fun)

    def call(x1: Any = ABSENT, x2: Any = ABSENT, /, *args: Any, **kwargs: Any) -> Any:
        if args or kwargs or x2 is ABSENT:
            return _with_options(rule, fun, (x1, x2, *args), kwargs)
        first, second = type(x1) is Box, type(x2) is Box
        if first and second:
            trace = x1._trace
            if trace is not x2._trace:
                first = trace.id > x2._trace.id
                second = not first
                trace = x1._trace if first else x2._trace
        elif first:
            trace = x1._trace
        elif second:
            trace = x2._trace
        elif type(x1) in CONTAINERS or type(x2) in CONTAINERS:
            return bind(rule, (x1, x2), {})
        else:
            return fun(x1, x2)
        if not trace.recording:
            if type(x1) in CONTAINERS or type(x2) in CONTAINERS:
                return bind(rule, (x1, x2), {})  # an inner trace may be in there
            return trace.interpret(rule, (x1, x2), {})
        v1 = x1._value if first else x1
        v2 = x2._value if second else x2
        t1, t2 = type(v1), type(v2)
        if t1 not in known or not (
            t2 in known
            or (
                t2 is tuple and rule.fun is operator.getitem and is_usual(map(type, v2))
            )
        ):
            if first and not second and defers(x1, v2, reflected):
                return NotImplemented
            if has_lists(rule, v1, v2):
                return bind(rule, (x1, x2), {})
            v1, v2 = operands(rule, v1, v2)
        ans = call(v1, v2) if t1 is Box or t2 is Box else fun(v1, v2)
        if type(ans) in PLAIN:
            shape, dtype = ans.shape, ans.dtype
        elif isinstance(ans, tuple | list):
            boxed = ((0, first, x1), (1, second, x2))
            parents = [(i, x._node, x._node) for i, mine, x in boxed if mine]
            return _record(trace, _plan(rule, 2, ()), parents, [v1, v2], ans)
        else:
            shape, dtype = space(ans)
        parent = x1._node if first else x2._node
        if dtype is not parent.dtype and dtype.kind not in "fc":
            return _untraced(rule, ans, dtype)
        if first:
            pullback, keep = rule.first or _remember(rule, "first", 2, 0)
            edges = ((parent, pullback, keep(ans, parent, parent, v1, v2)),)
            if second:
                parent = x2._node
                pullback, keep = rule.second or _remember(rule, "second", 2, 1)
                edges = (*edges, (parent, pullback, keep(ans, parent, parent, v1, v2)))
        else:
            pullback, keep = rule.second or _remember(rule, "second", 2, 1)
            edges = ((parent, pullback, keep(ans, parent, parent, v1, v2)),)
        frame: Any = _getframe(1)
        while LIBRARY[frame.f_code.co_filename]:
            frame = frame.f_back
        code, lasti, made = frame.f_code, frame.f_lasti, trace.made
        return Box(ans, trace, made(tick(), shape, dtype, edges, code, lasti))

    return call
