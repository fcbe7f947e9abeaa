"""The methods of an array: NumPy's functions, changes, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, NoReturn

import numpy as np

from fgrad._engine.box import Box
from fgrad._engine.views import is_number
from fgrad._words.callsite import at
from fgrad.errors import ConversionError

__all__ = ["FORWARDED", "REFUSED"]

# fmt: off
FORWARDED = (
    "all", "any", "argmax", "argmin", "argpartition", "argsort", "conj", "conjugate",
    "cumprod", "cumsum", "diagonal", "dot", "max", "mean", "min", "nonzero", "prod",
    "ravel", "repeat", "round", "searchsorted", "squeeze", "std", "sum", "swapaxes",
    "take", "trace", "var",
)
# fmt: on
"""Methods whose parameters are those of NumPy's function after the array."""

REFUSED = {
    "byteswap": "use x.astype(x.dtype.newbyteorder())",
    "resize": "use np.resize",
    "setfield": "write to an item",
}
"""Methods that would change the bytes of an array, and what to write."""

SET = {
    "dtype": "use x = x.astype(dtype)",
    "strides": "make another array",
}
"""The same for attributes that can be assigned to."""


# Copies


def copy(self: Box, order: Any = "C") -> Any:
    """``x.copy()``; a number never changes, so it is its own copy."""
    return self if is_number(self) else np.copy(self, order)


def deepcopy(self: Box, memo: Any) -> Any:
    """``copy.deepcopy(x)``."""
    return copy(self)


# Methods that change an array: each is an assignment


def fill(self: Box, value: Any) -> None:
    """``x[...] = value``, for one number."""
    if np.shape(value):
        raise ValueError("setting an array element with a sequence.")
    self[...] = value


def put(self: Any, indices: Any, values: Any, mode: Any = "raise") -> None:
    """``np.put(x, indices, values)``."""
    np.put(self, indices, values, mode)


def sort(
    self: Box,
    axis: Any = -1,
    kind: Any = None,
    order: Any = None,
    *,
    stable: Any = None,
) -> None:
    """``x[...] = np.sort(x)``."""
    self[...] = np.sort(self, axis, kind, order, stable=stable)


def partition(
    self: Box,
    kth: Any,
    axis: Any = -1,
    kind: Any = "introselect",
    order: Any = None,
) -> None:
    """``x[...] = np.partition(x, kth)``."""
    self[...] = np.partition(self, kth, axis, kind, order)


def set_shape(self: Box, shape: Any) -> None:
    """``x.shape = shape``: the same memory under another shape."""
    new: Any = np.reshape(self, shape)
    self._value, self._trace, self._node = new._value, new._trace, new._node


def set_real(self: Box, value: Any) -> None:
    """``x.real = value``."""
    np.real(self)[...] = value


def set_imag(self: Box, value: Any) -> None:
    """``x.imag = value``."""
    if self.dtype.kind != "c":
        raise TypeError("array does not have imaginary part to set")
    np.imag(self)[...] = value


def set_flat(self: Box, values: Any) -> None:
    """``x.flat = values``."""
    self.flat[:] = values


def _forward(name: str) -> Callable[..., Any]:
    fun = getattr(np, name)

    def method(self: Box, *args: Any, **kwargs: Any) -> Any:
        return fun(self, *args, **kwargs)

    return update_wrapper(method, getattr(np.ndarray, name))


def _unchanged(name: str, instead: str) -> Callable[..., Any]:
    def method(self: Box, *args: Any, **kwargs: Any) -> NoReturn:
        raise ConversionError(
            at(f"x.{name} would change a traced array in place; {instead}")
        )

    return method


def _attach(cls: Any) -> None:
    for name in FORWARDED:
        setattr(cls, name, _forward(name))
    for name, instead in REFUSED.items():
        setattr(cls, name, _unchanged(name, instead))
    cls.copy, cls.__copy__, cls.__deepcopy__ = copy, copy, deepcopy
    for method in (fill, put, sort, partition):
        setattr(cls, method.__name__, method)
    setters = {"shape": set_shape, "real": set_real, "imag": set_imag, "flat": set_flat}
    setters |= {name: _unchanged(name, instead) for name, instead in SET.items()}
    for name, setter in setters.items():
        setattr(cls, name, vars(cls)[name].setter(setter))


_attach(Box)
