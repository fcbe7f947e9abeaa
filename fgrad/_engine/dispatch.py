"""From NumPy's functions to what runs when an argument is traced."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any, TypeVar, cast

import numpy as np

from fgrad._engine.bind import bind
from fgrad._engine.box import (
    ARGUMENTS,
    Box,
    boxes_in,
    example,
    innermost,
    primal,
    stored_array,
)
from fgrad._engine.constants import writable
from fgrad._engine.outputs import has_outputs, into_outputs, position
from fgrad._engine.rules import (
    CALLS,
    CHANGING,
    CONSTANTS,
    REFUSED,
    RULES,
    Rule,
    complete,
    composition,
    rule_of,
)
from fgrad._engine.signatures import REQUIRED, function_name, parameters_of
from fgrad._engine.straight import binary, unary
from fgrad._engine.trace import again
from fgrad._words.callsite import no_rule, user_call
from fgrad._words.foreign import operand
from fgrad.errors import RuleError

__all__ = ["lift", "primitive", "traced"]

F = TypeVar("F", bound=Callable[..., Any])


def traced(fun: Callable[..., Any]) -> Callable[..., Any]:
    """The function that runs in place of `fun` when an argument is traced."""
    call = CALLS.get(fun)
    if call is None:
        call = CALLS[fun] = _worked_out(fun)
    return call


def _worked_out(fun: Callable[..., Any]) -> Callable[..., Any]:
    if fun not in RULES and fun not in CONSTANTS:
        complete(fun)
    if fun in SAME:
        return _same_call(RULES[fun], fun)
    if _is_primitive(fun):
        return _primitive_call(RULES[fun], fun)
    if fun in CONSTANTS:
        return _constant_call(fun)
    if composed := composition(fun):
        return _composition_call(composed, fun)
    if fun in REFUSED:
        return partial(_refuse, fun)
    return partial(_missing, fun)


def _is_primitive(fun: Callable[..., Any]) -> bool:
    return fun in RULES and bool(RULES[fun].pullbacks)


def _primitive_call(rule: Rule, fun: Callable[..., Any]) -> Callable[..., Any]:
    """The shortest path for a primitive: by its number of required arguments."""
    required = [n for n, default in rule.parameters.items() if default is REQUIRED]
    if rule.rest is not None or rule.sequences or not 1 <= len(required) <= 2:
        return lambda *args, **kwargs: bind(rule, args, kwargs)
    return (unary if len(required) == 1 else binary)(rule, fun)


BY_LAYOUT = frozenset(
    {
        *(np.asarray, np.asanyarray, np.asarray_chkfinite),
        *(np.ascontiguousarray, np.asfortranarray, np.require),
    }
)
"""Functions that copy an array or not, as its entries lie in memory."""

SAME = BY_LAYOUT | {np.real, np.squeeze}
"""Functions that return the array itself, if it is already what they make."""


def _same_call(rule: Rule, fun: Callable[..., Any]) -> Callable[..., Any]:
    """A function that returns a box itself where NumPy returns the array itself."""

    def call(a: Any, *args: Any, **kwargs: Any) -> Any:
        if type(a) is Box:
            one = example(a.now())
            if type(one) is np.ndarray and fun(one, *args, **kwargs) is one:
                return a
        ans = bind(rule, (a, *args), kwargs)
        shared = fun in BY_LAYOUT and type(a) is Box and ans.dtype == a.dtype
        if shared and np.ndim(stored_array(a)) > a.ndim:
            a._trace.unsure(ans, [a])  # one example may lie in memory in another way
        return ans

    return call


def _constant_call(fun: Callable[..., Any]) -> Callable[..., Any]:
    """A function without derivative: on plain values, or by an opaque trace."""
    rule, sees = Rule(fun), CONSTANTS[fun]
    operands = fun.nin if isinstance(fun, np.ufunc) else 99

    def call(*args: Any, **kwargs: Any) -> Any:
        stores = "out" in kwargs or len(args) > operands
        if stores and boxes_in([kwargs.get("out"), args[operands:]]):
            return into_outputs(fun, call, args, kwargs)
        see = sees or primal
        args = tuple(map(see, args))
        kwargs = {name: see(value) for name, value in kwargs.items()}
        boxes = boxes_in(args) + boxes_in(kwargs) if kwargs else boxes_in(args)
        if boxes:
            return innermost(boxes).interpret(rule, args, kwargs, fun)
        ans = fun(*args, **kwargs)
        return writable(ans) if fun in LIKE else ans

    return call


LIKE = frozenset({np.empty_like, np.ones_like, np.zeros_like})
"""Functions whose results can be written to."""


def _composition_call(
    composed: Callable[..., Any], fun: Callable[..., Any]
) -> Callable[..., Any]:
    """A composition, which the innermost trace may prefer to have whole."""
    rule, place = Rule(fun), position(fun)

    def call(*args: Any, **kwargs: Any) -> Any:
        if place is not None and has_outputs(fun, args, kwargs):
            return into_outputs(fun, call, args, kwargs)
        for value in (*args, *kwargs.values()):
            if type(value) not in ARGUMENTS:
                operand(value, ufunc=False)
        boxes = boxes_in(args) + boxes_in(kwargs) if kwargs else boxes_in(args)
        trace = innermost(boxes)
        if (
            trace is not None
            and trace.prefers(fun)
            and all(primal(box) is box for box in boxes)
        ):
            return trace.interpret(rule, args, kwargs, fun)
        try:
            return composed(*args, **kwargs)
        except (TypeError, ValueError) as error:
            if fun in CHANGING:
                raise
            return again(error, function_name(fun), composed, args, kwargs)

    return call


def _refuse(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Say what to write instead, or what the user called that led here."""
    boxes = boxes_in([args, kwargs])
    box = next((box for box in boxes if type(primal(box)) is Box), boxes[0])
    call = user_call()
    by_numpy = call is not None and call.callee is not None
    instead = "" if by_numpy else REFUSED[fun]
    raise box._trace.refusal(box, function_name(fun), instead=instead)


def _missing(fun: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    trace = innermost(boxes_in([args, kwargs]))
    if trace.opaque:
        return trace.interpret(Rule(fun), args, kwargs, fun)
    names = [*parameters_of(fun), *(f"args[{i}]" for i in range(len(args)))]
    given = [*zip(names, args, strict=False), *kwargs.items()]
    parameter = next(name for name, value in given if boxes_in(value))
    name = function_name(fun)
    hint = ""
    if why := fun in RULES and RULES[fun].lacks.get(parameter):
        hint = f"\n{why}"
    elif name.endswith(" (vectorized)"):
        hint = "\nUse fgrad.numpy.vectorize in place of np.frompyfunc."
    elif not name.startswith("np."):
        hint = f"\nRegister one: fgrad.defvjp({name}, {parameter}=lambda g, ...: ...)"
    raise no_rule(f"{name} with respect to {parameter}", hint)


def lift(fun: F) -> F:
    """`fun` for arrays and boxes, with its name, documentation and signature.

    NumPy asks a box what to do with most calls. This is for functions that NumPy does
    not dispatch, and for lists in which boxes are.
    """
    if _is_primitive(fun):
        call = traced(fun)  # one for all: it gets its name once
        named = getattr(call, "__wrapped__", None) is fun
        return cast("F", call if named else update_wrapper(call, fun))

    def call(*args: Any, **kwargs: Any) -> Any:
        if boxes_in(args) or (kwargs and boxes_in(kwargs)):
            return traced(fun)(*args, **kwargs)
        return fun(*args, **kwargs)

    return cast("F", update_wrapper(call, fun))


def primitive(fun: F) -> F:
    """Make a function one operation, whose derivative is registered with `defvjp`.

    Parameters
    ----------
    fun : callable
        A function of arrays (and other arguments), a method, a `functools.partial` or
        an object that can be called. Inside, it sees plain values and may use any
        library. It may take ``*args``, a tuple under its name in rules, and
        ``**kwargs``. It may return a tree, whose cotangent then is a tree like it.

    Returns
    -------
    callable
        The function for plain and traced arguments.

    Raises
    ------
    RuleError
        If `fun` is no function.

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
    if not callable(fun):
        raise RuleError(f"primitive needs a function, but got {fun!r}.")
    called = fun if getattr(fun, "__hash__", None) else fun.__call__  # for tables
    rule = rule_of(called)
    rule.name = function_name(fun)
    rule.take_rest()
    lifted = update_wrapper(_primitive_call(rule, called), fun)
    RULES[lifted], CALLS[called] = rule, lifted
    return cast("F", lifted)
