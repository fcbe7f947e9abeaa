"""Making arrays from numbers, lists and ranges."""

from typing import Any

import numpy as np

from fgrad._engine.box import ARGUMENTS, Box, boxes_in, primal, stand_in
from fgrad._engine.rules import derived
from fgrad._words.callsite import at, no_rule
from fgrad._words.conversions import INDEX
from fgrad._words.foreign import is_sequence
from fgrad.errors import ConversionError
from fgrad.primitives.creation import asarray
from fgrad.primitives.shaping import reshaped


def as_traced(x: Any) -> Any:
    """An array, traced if `x` is or has a traced value in it."""
    if type(x) is Box or type(x) is np.ndarray:
        return x
    return array(x) if boxes_in(x) else np.asarray(x)


def as_index(index: Any) -> Any:
    """An index or a count, for NumPy's own code; the same for all examples."""
    for box in boxes_in(index):
        for below in boxes_in(primal(box)):
            words = "an index or a count has to be one value"
            raise below._trace.refusal(box, "int(x)", instead=words)
        raise ConversionError(at(INDEX))
    return index


@derived(np.array)
def array(
    object: Any,
    dtype: Any = None,
    *,
    copy: bool | None = True,
    order: Any = "K",
    subok: bool = False,
    ndmin: int = 0,
    ndmax: int = 0,
    like: Any = None,
) -> Any:
    """A nested list with traced entries: stack all of them, and bring into shape."""
    if ndmax:
        raise no_rule("np.array(..., ndmax=...)")
    if type(object) is Box:
        object = np.copy(object) if copy else object
    elif is_sequence(type(object)) and boxes_in(object):
        object = _stacked(object)
    elif boxes_in(object):
        what = f"np.array with a traced value in a {type(object).__name__}"
        raise no_rule(f"{what}; make a list of it")
    else:
        object = np.asarray(object)
    if dtype is not None or order != "K":
        object = asarray(object, dtype=dtype, order=order)
    missing = ndmin - np.ndim(object)
    return np.reshape(object, (1,) * missing + object.shape) if missing > 0 else object


def _stacked(entries: Any) -> Any:
    """A nested list as one array, of all entries in the innermost lists."""
    entries, levels = [*entries], [len(entries)]
    while entries and len(lengths := {_length(entry) for entry in entries}) == 1:
        length = lengths.pop()
        if length is None:
            break
        entries = [item for entry in entries for item in entry]
        levels.append(length)
    stack = np.stack([e if type(e) in ARGUMENTS else array(e) for e in entries])
    return reshaped(stack, (*levels, *stack.shape[1:])) if levels[1:] else stack


def _length(entry: Any) -> int | None:
    """How many entries a list has; ``None`` if this is no list."""
    kind = type(entry)
    return len(entry) if kind not in ARGUMENTS and is_sequence(kind) else None


@derived(np.fromiter)
def fromiter(iter: Any, dtype: Any, count: int = -1, *, like: Any = None) -> Any:
    return array(list(iter)[:count] if count >= 0 else iter, dtype)


@derived(np.full)
def full(
    shape: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "C",
    *,
    device: Any = None,
    like: Any = None,
) -> Any:
    fill_value = as_traced(fill_value)
    return asarray(np.broadcast_to(fill_value, shape), dtype=dtype, order=order)


@derived(np.full_like)
def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Any:
    plain = np.asarray(stand_in(a))
    fill_value = as_traced(fill_value)
    if type(fill_value) is not Box:
        return np.full_like(plain, fill_value, dtype, order, subok, shape)
    shape = plain.shape if shape is None else shape
    return full(shape, fill_value, plain.dtype if dtype is None else dtype)


@derived(np.arange)
def arange(
    start: Any,
    stop: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    device: Any = None,
    like: Any = None,
) -> Any:
    """The ends decide how many numbers; the start and the step, which ones."""
    if stop is None:
        start, stop = 0, start
    plain = np.arange(primal(start), primal(stop), primal(step), dtype=dtype)
    if plain.dtype.kind not in "fc":
        return plain
    step = (start + step) - start  # as NumPy rounds it
    numbers = start + np.arange(plain.size, dtype=plain.dtype) * step
    return asarray(numbers, dtype=plain.dtype)


@derived(np.logspace)
def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    if np.ndim(base):
        start, stop, base = as_traced(start), as_traced(stop), as_traced(base)
        ndim = np.broadcast(*map(stand_in, (start, stop, base))).ndim
        start, stop = array(start, ndmin=ndim), array(stop, ndmin=ndim)
        base = np.expand_dims(array(base, ndmin=ndim), axis)
    powers = np.power(base, np.linspace(start, stop, num, endpoint, axis=axis))
    return powers if dtype is None else asarray(powers, dtype=dtype)


@derived(np.meshgrid)
def meshgrid(
    *xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy"
) -> tuple[Any, ...]:
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    axes = list(range(len(xi)))
    if indexing == "xy" and len(xi) > 1:
        axes[:2] = 1, 0
    grids = [
        np.reshape(as_traced(x), [-1 if i == axis else 1 for i in range(len(xi))])
        for x, axis in zip(xi, axes, strict=True)
    ]
    grids = grids if sparse else np.broadcast_arrays(*grids)
    return tuple(map(np.copy, grids) if copy else grids)


@derived(np.ix_)
def ix_(*args: Any) -> tuple[Any, ...]:
    return tuple(
        mesh if primal(x) is x else np.reshape(as_traced(x), mesh.shape)
        for x, mesh in zip(args, np.ix_(*map(primal, args)), strict=True)
    )


@derived(np.kaiser)
def kaiser(M: Any, beta: Any) -> Any:
    if M == 1 or M < 1:
        return np.kaiser(M, primal(beta))
    beta = as_traced(beta)
    beta = asarray(beta, dtype=np.result_type(beta.dtype, np.float64))
    middle = (M - 1) / 2.0
    n = np.arange(0, M, dtype=np.float64)
    return np.i0(beta * np.sqrt(1 - ((n - middle) / middle) ** 2.0)) / np.i0(beta)
