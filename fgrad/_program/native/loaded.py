"""Functions of C as functions of Python."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from fgrad._program.native.build import libraries
from fgrad._program.native.function import CompilerError

__all__ = ["functions"]

FASTCALL = 0x80
"""That a function is called with an array of its arguments: METH_FASTCALL of Python."""

HEAD = object.__basicsize__
"""The bytes of an object before what its type adds."""


class Method(ctypes.Structure):
    """What Python knows of a function of C: PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("words", ctypes.c_char_p),
    )


class Array(ctypes.Structure):
    """What NumPy's array begins with: PyArrayObject_fields."""

    _fields_ = (
        ("head", ctypes.c_char * HEAD),
        ("data", ctypes.c_void_p),
        ("ndim", ctypes.c_int),
        ("shape", ctypes.POINTER(ctypes.c_ssize_t)),
        ("strides", ctypes.POINTER(ctypes.c_ssize_t)),
    )


@cache
def functions(text: str, *names: str) -> list[Any]:
    """The functions of a text of C, compiled.

    Raises
    ------
    CompilerError
        If they cannot be compiled or loaded.
    """
    if not _as_expected():
        raise CompilerError("arrays and numbers of this NumPy have another layout")
    why = "there is no folder to write to"
    for path in libraries(text):
        try:
            return [_function(path, name) for name in names]
        except (OSError, AttributeError) as error:  # it is broken, or may not be run
            why = f"what it made cannot be loaded: {error}"
            path.unlink(missing_ok=True)
    raise CompilerError(why)


_KEPT: list[Any] = []
"""What Python's functions point to, for as long as the process runs."""


@cache
def _loaded(path: Path) -> ctypes.PyDLL:
    return ctypes.PyDLL(str(path))


def _function(path: Path, name: str) -> Any:
    address = ctypes.cast(getattr(_loaded(path), name), ctypes.c_void_p)
    method = Method(name.encode(), address, FASTCALL, None)
    _KEPT.append(method)
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype = ctypes.py_object
    make.argtypes = [ctypes.POINTER(Method), ctypes.c_void_p, ctypes.c_void_p]
    return make(ctypes.byref(method), None, None)


@cache
def _as_expected() -> bool:
    """Whether arrays and numbers lie in memory as the text of C says."""
    a = np.zeros((2, 3))
    found = Array.from_address(id(a))
    number = np.float64(1.5)
    return (
        found.data == a.__array_interface__["data"][0]
        and found.ndim == 2
        and tuple(found.shape[:2]) == a.shape
        and tuple(found.strides[:2]) == a.strides
        and ctypes.c_double.from_address(id(number) + HEAD).value == number
    )
