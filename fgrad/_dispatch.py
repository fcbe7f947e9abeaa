"""From NumPy's functions to what runs when an argument is traced.

NumPy asks a box what to do with a call (``__array_ufunc__``, ``__array_function__``);
`lift` asks for functions that NumPy does not dispatch, and looks into lists. Both
come to `implementation`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any, TypeVar, cast

import numpy as np

from fgrad._batching import BATCHERS, batched_in, retried
from fgrad._bind import binary, bind, unary
from fgrad._box import METHODS, OPERATORS
from fgrad._callsite import caller, describe, user_call
from fgrad._conversions import STORE, conversion_error
from fgrad._foreign import USUAL, operand
from fgrad._rules import (
    CALLS,
    CONSTANTS,
    REFUSED,
    REQUIRED,
    RULES,
    Rule,
    composition,
    function_name,
    parameters_of,
    rule_of,
)
from fgrad._trace import Box, boxes_in, strip
from fgrad.errors import (
    BatchedValueError,
    ConversionError,
    MissingRuleError,
    RuleError,
)

__all__ = ["implementation", "lift", "primitive"]

F = TypeVar("F", bound=Callable[..., Any])


def implementation(fun: Callable[..., Any]) -> Callable[..., Any]:
    """What runs instead of `fun` when an argument is traced."""
    call = CALLS.get(fun)
    if call is None:
        call = CALLS[fun] = _implement(fun)
    return call


def _implement(fun: Callable[..., Any]) -> Callable[..., Any]:
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


def _composition_call(
    composed: Callable[..., Any], fun: Callable[..., Any]
) -> Callable[..., Any]:
    """A composition, for one example after the other if it needs plain values.

    With an entry among the batchers, it is for differentiation only.
    """
    rule = Rule(fun)

    def call(*args: Any, **kwargs: Any) -> Any:
        for value in (*args, *kwargs.values()):
            if type(value) not in USUAL and type(value) is not Box:
                operand(value, ufunc=False)
        if fun in BATCHERS:
            boxes = boxes_in([args, kwargs])
            trace = max((box._trace for box in boxes), key=lambda trace: trace.id)
            if trace.batching and all(strip(box) is box for box in boxes):
                return trace.interpret(rule, args, kwargs)
        try:
            return composed(*args, **kwargs)
        except (TypeError, ValueError) as error:
            return retried(error, function_name(fun), composed, args, kwargs)

    return call


def _constant_call(fun: Callable[..., Any]) -> Callable[..., Any]:
    """A function without derivative: on plain values, or on batched ones."""
    rule = Rule(fun)

    def call(*args: Any, **kwargs: Any) -> Any:
        args = tuple(map(strip, args))
        kwargs = {name: strip(value) for name, value in kwargs.items()}
        boxes = boxes_in(args) + boxes_in(kwargs) if kwargs else boxes_in(args)
        if boxes:
            trace = max((box._trace for box in boxes), key=lambda trace: trace.id)
            return trace.interpret(rule, args, kwargs)
        return fun(*args, **kwargs)

    return call


def _refuse(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    batched = bool(batched_in([args, kwargs]))
    call = user_call()
    if call and call.callee:  # NumPy's own code asked for it
        box = boxes_in([args, kwargs])[0]
        raise conversion_error(box, function_name(fun), batched=batched)
    kind = BatchedValueError if batched else ConversionError
    raise kind(f"{REFUSED[fun]}, at {describe(caller())}")


def _missing(fun: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    trace = max((box._trace for box in boxes_in([args, kwargs])), key=lambda t: t.id)
    if trace.batching:
        return trace.interpret(Rule(fun), args, kwargs)
    names = [*parameters_of(fun), *(f"args[{i}]" for i in range(len(args)))]
    given = [*zip(names, args, strict=False), *kwargs.items()]
    traced = next(name for name, value in given if boxes_in(value))
    name = function_name(fun)
    hint = ""
    if name.endswith(" (vectorized)"):
        hint = "\nUse fgrad.numpy.vectorize in place of np.frompyfunc."
    elif not name.startswith("np."):
        hint = f"\nRegister one: fgrad.defvjp({name}, {traced}=lambda g, ...: ...)"
    raise MissingRuleError(
        f"no derivative rule for {name} with respect to {traced}, "
        f"called at {describe(caller())}{hint}"
    )


def _primitive_call(rule: Rule, fun: Callable[..., Any]) -> Callable[..., Any]:
    """The shortest path for a primitive: by its number of required arguments."""
    required = [n for n, default in rule.parameters.items() if default is REQUIRED]
    if rule.variadic or rule.sequences or not 1 <= len(required) <= 2:
        return lambda *args, **kwargs: bind(rule, args, kwargs)
    return (unary if len(required) == 1 else binary)(rule, fun)


def lift(fun: F) -> F:
    """`fun` for arrays and boxes, with its name, documentation and signature."""
    if _is_primitive(fun):
        return cast("F", update_wrapper(implementation(fun), fun))

    def call(*args: Any, **kwargs: Any) -> Any:
        if boxes_in(args) or (kwargs and boxes_in(kwargs)):
            return implementation(fun)(*args, **kwargs)
        return fun(*args, **kwargs)

    return cast("F", update_wrapper(call, fun))


def primitive(fun: F) -> F:
    """Make a function one operation, whose derivative is registered with `defvjp`.

    Parameters
    ----------
    fun : callable
        A function of arrays (and other arguments), a method, a `functools.partial` or
        an object that can be called. Inside, it sees plain values and may use any
        library.

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
    lifted = update_wrapper(_primitive_call(rule, called), fun)
    RULES[lifted], CALLS[called] = rule, lifted
    return cast("F", lifted)


def _array_function(
    self: Box, fun: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    return implementation(fun)(*args, **kwargs)


def _array_ufunc(
    self: Box, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any
) -> Any:
    if method == "__call__" and not kwargs:
        return (CALLS.get(ufunc) or implementation(ufunc))(*inputs)
    out = kwargs.get("out")
    if out is not None and any(o is not None for o in out):
        raise ConversionError(f"{STORE}, at {describe(caller())}")
    fun = ufunc if method == "__call__" else getattr(ufunc, method)
    return implementation(fun)(*inputs, **kwargs)


def _reflected(call: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, other: call(other, self)


def _complete(cls: Any) -> None:
    """Give the box what needs the registry: NumPy's protocols, operators, indexing."""
    cls.__array_function__ = _array_function
    cls.__array_ufunc__ = _array_ufunc
    cls.__getitem__ = binary(rule_of(operator.getitem), operator.getitem)
    for name, (fun, operate) in OPERATORS.items():
        call = binary(rule_of(fun), operate)
        setattr(cls, f"__{name}__", call)
        setattr(cls, f"__r{name}__", _reflected(call))
    for name, (fun, operate) in METHODS.items():
        setattr(cls, name, unary(rule_of(fun), operate))


_complete(Box)
