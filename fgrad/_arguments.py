"""Arguments of a call as NumPy takes them.

The usual ones need no look; here are the others: arrays of other libraries, objects
with operators of their own, lists.
"""

from numbers import Number
from typing import Any

import numpy as np

from fgrad._box import bare
from fgrad._foreign import USUAL, is_foreign, operand, reads_as_array
from fgrad._rules import Rule
from fgrad._trace import CONTAINERS, Box, boxes_in

__all__ = [
    "ARRAYS",
    "KNOWN",
    "SCALARS",
    "defers",
    "has_lists",
    "numbers",
    "operands",
    "plain_operands",
]

KNOWN = USUAL | {Box}
"""The usual types of an argument."""

SCALARS = {float: np.float64, complex: np.complex128}
ARRAYS = KNOWN - {*SCALARS}
"""The same where Python's numbers become NumPy's."""


def plain_operands(rule: Rule, args: Any, kwargs: dict[str, Any]) -> Any:
    """The arguments of one of NumPy's functions, with no foreign array in them."""
    if not rule.numpys:
        return args, kwargs
    named = {name: _operand(rule, value) for name, value in kwargs.items()}
    return tuple(_operand(rule, value) for value in args), named


def _operand(rule: Rule, value: Any) -> Any:
    """An argument of one of NumPy's functions, with no foreign array in it."""
    if type(value) in CONTAINERS:
        if all(type(item) in KNOWN for item in value):
            return value
        return type(value)([_operand(rule, item) for item in value])
    return value if type(value) is Box else operand(value, ufunc=rule.ufunc)


def operands(rule: Rule, v1: Any, v2: Any) -> tuple[Any, Any]:
    """Two arguments as NumPy takes them."""
    if not rule.numpys:
        return v1, v2
    v1, v2 = numbers(rule, [_operand(rule, v1), _operand(rule, v2)])
    return v1, v2


def numbers(rule: Rule, values: list[Any]) -> list[Any]:
    """The Python numbers as NumPy's, which have a shape.

    Not for ufuncs, nor beside arrays: there they are weak, and do not decide the dtype.
    """
    if rule.ufunc or not rule.numpys:
        return values
    if any(isinstance(value, np.ndarray | np.generic) for value in values):
        return values
    kinds = [SCALARS.get(type(value)) for value in values]
    return [k(v) if k else v for k, v in zip(kinds, values, strict=True)]


def defers(x1: Box, v2: Any, reflected: str) -> bool:
    """Whether an operator leaves the computation to its right operand, as in NumPy."""
    kind: Any = type(v2)
    if kind in KNOWN or kind in CONTAINERS or not hasattr(kind, reflected):
        return False
    if getattr(kind, "__array_ufunc__", kind) is None:
        return True
    if isinstance(v2, Number | np.generic) or is_foreign(kind, ufunc=True):
        return False
    if isinstance(bare(x1), float | complex):
        return True
    return not (x1.shape or reads_as_array(kind) or hasattr(kind, "__len__"))


def has_lists(rule: Rule, v1: Any, v2: Any) -> bool:
    """Whether there is a list, into which `bind` has to look."""
    if type(v1) not in CONTAINERS and type(v2) not in CONTAINERS:
        return False
    return rule.ufunc or bool(boxes_in((v1, v2)))
