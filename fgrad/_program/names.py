"""What functions and constants are called in the text of a program."""

from __future__ import annotations

import base64
import keyword
import math
import sys
from collections.abc import Callable
from types import EllipsisType, ModuleType
from typing import Any

import numpy as np

__all__ = ["Names"]

MODULES = (("np", np), ("np.linalg", np.linalg), ("np.fft", np.fft))


class Names:
    """The names that a program uses, and what they stand for."""

    def __init__(self) -> None:
        self.space: dict[str, Any] = {"np": np}
        """What the names stand for when the program runs."""
        self._functions: dict[Any, str] = {}
        self._constants: dict[Any, tuple[str, Any]] = {}

    # Functions

    def function(self, fun: Callable[..., Any]) -> str:
        """The name of a function."""
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
        return name if fun in (bool, int) else ""

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

    def header(self) -> list[str]:
        """Lines that give the names outside of the program."""
        lines = ["import base64", "import operator", "", "import numpy as np", ""]
        imports, rest = list[str](), list[str]()
        for name, value in self.space.items():
            if isinstance(value, ModuleType) or name in ("program", "make"):
                continue
            module = getattr(value, "__module__", None)
            there = getattr(sys.modules.get(module or ""), _name(value), None)
            if callable(value) and there is value and module != "__main__":
                module = "operator" if module == "_operator" else module
                imports.append(f"from {module} import {_name(value)} as {name}")
            else:
                rest.append(f"{name} = {_written(value)}")
        needed = "".join(rest)
        if "base64" not in needed:
            lines.remove("import base64")
        if "operator" not in needed:
            lines.remove("import operator")
        return [*lines[lines[0] == "" :], *sorted(imports), "", *rest]


def _name(value: Any) -> str:
    return str(getattr(value, "__name__", ""))


def _written(value: Any) -> str:
    """An expression for a constant."""
    if isinstance(value, np.dtype):
        return f"np.dtype({value.str!r})"
    if isinstance(value, np.generic):
        return (
            f"np.{type(value).__name__}({value.item()!r})".replace("(nan)", "(np.nan)")
            .replace("(inf)", "(np.inf)")
            .replace("(-inf)", "(-np.inf)")
        )
    if type(value) is np.ndarray:
        return _array(value)
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}".replace(
            "builtins.", ""
        ).replace("numpy.", "np.")
    if isinstance(value, tuple):
        return f"({''.join(_written(item) + ', ' for item in value)})"
    if isinstance(value, float):
        return f"float({str(value)!r})"
    return repr(value)


def _array(array: Any) -> str:
    if array.size <= 16 and np.all(np.isfinite(array)):
        made = f"np.array({array.tolist()!r}, {array.dtype.str!r})"
        return made if array.flags.c_contiguous else f"{made}.copy('F')"
    order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    text = base64.b64encode(array.tobytes(order)).decode()
    return (
        f"np.frombuffer(base64.b64decode({text!r}), {array.dtype.str!r})"
        f".reshape({array.shape!r}, order={order!r})"
    )
