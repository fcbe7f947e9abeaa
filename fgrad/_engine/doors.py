"""How NumPy and Python come to bind: protocols, operators, comparisons.

NumPy asks a box what to do with a call (``__array_ufunc__``, ``__array_function__``),
and Python asks it for its operators. All of them are attached to the box here.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

import numpy as np

from fgrad._engine.box import ARGUMENTS, Box, innermost, primal
from fgrad._engine.dispatch import traced
from fgrad._engine.later import LATER
from fgrad._engine.rules import CALLS, Rule, rule_of
from fgrad._engine.straight import binary, unary

__all__ = ["METHODS", "OPERATORS", "astype"]

Table = dict[str, tuple[Callable[..., Any], Callable[..., Any]]]


def astype(
    x: Any,
    dtype: Any,
    order: Any = "K",
    casting: Any = "unsafe",
    subok: bool = True,
    copy: bool = True,
) -> Any:
    """``x.astype(dtype)``."""
    array = np.asarray(x).astype(dtype, order, casting, subok, copy)
    return array if isinstance(x, np.ndarray) else array[()]


OPERATORS: Table = {
    "add": (np.add, operator.add),
    "sub": (np.subtract, operator.sub),
    "mul": (np.multiply, operator.mul),
    "truediv": (np.divide, operator.truediv),
    "pow": (np.power, operator.pow),
    "mod": (np.remainder, operator.mod),
    "matmul": (np.matmul, operator.matmul),
}
"""Operators of two values: whose rule, and how the value is computed.

Python's operator computes it, not the ufunc, so that Python's numbers stay weak.
"""

METHODS: Table = {
    "__neg__": (np.negative, operator.neg),
    "__pos__": (np.positive, operator.pos),
    "__abs__": (np.absolute, operator.abs),
}
"""Operators and methods of one value."""

COMPARISONS: Table = {
    "eq": (np.equal, operator.eq),
    "ne": (np.not_equal, operator.ne),
    "lt": (np.less, operator.lt),
    "le": (np.less_equal, operator.le),
    "gt": (np.greater, operator.gt),
    "ge": (np.greater_equal, operator.ge),
}

INTEGER: Table = {
    "floordiv": (np.floor_divide, operator.floordiv),
    "and": (np.bitwise_and, operator.and_),
    "or": (np.bitwise_or, operator.or_),
    "xor": (np.bitwise_xor, operator.xor),
    "lshift": (np.left_shift, operator.lshift),
    "rshift": (np.right_shift, operator.rshift),
}
"""Operators whose result is constant almost everywhere, or an integer."""


def _array_function(
    self: Box, fun: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    return traced(fun)(*args, **kwargs)


def _array_ufunc(
    self: Box, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any
) -> Any:
    if method == "__call__" and not kwargs:
        return (CALLS.get(ufunc) or traced(ufunc))(*inputs)
    fun = ufunc if method == "__call__" else getattr(ufunc, method)
    return traced(fun)(*inputs, **kwargs)


def _array_namespace(self: Box, *, api_version: str | None = None) -> Any:
    return LATER["numpy"]()


def _namespace_asked(self: Box) -> Callable[..., Any]:
    """Where SciPy asks, it has to be told first that NumPy's arrays may be there, too.

    It looks whether the method is there before it decides.
    """
    mode = sys.modules.get("scipy._lib._array_api")
    if getattr(mode, "SCIPY_ARRAY_API", False):
        LATER["namespaces of scipy"]().meet()
    return partial(_array_namespace, self)


def _astype(converted: Callable[..., Any]) -> Callable[..., Any]:
    def method(
        self: Box,
        dtype: Any,
        order: Any = "K",
        casting: Any = "unsafe",
        subok: bool = True,
        copy: bool = True,
    ) -> Any:
        if not copy and order == "K" and np.dtype(dtype) == self.dtype:
            return self
        if (order, casting) == ("K", "unsafe"):
            return converted(self, dtype)
        return converted(self, dtype, order, casting)

    return update_wrapper(method, np.ndarray.astype)


def _twin(module: str, name: str) -> Any:
    """What fgrad has in the place of a library's function, or ``None``."""
    here = LATER.get(f"fgrad.{module}")
    return here and getattr(here(), name, None)


def _reflected(call: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, other: call(other, self)


def _constant(
    fun: Callable[..., Any], operate: Callable[..., Any]
) -> Callable[..., Any]:
    """An operator without derivative: on plain values, or by an opaque trace."""
    rule = Rule(fun)

    def call(x1: Any, x2: Any) -> Any:
        x1, x2 = primal(x1), primal(x2)
        boxes = [x for x in (x1, x2) if type(x) is Box]
        if not boxes:
            return operate(x1, x2)
        if type(x1) not in ARGUMENTS or type(x2) not in ARGUMENTS:
            return fun(x1, x2)  # NumPy knows lists, and asks objects of other libraries
        return innermost(boxes).interpret(rule, (x1, x2), {}, operate)

    return call


def _attach(cls: Any) -> None:
    cls.__array_function__ = _array_function
    cls.__array_ufunc__ = _array_ufunc
    cls.__array_namespace__ = property(_namespace_asked)
    cls._twin = staticmethod(_twin)
    cls.astype = _astype(unary(rule_of(astype), astype))
    cls.__getitem__ = binary(rule_of(operator.getitem), operator.getitem)
    for name, (fun, operate) in OPERATORS.items():
        call = binary(rule_of(fun), operate)
        setattr(cls, f"__{name}__", call)
        setattr(cls, f"__r{name}__", _reflected(call))
    for name, (fun, operate) in METHODS.items():
        setattr(cls, name, unary(rule_of(fun), operate))
    for name, functions in (COMPARISONS | INTEGER).items():
        setattr(cls, f"__{name}__", _constant(*functions))
    for name, functions in INTEGER.items():
        setattr(cls, f"__r{name}__", _reflected(_constant(*functions)))


_attach(Box)
