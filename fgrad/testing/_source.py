"""Values as source: what a message prints can be pasted and run."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from fgrad._engine.signatures import function_name
from fgrad.testing._leaves import fixed

__all__ = ["arguments", "source"]

DEFAULTS = ("f8", "c16", "i8", "b1")
"""Dtypes that ``np.array`` finds by itself."""


def source(value: Any) -> str:
    """A value, or a tree of values, as a Python expression with ``np`` as NumPy."""
    if type(value) is fixed:
        return f"fgrad.testing.fixed({source(value.value)})"
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, np.generic):
        kind = value.dtype
        plain = repr(value.item())
        return plain if kind in {*map(np.dtype, DEFAULTS)} else f"np.{kind}({plain})"
    if isinstance(value, dict):
        pairs = ", ".join(f"{source(k)}: {source(v)}" for k, v in value.items())
        return f"{{{pairs}}}" if type(value) is dict else repr(value)
    if type(value) is list:
        return f"[{', '.join(map(source, value))}]"
    if type(value) is tuple:
        return f"({', '.join(map(source, value))}{',' * (len(value) == 1)})"
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return _fields(value, getattr(value, "_fields", ()))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _fields(value, [f.name for f in dataclasses.fields(value) if f.init])
    if isinstance(value, type) and issubclass(value, np.generic):
        return f"np.{np.dtype(value)}"
    if isinstance(value, np.dtype):
        return f"np.dtype({str(value)!r})"
    if isinstance(value, float) and not np.isfinite(value):
        return {"inf": "np.inf", "-inf": "-np.inf"}.get(str(value), "np.nan")
    return function_name(value) if callable(value) else repr(value)


def _array(value: np.ndarray[Any, Any]) -> str:
    if 0 in value.shape:
        return f"np.zeros({value.shape}, {_dtype(value.dtype)})"
    if value.size > 4 and value.ndim and np.all(value == value.flat[0]):
        number = source(value.flat[0].item())
        return f"np.full({value.shape}, {number}, {_dtype(value.dtype)})"
    text = np.array2string(value, separator=", ", threshold=10**6, floatmode="unique")
    text = " ".join(text.split()).replace("[ ", "[")
    text = text.replace("nan", "np.nan").replace("inf", "np.inf")
    if value.dtype in {*map(np.dtype, DEFAULTS)}:
        return f"np.array({text})"
    return f"np.array({text}, {_dtype(value.dtype)})"


def _dtype(dtype: np.dtype[Any]) -> str:
    return "float" if dtype.char == "d" else repr(str(dtype))


def _fields(value: Any, names: Any) -> str:
    pairs = ", ".join(f"{name}={source(getattr(value, name))}" for name in names)
    return f"{type(value).__name__}({pairs})"


def arguments(args: Any, kwargs: dict[str, Any]) -> str:
    """What stands between the parentheses of a call."""
    shown = [source(value) for value in args]
    shown += [f"{name}={source(value)}" for name, value in kwargs.items()]
    return ", ".join(shown)
