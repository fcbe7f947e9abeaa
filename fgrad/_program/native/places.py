"""Where the entries of a value lie: in which array, from where, and how far apart.

Slices, transposes and broadcasts move no numbers. C reads through them: the place of a
view is one in the array that it looks into.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from fgrad._engine.rules import RULES
from fgrad._program.calls import Call, Variable, variables
from fgrad._program.into import is_basic
from fgrad._program.passes.lowered import (
    in_c_order,
    method_reshape,
    method_transpose,
)
from fgrad.primitives.shaping import reshaped

__all__ = [
    "CTYPES",
    "RESHAPES",
    "Place",
    "dense",
    "fits",
    "in_order",
    "looked",
    "own",
    "place_of",
    "reshapes",
    "viewed",
]

CTYPES = {
    np.dtype(code).char: f"{'u' * (code in 'BHIQ')}int{8 * np.dtype(code).itemsize}_t"
    for code in "bBhHiIlLqQ"
} | {"?": "unsigned char", "f": "float", "d": "double"}
"""What C calls the dtypes that it computes with."""

RESHAPES: set[Callable[..., Any]] = {
    *(method_reshape, np.reshape, RULES[reshaped].fun, np.ravel),
}
"""Functions whose result is a view if their first argument lies in C order."""

VIEWS: set[Callable[..., Any]] = {
    *(method_transpose, np.transpose, np.matrix_transpose, np.moveaxis, np.swapaxes),
    *(np.broadcast_to, np.expand_dims, np.squeeze, np.diagonal, np.flip),
}
"""Functions whose result is a view, whatever the layout of their first argument is."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the entries of a value lie."""

    root: Any
    """The variable, or the constant array, that owns the memory."""
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """How many entries of the root lie between neighbours along each axis."""
    offset: int = 0
    """How many entries lie before the first one; may be negative for the strides."""

    def __post_init__(self) -> None:
        if 1 in self.shape:
            steps = zip(self.strides, self.shape, strict=True)
            strides = tuple([step if n > 1 else 0 for step, n in steps])
            object.__setattr__(self, "strides", strides)

    def broadcast(self, shape: tuple[int, ...]) -> Place:
        """The place of the value as it is beside others, repeated to a shape."""
        missing = (0,) * (len(shape) - len(self.shape))
        return Place(self.root, shape, missing + self.strides, self.offset)


def dense(value: Any) -> tuple[int, ...] | None:
    """The strides, in entries, of an array without gaps; ``None`` for any other."""
    if value.strides is None:
        return ()
    return _dense(value.shape, value.strides, value.dtype.itemsize)


@cache
def _dense(
    shape: tuple[int, ...], strides: tuple[int, ...], nbytes: int
) -> tuple[int, ...] | None:
    step = nbytes
    for i in sorted(range(len(shape)), key=lambda i: (strides[i], -i)):
        if shape[i] != 1:
            if strides[i] != step:
                return None
            step *= shape[i]
    return tuple([stride // nbytes for stride in strides])


def in_order(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides, in entries, of an array in C order."""
    strides: list[int] = []
    step = 1
    for n in reversed(shape):
        strides.insert(0, step if n > 1 else 0)
        step *= n
    return tuple(strides)


def fits(value: Any) -> bool:
    """Whether C can read a value: it has one of its dtypes, and entries to read."""
    if type(value) is not Variable and type(value) is not np.ndarray:
        return False
    if value.dtype.char not in CTYPES or not value.dtype.isnative or 0 in value.shape:
        return False
    return all(step % value.dtype.itemsize == 0 for step in value.strides or ())


def own(variable: Variable) -> Place:
    """The place of a variable that C makes: without gaps, in its own order of axes."""
    strides = dense(variable)
    if strides is None:
        strides = in_order(variable.shape)
    return Place(variable, variable.shape, strides)


def place_of(value: Any) -> Place:
    """The place of a value as it lies."""
    size = value.dtype.itemsize
    strides = tuple(step // size for step in value.strides or ())
    return Place(value, value.shape, strides)


def viewed(call: Call, places: dict[Variable, Place]) -> Place | None:
    """The place of a call's result, if that is a view of its first argument."""
    x = call.first
    if call.guard or len(call.outs) != 1 or call.several or not fits(call.out):
        return None
    if type(x) is not Variable or not fits(x) or [*variables(call.args)] != [x]:
        return None
    place = places.get(x) or place_of(x)
    if call.fun is operator.getitem:
        basic = is_basic(call.args[1]) and x.kind is np.ndarray
        return looked(place, call.fun, *call.args[1:]) if basic else None
    if call.fun in VIEWS:
        return looked(place, call.fun, *call.args[1:], **call.kwargs)
    shape = call.out.shape
    if reshapes(call) and place.strides == in_order(place.shape):
        return Place(place.root, shape, in_order(shape), place.offset)
    return None


def reshapes(call: Call) -> bool:
    """Whether a call gives the same entries, in C order, another shape."""
    return call.fun in RESHAPES and in_c_order(call)


def looked(place: Place, fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Place:
    """What NumPy says of a view. Of the array that it looks at, no entry is read."""
    memory = np.empty(1, np.int8)
    x: Any = np.lib.stride_tricks.as_strided(memory, place.shape, place.strides)
    if fun is operator.getitem:  # with an ellipsis, it never reads a number
        parts = args[0] if type(args[0]) is tuple else args
        args = (parts if any(part is ... for part in parts) else (*parts, ...),)
    view = fun(x, *args, **kwargs)
    start, begin = (a.__array_interface__["data"][0] for a in (view, x))
    return Place(place.root, view.shape, view.strides, place.offset + start - begin)
