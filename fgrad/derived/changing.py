"""NumPy's functions that change an array: each writes to a box, by its items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from fgrad._engine.assignment import cannot_change, setitem
from fgrad._engine.box import Box, boxes_in
from fgrad._engine.dispatch import traced
from fgrad._engine.memory import share_memory
from fgrad._engine.rules import CHANGING, derived
from fgrad._engine.views import is_number
from fgrad._words.callsite import at as located, user_call
from fgrad._words.storing import storing
from fgrad.derived.creation import as_index, as_traced
from fgrad.errors import ConversionError

F = TypeVar("F", bound=Callable[..., Any])


def changing(fun: Callable[..., Any]) -> Callable[[F], F]:
    """Say that, for traced values, `fun` is the decorated composition."""
    CHANGING.add(fun)
    return derived(fun)


def changed(array: Any, given: Any = ()) -> Any:
    """The array that is to be changed: a box, if what it gets may be traced."""
    if type(array) is not Box:
        if boxes := boxes_in(given):
            raise storing_error(boxes[0])
        raise TypeError(f"only an array can be changed, not a {type(array).__name__}")
    if is_number(array):
        raise cannot_change(array)
    return array


def storing_error(box: Box) -> Exception:
    """The error where a traced value would be stored into a plain array.

    NumPy's own functions store, too: then the words are about what the user called.
    """
    call = user_call()
    by_numpy = call is not None and call.callee is not None
    instead = "" if by_numpy else storing(call)
    return box._trace.refusal(box, "np.asarray(x)", instead=instead)


def check_overlap(array: Box, values: Any) -> None:
    """Refuse values that change while NumPy writes them, one after the other."""
    if any(share_memory(array, box) for box in boxes_in(values)):
        raise ConversionError(
            located(
                "cannot write a view of an array into that array, entry by entry; "
                "write a copy of it"
            )
        )


def put_flat(array: Box, positions: Any, values: Any) -> None:
    """Write values at positions, counted through the array in C order.

    There may be fewer values than positions: then they are repeated.
    """
    positions, values = np.ravel(positions), np.ravel(as_traced(values))
    if not (positions.size and values.size):
        return
    if array.ndim:
        if values.size != 1:
            values = np.resize(values, positions.shape)
        setitem(array, np.unravel_index(positions, array.shape), values)
    else:
        setitem(array, ..., values[(positions.size - 1) % values.size])


@changing(np.copyto)
def copyto(dst: Any, src: Any, casting: Any = "same_kind", where: Any = True) -> None:
    dst, src = changed(dst, [src, where]), as_traced(src)
    if not np.can_cast(src.dtype, dst.dtype, casting):
        raise TypeError(
            f"Cannot cast array data from {src.dtype!r} to {dst.dtype!r} according to "
            f"the rule {casting!r}"
        )
    setitem(dst, ..., src if where is True else np.where(where, src, dst))


@changing(np.put)
def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    a, ind = changed(a, v), np.ravel(as_index(ind))
    if mode == "wrap":
        ind = ind % a.size
    elif mode == "clip":
        ind = np.clip(ind, 0, a.size - 1)
    elif ind.size and (np.min(ind) < -a.size or np.max(ind) >= a.size):
        bad = ind[(ind < -a.size) | (ind >= a.size)][0]
        raise IndexError(f"index {bad} is out of bounds for axis 0 with size {a.size}")
    put_flat(a, ind % max(a.size, 1), v)


@changing(np.place)
def place(arr: Any, mask: Any, vals: Any) -> None:
    arr, vals = changed(arr, [mask, vals]), np.ravel(as_traced(vals))
    if vals.size == 1:  # also where a mask differs between examples
        setitem(arr, ..., np.where(mask, vals[0], arr).astype(arr.dtype))
        return
    mask = np.ravel(as_index(mask))
    positions = np.flatnonzero(mask)
    if positions.size and not np.size(vals):
        raise ValueError("Cannot insert from an empty array!")
    put_flat(arr, positions, vals)


@changing(np.putmask)
def putmask(a: Any, mask: Any, values: Any) -> None:
    a, values = changed(a, [mask, values]), as_traced(values)
    if np.size(values):
        filled = np.resize(np.ravel(values), a.shape)
        setitem(a, ..., np.where(mask, filled, a).astype(a.dtype))


@changing(np.put_along_axis)
def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any = -1) -> None:
    arr, indices = changed(arr, values), as_index(indices)
    if axis is None:
        if indices.ndim != 1:
            raise ValueError("when axis=None, `indices` must have a single dimension.")
        values = as_traced(values)
        if values.size != indices.size:
            values = np.broadcast_to(values, indices.shape)
        put_flat(arr, indices, values)
        return
    axis = axis % arr.ndim
    if indices.ndim != arr.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    index: list[Any] = list(np.ogrid[tuple(map(slice, arr.shape))])
    index[axis] = indices
    setitem(arr, tuple(index), values)


@changing(np.fill_diagonal)
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    a = changed(a, val)
    if a.ndim < 2:
        raise ValueError("array must be at least 2-d")
    end: Any = None
    if a.ndim == 2:
        every = a.shape[1] + 1
        end = None if wrap else a.shape[1] * a.shape[1]
    else:
        if len(set(a.shape)) > 1:
            raise ValueError("All dimensions of input must be of equal length")
        every = 1 + sum(a.shape[0] ** i for i in range(1, a.ndim))
    check_overlap(a, val)
    put_flat(a, np.arange(a.size)[:end:every], val)


def at(ufunc: np.ufunc) -> Callable[..., None]:
    """``ufunc.at(a, indices, b)``: of an index that comes again, each counts."""

    def call(a: Any, indices: Any, *b: Any) -> None:
        a = changed(a, b)
        positions = np.arange(a.size).reshape(a.shape)[as_index(indices)]
        others = [np.ravel(np.broadcast_to(as_traced(x), positions.shape)) for x in b]
        positions = np.ravel(positions)
        for turn in turns(positions):
            index = np.unravel_index(positions[turn], a.shape)
            result = traced(ufunc)(a[index], *(x[turn] for x in others))
            setitem(a, index, result)

    return call


def turns(positions: Any) -> list[Any]:
    """Indices of positions, in groups in which no position comes twice, in order."""
    order = np.argsort(positions, kind="stable")
    ordered = positions[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    counts = np.diff(np.r_[starts, positions.size])
    turn = np.arange(positions.size) - np.repeat(starts, counts)
    return [np.sort(order[turn == i]) for i in range(max(counts, default=0))]


for _ufunc in vars(np).values():
    if isinstance(_ufunc, np.ufunc) and _ufunc.nout == 1 and not _ufunc.signature:
        changing(_ufunc.at)(at(_ufunc))
