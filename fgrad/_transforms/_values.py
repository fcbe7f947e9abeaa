"""What goes in and out of transforms: plain numbers and arrays, or an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from numbers import Number
from typing import Any

import numpy as np

from fgrad._engine.box import Box, primal, space
from fgrad._engine.trace import Space
from fgrad._words.foreign import is_foreign, plain_form
from fgrad.errors import OutputTypeError

__all__ = [
    "check_function",
    "check_truth",
    "described",
    "described_leaf",
    "is_numeric",
    "label",
    "numeric_space",
]

NUMBERS = "biufc"
"""Kinds of dtypes that are numbers, of which only the last two vary continuously."""


def label(fun: Callable[..., Any]) -> str:
    """The name of a function in messages; of a transformed one, ``grad(loss)``."""
    if hasattr(fun, "transform"):
        return repr(fun)
    return getattr(fun, "__name__", None) or type(fun).__name__


def check_function(transform: str, fun: Any, use: str) -> None:
    """Refuse what is no function, such as the value of one."""
    if not callable(fun):
        raise TypeError(f"{transform} needs a function, but got {fun!r}. Write {use}.")


def check_truth(transform: str, name: str, dtype: np.dtype[Any]) -> None:
    """Refuse truth values as output: they are no numbers, and have no derivative."""
    if dtype.kind == "b":
        raise OutputTypeError(
            f"{transform} needs a real output, but {name} returned {dtype}, which has "
            f"no derivative. Use np.where(condition, x, y) to choose between numbers."
        )


def is_numeric(leaf: Any) -> bool:
    """Whether a leaf is a number or an array of numbers, and no more than that."""
    plain = primal(leaf)
    if isinstance(plain, bool | int | float | complex):
        return True
    if not isinstance(plain, np.ndarray | np.generic) or is_foreign(
        type(plain), ufunc=True
    ):
        return False
    return plain.dtype.kind in NUMBERS


def numeric_space(leaf: Any) -> Space | None:
    """Shape and dtype of a number or an array of numbers; ``None`` for other leaves."""
    return Space(*space(primal(leaf))) if is_numeric(leaf) else None


def described(value: Any) -> str:
    """A value in words, for messages."""
    if value is None:
        return "None"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of length {len(value)}"
    plain = primal(value)
    if is_numeric(value) and hasattr(value, "shape"):
        return f"an array of shape {value.shape}"
    if type(plain) is np.ndarray:
        return f"an array of dtype {plain.dtype}"
    return f"a {type(plain).__name__}"


def described_leaf(leaf: Any, *, root: bool) -> tuple[str, str]:
    """A leaf without derivative in words, and the advice that goes with it."""
    kind = type(leaf)
    is_a = f"is a {kind.__name__}"
    apart = "Pass it as an argument of its own"
    if root:
        apart = "Leave it out of what is differentiated"
    if kind is np.ndarray or kind is Box or isinstance(leaf, np.generic):
        converts = leaf.dtype.kind in "biuOmM"
        return f"has dtype {leaf.dtype}", "Convert it to float" if converts else apart
    if isinstance(leaf, Number):
        return f"is the {kind.__name__} {leaf!r}", "Convert it to float"
    if isinstance(leaf, np.ndarray) or is_foreign(kind, ufunc=True):
        return is_a, f"Convert it with {plain_form(kind)}"
    if is_dataclass(leaf) and not isinstance(leaf, type):
        return is_a, "Decorate it with @fgrad.register_dataclass"
    if isinstance(leaf, Iterator):
        return is_a, "Make it a list"
    if isinstance(leaf, str | bytes) or callable(leaf):
        return is_a, apart
    return is_a, f"{apart}, or teach fgrad to take it apart with fgrad.register_node"
