"""Assignment: a box that is written to is bound to another array.

``x[i] = v`` computes `index_update`, and puts its value, trace and node into the same
box. So a name for the box sees the change, and what was recorded before does not. A
write to a view goes to its source, and from there back to all that shares its memory.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from sys import getrefcount
from typing import Any

import numpy as np

from fgrad._engine.box import ARGUMENTS, Box, boxes_in, stored_array
from fgrad._engine.constants import CONSTANT, RUNNING, constant_box, unwrapped
from fgrad._engine.dispatch import traced
from fgrad._engine.in_place import is_alone, written_in_place
from fgrad._engine.memory import Cell, Mark, mark_of, refresh, root_of, supersede
from fgrad._engine.scatter import index_update
from fgrad._engine.trace import Node, next_order
from fgrad._engine.views import (
    is_basic,
    is_batched,
    is_number,
    put_back,
    source_of,
    step,
    taken,
    unknown_parents,
)
from fgrad._words.callsite import at, short
from fgrad.errors import ConversionError

__all__ = ["augmented", "cannot_change", "replace", "setitem", "unchanging"]


def setitem(box: Box, index: Any, value: Any) -> None:
    """``box[index] = value``."""
    value, index = _usable(box, index, value)
    if type(value) is Box and _is_there(box, index, value):
        return
    if is_number(box):
        raise cannot_change(box)
    if box.size:
        _write(box, lambda now: _updated(now, index, value), (index, value))
    else:
        np.empty(box.shape)[index] = np.zeros(np.shape(value))


def cannot_change(box: Box) -> Exception:
    """The error of a write to a number."""
    kind = stored_array(box).dtype.name
    return TypeError(f"{kind!r} object does not support item assignment")


def replace(box: Box, result: Any) -> None:
    """``box[...] = result``, for a result that is nobody else's."""
    fits = type(result) is Box and not is_number(result)
    if fits and (result.shape, result.dtype) == (box.shape, box.dtype):
        _check_open(box)
        box.now()
        _write(box, lambda _: result)
    else:
        setitem(box, ..., result)


# What is written ----------------------------------------------------------------------


def _check_open(box: Box) -> None:
    if not (box._trace.open or box._trace is CONSTANT):
        box._trace.leaked(box)


def _usable(box: Box, index: Any, value: Any) -> tuple[Any, Any]:
    """Value and index as arrays, or an error: NumPy's, or one in words."""
    _check_open(box)
    if type(value) not in ARGUMENTS:
        value = traced(np.array)(value) if boxes_in(value) else np.asarray(value)
    for one in (box, value, *boxes_in([index])):
        if type(one) is Box:
            one.now()
    value, index = unwrapped(value), unwrapped(index)
    dtype = getattr(value, "dtype", None) or np.asarray(value).dtype
    if dtype.kind in "fc":
        _check_cast(dtype, box)
    return value, index


def _check_cast(dtype: Any, box: Box) -> None:
    """Refuse a dtype of which an array cannot hold the values."""
    if not np.can_cast(dtype, box.dtype, "same_kind"):
        raise ConversionError(
            at(
                f"cannot write a value of dtype {dtype} into an array of dtype "
                f"{box.dtype}: a part of it would be lost. Make the array with "
                f"dtype={dtype}, or write what is left of the value"
            )
        )


def _is_there(box: Box, index: Any, value: Box) -> bool:
    """Whether a value is what is there: Python ends ``x[i] += y`` with ``x[i] = t``."""
    above = step(value._node)
    if above is not box._node or is_number(value) or not value._node.edges:
        return False
    _, pullback, residuals = value._node.edges[0]
    if pullback.rule.fun is not operator.getitem or not is_basic(index):
        return False
    pair = [i if type(i) is tuple else (i,) for i in (residuals[0], index)]
    return repr(pair[0]) == repr(pair[1])


def _updated(now: Box, index: Any, value: Any) -> Any:
    """The contents of a box after ``box[index] = value``."""
    given = getattr(value, "dtype", None)
    if given is not None and given != now.dtype:
        value = value.astype(now.dtype)
    if now._trace is CONSTANT and not boxes_in([value, index]):
        out = np.array(now._value)
        out[index] = value
        return constant_box(out)
    return traced(index_update)(unwrapped(now), index, value)


# Where it is written ------------------------------------------------------------------


def _write(
    box: Box,
    update: Callable[[Any], Any],
    item: tuple[Any, Any] | None = None,
) -> None:
    """Bind a box, or what it is a view of, to new contents."""
    root, path = root_of(box._node)
    if mark_of(root) is None and unknown_parents(root):
        raise _unknown(box)
    source = _source(box, path, root) if path else box
    if source is box:
        _write_root(box, update, item)
        return
    _check_changing(source)
    sources: list[Any] = [source]
    for one in reversed(path):
        sources.append(taken(one, sources[-1]))
    part = update(sources.pop())
    for one in path:
        part = put_back(one, sources.pop(), part)
    supersede(source, _boxed(part), shared=True)
    refresh(box)


def _boxed(value: Any) -> Box:
    return value if type(value) is Box else constant_box(np.array(value))


def _write_root(
    box: Box, update: Callable[[Any], Any], item: tuple[Any, Any] | None
) -> None:
    array = stored_array(box)
    if not array.flags.writeable and box._trace is CONSTANT:
        raise ValueError("assignment destination is read-only")
    if mark_of(box._node) is None and box._node.edges and _hangs(array):
        raise _unknown(box)
    array = None  # it counts
    _check_changing(box)
    if item is not None and written_in_place(box, *item):
        return
    shared = not is_alone(box)
    new = update(Box(box._value, box._trace, box._node))
    supersede(box, _boxed(new), shared=shared)


def _hangs(array: np.ndarray[Any, Any]) -> bool:
    """Whether an array is a view of one that somebody else holds."""
    return array.base is not None and _base_holders(array) > HELD


def _base_holders(array: np.ndarray[Any, Any]) -> int:
    return getrefcount(array.base)


HELD = _base_holders(np.zeros(2)[1:])


def _unknown(box: Box) -> ConversionError:
    return ConversionError(
        at(
            f"this value, made at {short(box._node.site)}, may be a view of another "
            f"array; write to that one, or to a copy"
        )
    )


def _source(box: Box, path: list[Node], root: Node) -> Box:
    """The box of which this one is a view; itself if it is a copy."""
    mark = mark_of(root)
    if mark is not None:
        return mark.cell.box
    array = stored_array(box)
    if not is_batched(box) and array.base is not None and not _hangs(array):
        return box  # nobody else is left to see it
    array = None
    source = _recovered(box, path, root)
    if source is not None:
        root.memory = Mark(Cell(source), source._value, root.site)
        return source
    array = stored_array(box)
    whole = type(array) is np.ndarray and array.base is None and not is_alone(box)
    if is_batched(box) or whole or _hangs(array):
        raise _unknown(box)
    return box


def _recovered(box: Box, path: list[Node], root: Node) -> Box | None:
    """What a view was taken from: its nodes know it, or NumPy knows the array."""
    source = source_of(box, path)
    if source is not None:
        return source
    value = box._value
    if type(value) is Box:
        inner, above = root_of(value._node)[1][: len(path)], None
        if len(inner) == len(path):
            above = step(inner[-1])
        below = None if above is None else _recovered(value, inner, above)
        fits = below is not None and below.shape == root.shape
        return Box(below, box._trace, root) if fits else None
    owner = value.base
    if type(owner) is not np.ndarray or not root.shape:  # it may be a number
        return None
    if (owner.shape, owner.dtype) != (root.shape, root.dtype):
        return None
    source = Box(owner, box._trace, root)
    return source if _is_view(box, path, source) else None


def _is_view(box: Box, path: list[Node], source: Box) -> bool:
    """Whether taking the view once more leads to the same memory."""
    view: Any = source
    for one in reversed(path):
        view = taken(one, view)
    a, b = stored_array(view), stored_array(box)
    if type(a) is not np.ndarray or type(b) is not np.ndarray:
        return False
    return a.strides == b.strides and a.ctypes.data == b.ctypes.data


# Augmented assignment -----------------------------------------------------------------


def augmented(operate: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """``x op= y`` from ``x op y``: arrays change, numbers are bound anew."""

    def method(self: Box, other: Any) -> Any:
        self.now()
        result = operate(self, other)
        if is_number(self) or result is NotImplemented:
            return result
        if np.shape(result) != self.shape:
            raise ValueError(
                f"non-broadcastable output operand with shape {self.shape} doesn't "
                f"match the broadcast shape {np.shape(result)}"
            )
        _check_cast(result.dtype, self)
        replace(self, result)
        return self

    return method


# What must not change -----------------------------------------------------------------

UNCHANGING: ContextVar[tuple[int, str] | None] = ContextVar("UNCHANGING", default=None)
"""What was made before this clock may not be written to, and the words that say so."""


@contextmanager
def unchanging(words: str) -> Generator[None]:
    """Refuse to write to what was made before, by a function that may run again."""
    token, running = UNCHANGING.set((next_order(), words)), RUNNING.set(True)
    try:
        yield
    finally:
        RUNNING.reset(running)
        UNCHANGING.reset(token)


def _check_changing(box: Box) -> None:
    limit = UNCHANGING.get()
    if limit is not None and box._node.order > limit[0]:
        raise ConversionError(at(limit[1]))


def _attach() -> None:
    Box.__setitem__ = setitem
    for name in ("add", "sub", "mul", "truediv", "pow", "mod", "matmul", "floordiv"):
        operate = getattr(operator, name)
        setattr(Box, f"__i{name}__", augmented(operate))


_attach()
