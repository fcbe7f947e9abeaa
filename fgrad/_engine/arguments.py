"""Arguments of a call as NumPy takes them.

The usual ones need no look. The others are arrays of other libraries, objects with
operators of their own, and lists.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Number
from typing import Any

import numpy as np

from fgrad._engine.box import (
    ARGUMENTS,
    CONTAINERS,
    SCALARS,
    Box,
    boxes_in,
    stored,
)
from fgrad._engine.rules import Rule
from fgrad._words.foreign import is_foreign, is_sequence, operand, reads_as_array

__all__ = [
    "array_scalars",
    "defers",
    "has_lists",
    "operands",
    "plain_operands",
    "usual_operands",
]


def plain_operands(rule: Rule, args: Any, kwargs: dict[str, Any]) -> Any:
    """The arguments of a function of arrays, with no foreign array in them."""
    if not rule.takes_arrays:
        return args, kwargs
    named = {name: _operand(rule, value) for name, value in kwargs.items()}
    return tuple(_operand(rule, value) for value in args), named


def _operand(rule: Rule, value: Any) -> Any:
    if type(value) in CONTAINERS:
        if ARGUMENTS.issuperset(map(type, value)):
            return value
        return type(value)([_operand(rule, item) for item in value])
    return value if type(value) is Box else operand(value, ufunc=rule.ufunc)


def operands(rule: Rule, v1: Any, v2: Any) -> tuple[Any, Any]:
    """Two arguments as NumPy takes them."""
    if not rule.takes_arrays:
        return v1, v2
    v1, v2 = array_scalars(rule, [_operand(rule, v1), _operand(rule, v2)])
    return v1, v2


def array_scalars(rule: Rule, values: list[Any]) -> list[Any]:
    """Python's numbers as those of NumPy, which have a shape.

    They stay as they are for ufuncs, and beside arrays: there they are weak, and do not
    decide the dtype.
    """
    if rule.ufunc or not rule.takes_arrays:
        return values
    for value in values:
        if isinstance(value, _ARRAYS):
            return values
    return [_array_scalar(value) for value in values]


_ARRAYS = np.ndarray, np.generic


def _array_scalar(value: Any) -> Any:
    """A number of NumPy's in place of one of Python's.

    A box of a trace that interprets calls may hold one of Python's: the conversion is a
    call of its own.
    """
    if type(value) is Box and not value._trace.records:
        scalar = _SCALAR_OF(type(stored(value)))
        return _CONVERSION[scalar](value) if scalar else value
    scalar = _SCALAR_OF(type(value))
    return scalar(value) if scalar else value


_SCALAR_OF: Callable[[Any], Any] = SCALARS.get


def _conversion(scalar: Any) -> Any:
    rule = Rule(scalar)
    rule.takes_arrays = False  # it takes Python's numbers as they are

    def call(box: Box) -> Any:
        return box._trace.interpret(rule, (box,), {}, scalar)

    return call


_CONVERSION = {scalar: _conversion(scalar) for scalar in SCALARS.values()}


def defers(x1: Box, v2: Any, reflected: str) -> bool:
    """Whether an operator leaves the computation to its right operand, as in NumPy.

    NumPy does so if that says ``__array_ufunc__ = None``, or says nothing of it and has
    a higher ``__array_priority__`` than arrays.
    """
    kind: Any = type(v2)
    if kind in ARGUMENTS or kind in CONTAINERS or not hasattr(kind, reflected):
        return False
    if not hasattr(kind, "__array_ufunc__"):
        if getattr(v2, "__array_priority__", 0.0) > 0.0:  # that of an array
            return True
    elif kind.__array_ufunc__ is None:
        return True
    if isinstance(v2, Number | np.generic) or is_foreign(kind, ufunc=True):
        return False
    if isinstance(stored(x1), float | complex):
        return True
    return not (x1.shape or reads_as_array(kind) or hasattr(kind, "__len__"))


def usual_operands(rule: Rule, fun: Any) -> tuple[frozenset[type], str]:
    """Types of operands that need no look, and the reflected method of an operator."""
    reflected = "" if fun is rule.fun else f"__r{fun.__name__}__"
    return ARGUMENTS if rule.ufunc else ARGUMENTS - {*SCALARS}, reflected


def has_lists(rule: Rule, v1: Any, v2: Any) -> bool:
    """Whether there is a list, into which `bind` has to look."""
    if not is_sequence(type(v1)) and not is_sequence(type(v2)):
        return False
    return rule.ufunc or bool(boxes_in((v1, v2)))
