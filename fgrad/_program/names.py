"""What functions and constants are called in the text of a program."""

from __future__ import annotations

import base64
import keyword
import math
import operator
import sys
import zlib
from collections.abc import Callable
from types import EllipsisType
from typing import Any

import numpy as np

from fgrad._program.native.function import Native, listing

__all__ = ["Names"]

MODULES = (("np", np), ("np.linalg", np.linalg), ("np.fft", np.fft))


class Names:
    """The names that a program uses, and what they stand for."""

    def __init__(self) -> None:
        self.space: dict[str, Any] = {"np": np}
        """What the names stand for when the program runs."""
        self._functions: dict[Any, str] = {}
        self._natives: dict[str, Native] = {}
        self._constants: dict[Any, tuple[str, Any]] = {}

    # Functions

    def function(self, fun: Callable[..., Any]) -> str:
        """The name of a function."""
        fun = abs if fun is operator.abs else fun
        if isinstance(fun, Native):
            self._natives[fun.__name__] = fun
            self.space[fun.__name__] = fun.function
            return fun.__name__
        name = self._functions.get(fun)
        if name is None:
            name = self._functions[fun] = self._found(fun) or self._own(fun)
        return name

    def _found(self, fun: Any) -> str:
        """Where NumPy has a function, if it has."""
        owner, name = getattr(fun, "__self__", None), getattr(fun, "__name__", "")
        if isinstance(owner, np.ufunc) and (found := self._found(owner)):
            return f"{found}.{name}"
        for prefix, module in MODULES:
            if getattr(module, name, None) is fun:
                return f"{prefix}.{name}"
        return name if fun in (bool, int, abs) else ""

    def _own(self, fun: Any) -> str:
        name = getattr(fun, "__name__", "")
        if not name.isidentifier() or keyword.iskeyword(name):
            name = "function"
        name, base, count = f"{name}_", f"{name}_", 1
        while name in self.space:
            count += 1
            name = f"{base}{count}"
        self.space[name] = fun
        return name

    # Constants

    def constant(self, value: Any) -> str:
        """A constant as it is written, or its name."""
        kind = type(value)
        if kind in (int, bool, str, type(None)):
            text = repr(value)
            return f"({text})" if text.startswith("-") else text
        if kind is float and math.isfinite(value):
            text = repr(value)
            return f"({text})" if text.startswith("-") else text
        if kind is EllipsisType:
            return "..."
        if kind is slice:
            parts = (value.start, value.stop, value.step)
            return f"slice({', '.join(map(self.constant, parts))})"
        number = isinstance(value, np.generic | float | complex)
        key = (kind, np.asarray(value).tobytes()) if number else id(value)
        if key not in self._constants:
            name = f"k{len(self._constants)}"
            self._constants[key] = name, value
            self.space[name] = value
        return self._constants[key][0]

    def zero_d(self, value: Any, dtype: np.dtype[Any]) -> str:
        """A number as an array without axes, which NumPy need not convert."""
        strong = isinstance(value, np.generic)
        array = np.asarray(value) if strong else np.asarray(value, dtype)
        key = ("0-d", array.dtype, array.tobytes())
        if key not in self._constants:
            name = f"k{len(self._constants)}"
            self._constants[key] = name, array
            self.space[name] = array
        return self._constants[key][0]

    # As a file

    def imports(self) -> set[str]:
        """The imports of the functions that the program calls."""
        found = {text for text in map(_imported, *self._own_functions()) if text}
        if self._natives:
            found.add("from fgrad._program.native.loaded import functions")
        return found

    @property
    def natives(self) -> list[str]:
        """The names of the functions of C."""
        return [*self._natives]

    def c(self) -> list[str]:
        """The lines of C that the program calls."""
        if not self._natives:
            return []
        return [*listing(next(iter(self._natives.values())).text)]

    def constants(self) -> list[str]:
        """Lines that give the constants, and the functions that cannot be imported."""
        names, functions = self._own_functions()
        lines = [
            f"{name} = ...  # a function of yours: {fun!r}"
            for name, fun in zip(names, functions, strict=True)
            if not _imported(name, fun)
        ]
        for name, value in self._constants.values():
            lines.append(f"{name} = {_written(value)}")
        return lines

    def _own_functions(self) -> tuple[list[str], list[Any]]:
        known = {name for name, _ in self._constants.values()} | {"np", "__builtins__"}
        known |= {*self._natives}
        found = {n: v for n, v in self.space.items() if n not in known}
        for name in ("make", "program"):
            found.pop(name, None)
        return [*found], [*found.values()]


def _imported(name: str, fun: Any) -> str:
    """The import of a function, if it can be imported under its name."""
    module = str(getattr(fun, "__module__", "") or "")
    own = _name(fun)
    if module in {"", "__main__"} and isinstance(fun, np.ufunc):
        module = "scipy.special"
    there = getattr(sys.modules.get(module), own, None)
    same = there is fun or getattr(there, "__wrapped__", None) is fun  # a primitive
    if module == "__main__" or not same:
        return ""
    return f"from {module.replace('_operator', 'operator')} import {own} as {name}"


def _name(value: Any) -> str:
    return str(getattr(value, "__name__", ""))


def _written(value: Any) -> str:
    """An expression for a constant."""
    if isinstance(value, np.dtype):
        return f"np.dtype({value.str!r})"
    if isinstance(value, np.ndarray | np.generic):
        return _array(value)
    if isinstance(value, type):
        prefix = "np." if value.__module__ == "numpy" else ""
        return f"{prefix}{value.__name__}"
    if isinstance(value, tuple):
        return f"({''.join(_written(item) + ', ' for item in value)})"
    return f"float({str(value)!r})" if isinstance(value, float) else repr(value)


def _array(array: Any) -> str:
    """An expression for an array or a number of NumPy's."""
    kind, shape = array.dtype.str, array.shape
    number = "" if isinstance(array, np.ndarray) else "[()]"
    if array.size > 1 and array.tobytes() == array.flat[0].tobytes() * array.size:
        same = _array(array.flat[0])
        return (
            f"np.full({shape!r}, {same})"
            if array.flags.c_contiguous
            else (f"np.broadcast_to({same}, {shape!r})")
        )
    if array.size <= 16 and np.all(np.isfinite(array)):
        made = f"np.array({array.tolist()!r}, {kind!r}){number}"
        return made if array.flags.c_contiguous else f"{made}.copy('F')"
    order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    text = base64.b64encode(zlib.compress(array.tobytes(order))).decode()
    made = f"np.frombuffer(zlib.decompress(base64.b64decode({text!r})), {kind!r})"
    return f"{made}.reshape({shape!r}, order={order!r}){number}"
