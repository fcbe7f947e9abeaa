"""What NumPy's functions in Python call in the end, without the way to it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from math import prod
from typing import Any

import numpy as np

from fgrad._engine.rules import RULES
from fgrad._program.calls import Call, Program, Variable
from fgrad.primitives.shaping import reshaped

__all__ = [
    "in_c_order",
    "lowered",
    "method_reshape",
    "method_transpose",
    "product_of_axes",
]

REDUCTIONS: dict[Callable[..., Any], np.ufunc] = {
    np.mean: np.add,
    np.sum: np.add,
    np.max: np.maximum,
    np.amax: np.maximum,
    np.min: np.minimum,
    np.amin: np.minimum,
    np.all: np.logical_and,
    np.any: np.logical_or,
}


def method_reshape(x: Any, shape: tuple[int, ...]) -> Any:
    """``x.reshape(shape)``."""
    return x.reshape(shape)


def method_transpose(x: Any, *axes: int) -> Any:
    """``x.transpose(*axes)``."""
    return x.transpose(*axes)


def product_of_axes(a: Any, b: Any, left: Any, right: Any, shape: Any) -> Any:
    """`np.tensordot`, with its axes and shapes worked out before."""
    a = a.transpose(left[0]).reshape(left[1])
    b = b.transpose(right[0]).reshape(right[1])
    return np.dot(a, b).reshape(shape)


def lowered(program: Program) -> Program:
    """Call what NumPy's functions in Python call in the end."""
    calls: list[Call] = []
    for call in program.calls:
        calls += _lower(call)
    return program.with_calls(calls)


def _lower(call: Call) -> list[Call]:
    x = call.first
    if type(x) is not Variable or x.kind is not np.ndarray or len(call.outs) != 1:
        return [call]
    if call.fun is np.mean:
        return _mean(call) or [call]
    lower = LOWER.get(call.fun)
    return [(lower(call) if lower else None) or call]


def _mean(call: Call) -> list[Call] | None:
    """A sum, divided by how many there are: as `np.mean` does it for float64."""
    x, out = call.first, call.out
    total = _reduction(call)
    if total is None or x.dtype.char != "d" or not x.size:
        return None
    between = out.another()
    count = np.float64(x.size // out.size)
    return [
        replace(total, outs=(between,)),
        call.calling(np.divide, between, count),
    ]


def _count(call: Call) -> Call | None:
    """How many entries are true, along axes."""
    axis, keepdims = call.kwargs.get("axis"), call.kwargs.get("keepdims", False)
    if call.first.dtype.kind != "b" or len(call.args) > 1 or axis is None:
        return None
    dtype = np.dtype(np.intp)
    return call.calling(np.add.reduce, call.first, axis, dtype, None, keepdims)


def _reduction(call: Call) -> Call | None:
    if len(call.args) > 2 or not {*call.kwargs} <= {"axis", "keepdims"}:
        return None
    axis = call.kwargs.get("axis", call.args[1] if len(call.args) > 1 else None)
    keepdims = call.kwargs.get("keepdims", False)
    if type(keepdims) is not bool or type(axis) not in (int, tuple, type(None)):
        return None
    args: tuple[Any, ...] = (call.first, axis)
    if keepdims:
        args = (*args, None, None, True)
    return call.calling(REDUCTIONS[call.fun].reduce, *args)


@cache
def is_power(fun: np.ufunc, exponent: float) -> bool:
    """Whether ``x ** exponent`` calls this ufunc for arrays."""
    x = np.concatenate([[0.0, -0.0, np.inf, np.nan, 1e200], np.linspace(-3, 3, 101)])
    with np.errstate(all="ignore"):
        found: Any = fun(x) if fun is np.square else fun(x, exponent)
        return found.tobytes() == (x**exponent).tobytes()


def _power(call: Call) -> Call | None:
    x, exponent = call.args
    if x.dtype.kind != "f" or type(exponent) not in (int, float):
        return None
    if exponent == 2 and is_power(np.square, 2):
        return call.calling(np.square, x)
    if exponent in (-1, 0, 0.5, 1, 2) or not is_power(np.power, exponent):
        return None  # NumPy has ways of its own
    return call.calling(np.power, x, exponent)


def in_c_order(call: Call) -> bool:
    """Whether a call that reshapes takes the entries in C order, as it does unasked."""
    order = call.args[1 if call.fun is np.ravel else 2 :]
    return order in ((), ("C",)) and call.kwargs in ({}, {"order": "C"})


def _reshape(call: Call) -> Call | None:
    if not in_c_order(call):
        return None
    return call.calling(method_reshape, call.first, call.out.shape)


def _other_axes(call: Call) -> Call:
    return call.calling(method_reshape, call.first, call.out.shape)


def _transpose(call: Call) -> Call | None:
    if call.kwargs:
        return None
    axes = call.args[1] if len(call.args) > 1 else None
    if axes is None:
        return call.calling(method_transpose, call.first)
    if any(type(axis) is not int for axis in axes):
        return None
    return call.calling(method_transpose, call.first, *axes)


def _matrix_transpose(call: Call) -> Call:
    n = call.first.ndim
    axes: tuple[int, ...] = () if n == 2 else (*range(n - 2), n - 1, n - 2)
    return call.calling(method_transpose, call.first, *axes)


def _tensordot(call: Call) -> Call | None:
    a, b = call.args[:2]
    axes = call.args[2] if len(call.args) > 2 else call.kwargs.get("axes", 2)
    if type(b) is not Variable or b.kind is not np.ndarray:
        return None
    if isinstance(axes, int):
        axes = ([*range(a.ndim - axes, a.ndim)], [*range(axes)])
    pair = [[part] if isinstance(part, int) else [*part] for part in axes]
    mine, theirs = (
        [int(i) % x.ndim for i in part] for x, part in zip((a, b), pair, strict=True)
    )
    rows = [i for i in range(a.ndim) if i not in mine]
    columns = [i for i in range(b.ndim) if i not in theirs]
    inner = prod(a.shape[i] for i in mine)
    left = (*rows, *mine), (prod(a.shape[i] for i in rows), inner)
    right = (*theirs, *columns), (inner, prod(b.shape[i] for i in columns))
    return call.calling(product_of_axes, a, b, left, right, call.out.shape)


LOWER: dict[Callable[..., Any], Callable[[Call], Call | None]] = {
    **dict.fromkeys(REDUCTIONS.keys() - {np.mean}, _reduction),
    RULES[reshaped].fun: _reshape,
    np.reshape: _reshape,
    np.expand_dims: _other_axes,
    np.squeeze: _other_axes,
    np.transpose: _transpose,
    np.matrix_transpose: _matrix_transpose,
    np.tensordot: _tensordot,
    np.count_nonzero: _count,
    operator.pow: _power,
}
