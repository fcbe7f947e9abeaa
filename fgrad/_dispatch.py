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

from fgrad._bind import binary, bind, unary
from fgrad._box import METHODS, OPERATORS, STORE
from fgrad._callsite import caller, describe
from fgrad._rules import (
    CONSTANTS,
    DERIVED,
    REFUSED,
    REQUIRED,
    RULES,
    Rule,
    function_name,
    parameters_of,
    rule_of,
)
from fgrad._trace import Box, boxes_in, strip
from fgrad.errors import ConversionError, MissingRuleError

__all__ = ["implementation", "lift", "primitive"]

F = TypeVar("F", bound=Callable[..., Any])

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
    traced = next(name for name, value in given if boxes_in(value))
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
        if boxes_in(args) or (kwargs and boxes_in(kwargs)):
            return run(*args, **kwargs)
        return fun(*args, **kwargs)

    primitive = fun in RULES and fun not in DERIVED
    return cast("F", update_wrapper(run if primitive else call, fun))


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


def _array_function(
    self: Box, fun: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    return implementation(fun)(*args, **kwargs)


def _array_ufunc(
    self: Box, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any
) -> Any:
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
