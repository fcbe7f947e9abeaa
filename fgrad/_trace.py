"""Tracing: boxes, the nodes they leave behind, and `bind`, the gate between them.

Every operation on a box comes through here, whether it was written ``x + 1``,
``fgrad.numpy.sin(x)`` or ``np.sin(x)``. The innermost trace among the arguments wins:
everything that belongs to it is unboxed, the value is computed, and a node records how
a cotangent of the result goes back to the arguments. What is unboxed may be a box of an
outer trace; the computation is then traced by that one, and so on outwards.

Which trace is innermost is read off the arguments. Nothing here is global but the
counter that numbers the traces.
"""

from __future__ import annotations

import itertools
import operator
import threading
from collections.abc import Callable
from functools import partial, update_wrapper
from sys import _getframe
from typing import Any, NamedTuple, TypeVar

import numpy as np

from fgrad._box import METHODS, OPERATORS, STORE, ArrayFace
from fgrad._callsite import LIBRARY, caller, describe, short
from fgrad._rules import (
    CONSTANTS,
    DERIVED,
    NO_VALUE,
    REFUSED,
    REQUIRED,
    RULES,
    Pullback,
    Rule,
    function_name,
    parameters_of,
    rule_of,
)
from fgrad.errors import ConversionError, LeakedTracerError, MissingRuleError

__all__ = [
    "Box",
    "Node",
    "Part",
    "Space",
    "Trace",
    "bind",
    "implementation",
    "lift",
    "primitive",
    "space",
    "strip",
]

F = TypeVar("F", bound=Callable[..., Any])


class Space(NamedTuple):
    """Shape and dtype: all that many rules need to know of an argument."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))


class Node:
    """One recorded operation: where its cotangent goes."""

    __slots__ = ("code", "dtype", "edges", "lasti", "order", "shape")

    def __init__(
        self, order: int, shape: Any, dtype: Any, edges: Any, code: Any, lasti: int
    ) -> None:
        self.order = order
        """Counts down from 0, so that a heap yields the newest node first."""
        self.shape = shape
        """Of the result; for several results, a `Space` for each."""
        self.dtype = dtype
        """Of the result; ``None`` if there are several."""
        self.edges: tuple[tuple[Any, Any, tuple[Any, ...]], ...] = edges
        """For each traced argument: its node, its pullback, what the pullback keeps."""
        self.code = code
        self.lasti = lasti

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    @property
    def site(self) -> tuple[Any, int]:
        return self.code, self.lasti


_LOCK = threading.Lock()
_TRACES = itertools.count()


class Trace:
    """One run of a transform. Younger traces have larger numbers, and lie inside."""

    __slots__ = ("id", "name", "recording", "tick")

    def __init__(self, name: str) -> None:
        with _LOCK:
            self.id = next(_TRACES)
        self.name = name
        self.recording = True
        """Whether calls are recorded here and now; else `interpret` handles them."""
        self.tick = itertools.count(0, -1).__next__

    def leaf(self, value: Any) -> "Box":
        """Box an argument of the function that is being transformed."""
        node = Node(self.tick(), *space(value), (), *caller())
        return Box(value, self, node)

    def close(self) -> None:
        self.recording = False

    def interpret(self, rule: Rule, args: tuple[Any, ...], kwargs: Any) -> Any:
        """What happens to a call when this trace does not record it."""
        boxes = [a for a in _leaves((args, kwargs)) if a._trace is self]
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

    def __array_function__(
        self, fun: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        return implementation(fun)(*args, **kwargs)

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any
    ) -> Any:
        out = kwargs.get("out")
        if out is not None and any(o is not None for o in out):
            raise ConversionError(f"{STORE}, at {describe(caller())}")
        if method == "__call__":
            return implementation(ufunc)(*inputs, **kwargs)
        return implementation(getattr(ufunc, method))(*inputs, **kwargs)


ABSENT: Any = object()
CONTAINERS = frozenset({list, tuple})


PLAIN = frozenset({np.ndarray, np.float64, np.float32, Box})
"""The usual types of a result; others are looked at."""


def _leaves(value: Any) -> list["Box"]:
    """The boxes in an argument, looking into (nested) lists, tuples and dicts."""
    if type(value) is Box:
        return [value]
    if type(value) is dict:
        value = list(value.values())
    if type(value) in CONTAINERS:
        return [box for item in value for box in _leaves(item)]
    return []


def strip(value: Any) -> Any:
    """The plain value, through every level of tracing; lists and tuples too."""
    while type(value) is Box:
        value = value._value
    if type(value) in CONTAINERS and _leaves(value):
        return type(value)([strip(item) for item in value])
    return value


def space(value: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and dtype, also of Python's numbers."""
    if type(value) in PLAIN or isinstance(value, np.generic):
        return value.shape, value.dtype
    if isinstance(value, np.ndarray) and not isinstance(value, np.memmap):
        raise MissingRuleError(
            f"no derivative rule for arrays of type {type(value).__name__}, "
            f"called at {describe(caller())}"
        )
    array = np.asarray(value)
    return array.shape, array.dtype


def _untraced(rule: Rule, ans: Any, dtype: np.dtype[Any]) -> Any:
    """A result that is not floating-point: constant, or nothing we can follow."""
    if dtype.kind in "biu":
        return ans
    raise MissingRuleError(
        f"no derivative rule for {rule.name} with a result of dtype {dtype}, "
        f"called at {describe(caller())}"
    )


# Recording a call ---------------------------------------------------------------------


def bind(rule: Rule, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Apply a primitive to arguments of which any may be traced."""
    boxes = _leaves(args) + _leaves(kwargs)
    if not boxes:
        return rule.fun(*args, **kwargs)
    values = _named(rule, args, kwargs)
    for name, value in values.items():
        if name in rule.sequences:
            if _leaves(value):
                values[name] = [_array(item) for item in value]
        else:
            values[name] = _array(value)
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
    if type(value) in CONTAINERS and _leaves(value):
        return implementation(np.array)(value)
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
        return [_unbox(v, trace) for v in value] if _leaves(value) else value
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
    if type(value) is list and any(box._trace is trace for box in _leaves(value)):
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

    index: int
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
        default = rule.parameters.get(option, REQUIRED)
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
        keep = eval(f"lambda ans, like, {', '.join(names)}: ({kept})", defaults)
        result += [pullback, keep]
    return tuple(result)


# The straight paths: one or two positional arguments ----------------------------------


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
        frame = _getframe(1)
        while LIBRARY[frame.f_code.co_filename]:
            frame = frame.f_back
        edges = ((parent, pullback, keep(ans, parent, value)),)
        node = Node(trace.tick(), shape, dtype, edges, frame.f_code, frame.f_lasti)
        return Box(ans, trace, node)

    return call


def binary(rule: Rule, fun: Callable[..., Any]) -> Callable[..., Any]:
    """`fun` for boxes and arrays, fast when called with two arguments."""

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
        if t1 is Box or t2 is Box:
            ans = call(v1, v2)
        elif (t1 in CONTAINERS and _leaves(v1)) or (t2 in CONTAINERS and _leaves(v2)):
            return bind(rule, (x1, x2), {})
        else:
            ans = fun(v1, v2)
        try:
            pull1, keep1, pull2, keep2 = rule.two
        except TypeError:
            pull1, keep1, pull2, keep2 = rule.two = _straight(rule, 2)
        if type(ans) in PLAIN:
            shape, dtype = ans.shape, ans.dtype
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
        frame = _getframe(1)
        while LIBRARY[frame.f_code.co_filename]:
            frame = frame.f_back
        node = Node(trace.tick(), shape, dtype, edges, frame.f_code, frame.f_lasti)
        return Box(ans, trace, node)

    return call


# From functions to what runs ----------------------------------------------------------

_CALLS: dict[Callable[..., Any], Callable[..., Any]] = {}


def implementation(fun: Callable[..., Any]) -> Callable[..., Any]:
    """What runs instead of `fun` when an argument is traced."""
    call = _CALLS.get(fun)
    if call is None:
        call = _CALLS[fun] = _implement(fun)
    return call


def _implement(fun: Callable[..., Any]) -> Callable[..., Any]:
    if fun in DERIVED:
        return DERIVED[fun]
    if fun in CONSTANTS:
        return lambda *args, **kwargs: fun(
            *map(strip, args), **{name: strip(v) for name, v in kwargs.items()}
        )
    if fun in REFUSED:
        return partial(_refuse, REFUSED[fun])
    if fun in RULES:
        return _primitive_call(RULES[fun], fun)
    return partial(_missing, fun)


def _refuse(words: str, *args: Any, **kwargs: Any) -> Any:
    raise ConversionError(f"{words}, at {describe(caller())}")


def _missing(fun: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    names = [*parameters_of(fun), *(f"args[{i}]" for i in range(len(args)))]
    given = [*zip(names, args, strict=False), *kwargs.items()]
    traced = next(name for name, value in given if _leaves(value))
    raise MissingRuleError(
        f"no derivative rule for {function_name(fun)} with respect to {traced}, "
        f"called at {describe(caller())}"
    )


def _primitive_call(rule: Rule, fun: Callable[..., Any]) -> Callable[..., Any]:
    """The shortest path for a primitive: by its number of required arguments."""
    required = [n for n, default in rule.parameters.items() if default is REQUIRED]
    if rule.variadic or rule.sequences or not 1 <= len(required) <= 2:
        return lambda *args, **kwargs: bind(rule, args, kwargs)
    return (unary if len(required) == 1 else binary)(rule, fun)


def lift(fun: F) -> F:
    """`fun` for arrays and boxes, with its name, documentation and signature."""
    run = implementation(fun)

    def call(*args: Any, **kwargs: Any) -> Any:
        if _leaves(args) or (kwargs and _leaves(kwargs)):
            return run(*args, **kwargs)
        return fun(*args, **kwargs)

    primitive = fun in RULES and fun not in DERIVED
    return update_wrapper(run if primitive else call, fun)


def primitive(fun: F) -> F:
    """Make a function one operation, whose derivative is registered with `defvjp`.

    Parameters
    ----------
    fun : callable
        A function of arrays (and other arguments). Inside, it sees plain values and may
        use any library.

    Returns
    -------
    callable
        The function for plain and traced arguments.

    Examples
    --------
    >>> import math
    >>> import fgrad
    >>> @fgrad.primitive
    ... def gamma(x):
    ...     return math.gamma(x)
    >>> fgrad.grad(gamma)(3.0)
    Traceback (most recent call last):
    ...
    fgrad.errors.MissingRuleError: ...
    """
    rule = rule_of(fun)
    lifted = lift(fun)
    RULES[lifted] = rule
    return lifted


def _reflected(call: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, other: call(other, self)


for _name, (_fun, _operate) in OPERATORS.items():
    _call = binary(rule_of(_fun), _operate)
    setattr(Box, f"__{_name}__", _call)
    setattr(Box, f"__r{_name}__", _reflected(_call))
for _name, (_fun, _operate) in METHODS.items():
    setattr(Box, _name, unary(rule_of(_fun), _operate))
Box.__getitem__ = binary(rule_of(operator.getitem), operator.getitem)
