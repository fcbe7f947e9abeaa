"""The straight paths: `bind`, line for line, for one and for two positional arguments.

They exist for speed alone. Most of what a program calls has one or two arguments, and
what `bind` does with lists and dictionaries would cost more than the arithmetic on a
small array. The tests hold them to `bind`: same value, edges, residuals and site.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from sys import _getframe
from typing import Any

import numpy as np

from fgrad._engine.arguments import defers, has_lists, operands, usual_operands
from fgrad._engine.bind import bind, is_several, record, untraced
from fgrad._engine.box import ARGUMENTS, RESULTS, SCALARS, Box, space
from fgrad._engine.constants import CONSTANT, unwrapped
from fgrad._engine.plans import plan_of
from fgrad._engine.powers import POWERS, past_kink
from fgrad._engine.rules import Rule
from fgrad._engine.trace import next_order
from fgrad._words.callsite import LIBRARY, no_rule
from fgrad._words.foreign import PLAIN_ARGUMENTS

__all__ = ["binary", "unary"]

ABSENT: Any = object()
all_plain = PLAIN_ARGUMENTS.issuperset


def _remember(rule: Rule, count: int, i: int) -> Any:
    """The pullback and the saver of an argument, kept on the rule from now on."""
    rule.straight[i] = plan_of(rule, count).saver(i)
    return rule.straight[i]


def unary(rule: Rule, fun: Callable[..., Any]) -> Callable[..., Any]:
    """`fun` for boxes and arrays, fast when called with one argument."""
    scalars = SCALARS if rule.takes_arrays and not rule.ufunc else {}
    straight, power = rule.straight, rule.fun in POWERS

    def call(x: Any = ABSENT, /, *args: Any, **kwargs: Any) -> Any:
        if type(x) is not Box or args or kwargs:
            if type(x) is np.ndarray and not args and not kwargs:
                return fun(x)
            return bind(rule, args if x is ABSENT else (x, *args), kwargs)
        trace = x._trace
        if not trace.recording:
            return trace.interpret(rule, (x,), {}, fun)
        value = x._value
        if type(value) in scalars:
            value = scalars[type(value)](value)
        ans = call(value) if type(value) is Box else fun(value)
        parent = x._node
        if type(ans) in RESULTS:
            shape, dtype = ans.shape, ans.dtype
        elif is_several(rule, ans):
            return record(trace, plan_of(rule, 1), [(0, parent, parent)], [value], ans)
        else:
            shape, dtype = space(ans)
        if dtype is not parent.dtype and dtype.kind not in "fc":
            return untraced(rule, ans, dtype)
        pullback, save = straight[0] or _remember(rule, 1, 0)
        edges = ((parent, pullback, save(ans, parent, parent, value)),)
        if power:
            edges = past_kink(rule, edges, (value,))
        # These lines stand in `binary` once more: a call would cost a tenth of all.
        frame: Any = _getframe(1)
        while LIBRARY[frame.f_code.co_filename]:
            frame = frame.f_back
        code, lasti, make = frame.f_code, frame.f_lasti, trace.node_type
        return Box(ans, trace, make(next_order(), shape, dtype, edges, code, lasti))

    return call


def binary(rule: Rule, fun: Callable[..., Any]) -> Callable[..., Any]:
    """`fun` for boxes and arrays, fast when called with two arguments."""
    (usual, reflected), power = usual_operands(rule, fun), rule.fun in POWERS
    straight, product = rule.straight, rule.fun is np.multiply

    def call(x1: Any = ABSENT, x2: Any = ABSENT, /, *args: Any, **kwargs: Any) -> Any:
        if args or kwargs or x2 is ABSENT:
            return _with_options(rule, fun, (x1, x2, *args), kwargs)
        first, second = type(x1) is Box, type(x2) is Box
        if first and second:
            trace = x1._trace
            if trace is not x2._trace:
                if CONSTANT in (trace, x2._trace):
                    return call(unwrapped(x1), unwrapped(x2))
                first = trace.id > x2._trace.id
                second = not first
                if first:
                    trace, x2 = x1._trace, x2._trace.snapshot(x2)
                else:
                    trace, x1 = x2._trace, x1._trace.snapshot(x1)
        elif first:
            trace = x1._trace
        elif second:
            trace = x2._trace
        elif type(x1) in ARGUMENTS and type(x2) in ARGUMENTS:
            return fun(x1, x2)
        else:
            return bind(rule, (x1, x2), {})
        if not trace.recording:
            if type(x1) not in ARGUMENTS or type(x2) not in ARGUMENTS:
                if first and not second and defers(x1, x2, reflected):
                    return NotImplemented
                return bind(rule, (x1, x2), {})  # an inner trace may be in there
            return trace.interpret(rule, (x1, x2), {}, fun)
        v1 = x1._value if first else x1
        v2 = x2._value if second else x2
        t1, t2 = type(v1), type(v2)
        if t1 not in usual or not (
            t2 in usual
            or (
                t2 is tuple
                and rule.fun is operator.getitem
                and all_plain(map(type, v2))
            )
        ):
            if first and not second and defers(x1, v2, reflected):
                return NotImplemented
            if has_lists(rule, v1, v2):
                return bind(rule, (x1, x2), {})
            v1, v2 = operands(rule, v1, v2)
        ans = call(v1, v2) if t1 is Box or t2 is Box else fun(v1, v2)
        if type(ans) in RESULTS:
            shape, dtype = ans.shape, ans.dtype
        elif is_several(rule, ans):
            boxed = ((0, first, x1), (1, second, x2))
            parents = [(i, x._node, x._node) for i, mine, x in boxed if mine]
            return record(trace, plan_of(rule, 2), parents, [v1, v2], ans)
        else:
            shape, dtype = space(ans)
        parent = x1._node if first else x2._node
        if dtype is not parent.dtype and dtype.kind not in "fc":
            return untraced(rule, ans, dtype)
        if first:
            pullback, save = straight[0] or _remember(rule, 2, 0)
            edges = ((parent, pullback, save(ans, parent, parent, v1, v2)),)
            if second:
                parent = x2._node
                pullback, save = straight[1] or _remember(rule, 2, 1)
                edges = (*edges, (parent, pullback, save(ans, parent, parent, v1, v2)))
            if power and (second or not product):
                made_by = x1._node.edges
                if made_by and made_by[0][1].rule.power is not None:
                    edges = past_kink(rule, edges, (v1, v2))
        else:
            pullback, save = straight[1] or _remember(rule, 2, 1)
            edges = ((parent, pullback, save(ans, parent, parent, v1, v2)),)
        frame: Any = _getframe(1)
        while LIBRARY[frame.f_code.co_filename]:
            frame = frame.f_back
        code, lasti, make = frame.f_code, frame.f_lasti, trace.node_type
        return Box(ans, trace, make(next_order(), shape, dtype, edges, code, lasti))

    return call


def _with_options(
    rule: Rule, fun: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """A call with more, or fewer, than two positional arguments."""
    if fun is operator.pow:
        raise no_rule("pow(x, y, z), which is for integers; use x**y % z")
    return bind(rule, tuple(arg for arg in args if arg is not ABSENT), kwargs)
