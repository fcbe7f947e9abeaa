"""Bind: the one gate through which every operation on a box passes.

It finds the innermost trace among the arguments, takes that trace's boxes out of their
boxes, computes the value, and records a node with exactly what the pullbacks keep. What
was unboxed may be a box of an outer trace; the computation is then traced by that one,
and so on outwards.
"""

from __future__ import annotations

from collections.abc import Callable
from sys import _getframe
from typing import Any, NamedTuple

import numpy as np

from fgrad._callsite import LIBRARY, caller, describe
from fgrad._rules import DERIVED, NO_VALUE, REQUIRED, Pullback, Rule
from fgrad._trace import CONTAINERS, PLAIN, Box, Node, Space, Trace, boxes_in, space
from fgrad.errors import MissingRuleError

__all__ = ["PART", "Part", "binary", "bind", "unary"]

ABSENT: Any = object()


def _untraced(rule: Rule, ans: Any, dtype: np.dtype[Any]) -> Any:
    """A result that is not floating-point: constant, or nothing we can follow."""
    if dtype.kind in "biu":
        return ans
    raise MissingRuleError(
        f"no derivative rule for {rule.name} with a result of dtype {dtype}, "
        f"called at {describe(caller())}"
    )


def bind(rule: Rule, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Apply a primitive to arguments of which any may be traced."""
    boxes = boxes_in(args) + boxes_in(kwargs)
    if not boxes:
        return rule.fun(*args, **kwargs)
    values = _named(rule, args, kwargs)
    for name, value in values.items():
        if name in rule.sequences:
            if boxes_in(value):
                values[name] = [_array(item) for item in value]
        else:
            values[name] = _array(value)
    if isinstance(rule.fun, np.ufunc):
        for name in list(values)[: rule.fun.nin]:
            if type(values[name]) in CONTAINERS:
                values[name] = np.asarray(values[name])
    trace = max((box._trace for box in boxes), key=lambda trace: trace.id)
    if not trace.recording:
        return trace.interpret(rule, *_unnamed(rule, values, args))
    inner = {name: _unbox(value, trace) for name, value in values.items()}
    plain_args, plain_kwargs = _unnamed(rule, inner, args)
    if any(box._trace is not trace or type(box._value) is Box for box in boxes):
        ans = bind(rule, plain_args, plain_kwargs)
    else:
        ans = rule.fun(*plain_args, **plain_kwargs)
    return _record(rule, trace, values, inner, ans)


def _array(value: Any) -> Any:
    """A traced array for a list like ``[x, 1.0]``; other values as they are."""
    if type(value) in CONTAINERS and boxes_in(value):
        return DERIVED[np.array](value)
    return value


def _named(rule: Rule, args: Any, kwargs: Any) -> dict[str, Any]:
    """The arguments of a call by parameter name."""
    kwargs = {name: v for name, v in kwargs.items() if v is not NO_VALUE}
    names = list(rule.parameters)
    if rule.variadic:
        return {names[0]: list(args), **kwargs}
    return dict(zip(names, args, strict=False)) | kwargs


def _unnamed(rule: Rule, values: dict[str, Any], args: Any) -> tuple[Any, Any]:
    """The positional and keyword arguments of a call again."""
    items = list(values.items())
    if rule.variadic:
        return tuple(items[0][1]), dict(items[1:])
    count = len(args)
    return tuple(value for _, value in items[:count]), dict(items[count:])


def _unbox(value: Any, trace: Trace) -> Any:
    if type(value) is Box:
        return value._value if value._trace is trace else value
    if type(value) in CONTAINERS:
        return [_unbox(v, trace) for v in value] if boxes_in(value) else value
    return value


def _record(
    rule: Rule, trace: Trace, outer: dict[str, Any], inner: dict[str, Any], ans: Any
) -> Any:
    """Box the result of a call, with a node that leads back to the boxes in `outer`."""
    if isinstance(ans, tuple | list):
        spaces = tuple(Space(*space(part)) for part in ans)
        shape, dtype = spaces, None
    else:
        shape, dtype = space(ans)
        if dtype.kind not in "fc":
            return _untraced(rule, ans, dtype)
    edges: list[tuple[Any, Pullback, tuple[Any, ...]]] = []
    for name, value in outer.items():
        parent, like = _parent(value, trace)
        if parent is not None:
            pullback = _pullback(rule, name, inner)
            given = {**inner, "ans": ans, "like": like, "wanted": parent}
            if inner.get("where", True) is not True:
                pullback = pullback.masked()
            edges.append((parent, pullback, _residuals(pullback, given)))
    node = Node(trace.tick(), shape, dtype, tuple(edges), *caller())
    if dtype is None:
        return _several(trace, node, ans)
    return Box(ans, trace, node)


def _parent(value: Any, trace: Trace) -> tuple[Any, Any]:
    """The node of an argument and its shape and dtype; of a sequence: tuples of them.

    ``None`` for an argument that `trace` does not follow.
    """
    if type(value) is Box and value._trace is trace:
        return value._node, value._node
    if type(value) is list and any(box._trace is trace for box in boxes_in(value)):
        parents = tuple(_parent(item, trace)[0] for item in value)
        likes = tuple(
            parent or Space(*space(item))
            for parent, item in zip(parents, value, strict=True)
        )
        return parents, likes
    return None, None


def _several(trace: Trace, node: Node, ans: Any) -> Any:
    """Box each of several results; integer ones are plain."""
    boxes: list[Any] = []
    for i, part in enumerate(ans):
        shape, dtype = node.shape[i]
        if dtype.kind in "fc":
            edges = ((node, PART, (i,)),)
            part = Box(part, trace, Node(trace.tick(), shape, dtype, edges, *node.site))
        boxes.append(part)
    return type(ans)(*boxes) if hasattr(ans, "_fields") else type(ans)(boxes)


class Part(NamedTuple):
    """A cotangent of one among several results."""

    position: int
    g: Any
    shape: None = None


PART = Pullback(Rule(tuple), "result", lambda g, index: Part(index, g))


def _pullback(rule: Rule, name: str, given: dict[str, Any]) -> Pullback:
    """The rule for one parameter, refused if it ignores an option that was set."""
    pullback = rule.pullbacks.get(name)
    if pullback is None:
        raise MissingRuleError(
            f"no derivative rule for {rule.name} with respect to {name}, "
            f"called at {describe(caller())}"
        )
    for option, value in given.items():
        default = rule.parameters.get(option, NO_VALUE)
        if (
            default is not REQUIRED
            and value is not default
            and option not in rule.named
            and not (isinstance(value, bool | int | str) and value == default)
        ):
            raise MissingRuleError(
                f"no derivative rule for {rule.name}(..., {option}=...), "
                f"called at {describe(caller())}"
            )
    return pullback


def _residuals(pullback: Pullback, given: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(
        given[name] if name in given else pullback.default(name)
        for name in pullback.needs
    )


def _straight(rule: Rule, arity: int) -> tuple[Any, ...]:
    """Pullbacks of a call with `arity` positional arguments, and how each keeps."""
    names = list(rule.parameters)[:arity]
    result: list[Any] = []
    for name in names:
        if name not in rule.pullbacks:
            result += [None, lambda *_, name=name: _pullback(rule, name, {})]
            continue
        pullback = rule.pullbacks[name]
        here = {"ans", "like", *names}
        defaults = {n: pullback.default(n) for n in pullback.needs if n not in here}
        kept = "".join(f"{n}, " for n in pullback.needs)
        keep = eval(  # noqa: S307 (of names that the rule tables hold)
            f"lambda ans, like, {', '.join(names)}: ({kept})", defaults
        )
        result += [pullback, keep]
    return tuple(result)


def unary(rule: Rule, fun: Callable[..., Any]) -> Callable[..., Any]:
    """`fun` for boxes and arrays, fast when called with one argument."""

    def call(x: Any = ABSENT, /, *args: Any, **kwargs: Any) -> Any:
        if type(x) is not Box or args or kwargs:
            if type(x) is np.ndarray and not args and not kwargs:
                return fun(x)
            return bind(rule, args if x is ABSENT else (x, *args), kwargs)
        trace = x._trace
        if not trace.recording:
            return trace.interpret(rule, (x,), {})
        value = x._value
        ans = call(value) if type(value) is Box else fun(value)
        parent = x._node
        try:
            pullback, keep = rule.one
        except TypeError:
            pullback, keep = rule.one = _straight(rule, 1)
        if type(ans) in PLAIN:
            shape, dtype = ans.shape, ans.dtype
        elif isinstance(ans, tuple | list):
            name = next(iter(rule.parameters))
            return _record(rule, trace, {name: x}, {name: value}, ans)
        else:
            shape, dtype = space(ans)
        if dtype is not parent.dtype and dtype.kind not in "fc":
            return _untraced(rule, ans, dtype)
        frame: Any = _getframe(1)
        while LIBRARY[frame.f_code.co_filename]:
            frame = frame.f_back
        edges = ((parent, pullback, keep(ans, parent, value)),)
        node = Node(trace.tick(), shape, dtype, edges, frame.f_code, frame.f_lasti)
        return Box(ans, trace, node)

    return call


def binary(rule: Rule, fun: Callable[..., Any]) -> Callable[..., Any]:
    """`fun` for boxes and arrays, fast when called with two arguments."""
    ufunc = isinstance(rule.fun, np.ufunc)

    def call(x1: Any = ABSENT, x2: Any = ABSENT, /, *args: Any, **kwargs: Any) -> Any:
        if args or kwargs or x2 is ABSENT:
            given = [a for a in (x1, x2, *args) if a is not ABSENT]
            return bind(rule, tuple(given), kwargs)
        first = type(x1) is Box
        second = type(x2) is Box
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
            return trace.interpret(rule, (x1, x2), {})
        v1 = x1._value if first else x1
        v2 = x2._value if second else x2
        t1, t2 = type(v1), type(v2)
        if (t1 in CONTAINERS or t2 in CONTAINERS) and (ufunc or boxes_in((v1, v2))):
            return bind(rule, (x1, x2), {})
        if t1 is Box or t2 is Box:
            ans = call(v1, v2)
        else:
            ans = fun(v1, v2)
        try:
            pull1, keep1, pull2, keep2 = rule.two
        except TypeError:
            pull1, keep1, pull2, keep2 = rule.two = _straight(rule, 2)
        if type(ans) in PLAIN:
            shape, dtype = ans.shape, ans.dtype
        elif isinstance(ans, tuple | list):
            names = list(rule.parameters)[:2]
            outer = dict(zip(names, (x1, x2), strict=True))
            inner = dict(zip(names, (v1, v2), strict=True))
            return _record(rule, trace, outer, inner, ans)
        else:
            shape, dtype = space(ans)
        parent = x1._node if first else x2._node
        if dtype is not parent.dtype and dtype.kind not in "fc":
            return _untraced(rule, ans, dtype)
        if first and second:
            parent2 = x2._node
            edges = (
                (parent, pull1, keep1(ans, parent, v1, v2)),
                (parent2, pull2, keep2(ans, parent2, v1, v2)),
            )
        elif first:
            edges = ((parent, pull1, keep1(ans, parent, v1, v2)),)
        else:
            edges = ((parent, pull2, keep2(ans, parent, v1, v2)),)
        frame: Any = _getframe(1)
        while LIBRARY[frame.f_code.co_filename]:
            frame = frame.f_back
        node = Node(trace.tick(), shape, dtype, edges, frame.f_code, frame.f_lasti)
        return Box(ans, trace, node)

    return call
