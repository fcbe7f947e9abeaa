"""Shapes, and orders of axes and entries."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from fgrad._engine.box import Box, boxes_in, example, primal
from fgrad._engine.rules import derived
from fgrad._engine.views import is_batched, unsure
from fgrad._words.callsite import no_rule
from fgrad.derived.creation import as_traced
from fgrad.primitives.shaping import reshaped


@derived(np.reshape)
def reshape(
    a: Any,
    shape: Any = None,
    order: str = "C",
    *,
    newshape: Any = None,
    copy: bool | None = None,
) -> Any:
    shape = newshape if shape is None else shape
    order = _axis_order(a) if order in "Aa" else order.upper()
    copies = type(a) is Box and (copy or _copies(a, shape, order))
    given = np.copy(a, order) if copies else a
    ans = reshaped(given, shape, order) if order == "F" else reshaped(given, shape)
    if copies and is_batched(a):
        unsure(ans, [a])  # one example may lie in memory in another way
    return ans


def _copies(a: Box, shape: Any, order: Any) -> bool:
    """Whether NumPy has to copy the entries, so that there is no view."""
    if _is_contiguous(a, order):
        return False
    one = np.asarray(example(a.now()))
    return not np.may_share_memory(np.reshape(one, shape, order), one)


def _is_contiguous(a: Any, order: str) -> bool:
    flags = np.asarray(example(a)).flags
    return flags.c_contiguous if order == "C" else flags.f_contiguous


def _axis_order(a: Any) -> str:
    """The order that means "as in memory"."""
    flags = np.asarray(example(a)).flags
    return "F" if flags.f_contiguous and not flags.c_contiguous else "C"


@derived(np.ravel)
def ravel(a: Any, order: str = "C") -> Any:
    if order in "Kk":
        strides = np.asarray(example(a)).strides
        outermost_first = np.argsort([-abs(n) for n in strides], kind="stable")
        a, order = np.transpose(a, tuple(outermost_first)), "C"
    order = _axis_order(a) if order in "Aa" else order.upper()
    return reshape(a, -1, order, copy=not _is_contiguous(a, order))


@derived(np.rollaxis)
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """NumPy rolls an empty array, whose axis i has length i."""
    a = as_traced(a)
    order = np.rollaxis(np.empty(range(a.ndim)), axis, start).shape
    return np.transpose(a, order)


def _each(function: Any, arrays: tuple[Any, ...]) -> Any:
    """One result for one array, a tuple for several."""
    results = tuple(function(as_traced(a)) for a in arrays)
    return results[0] if len(results) == 1 else results


@derived(np.atleast_1d)
def atleast_1d(*arys: Any) -> Any:
    return _each(lambda a: a if a.ndim else np.reshape(a, 1), arys)


@derived(np.atleast_2d)
def atleast_2d(*arys: Any) -> Any:
    return _each(lambda a: a if a.ndim > 1 else np.reshape(a, (1, -1)), arys)


@derived(np.atleast_3d)
def atleast_3d(*arys: Any) -> Any:
    def three(a: Any) -> Any:
        if a.ndim > 2:
            return a
        return np.reshape(a, (*a.shape, 1) if a.ndim == 2 else (1, a.size, 1))

    return _each(three, arys)


@derived(np.broadcast_arrays)
def broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Any, ...]:
    arrays = [as_traced(a) for a in args]
    shape = np.broadcast_shapes(*[a.shape for a in arrays])
    return tuple(a if a.shape == shape else np.broadcast_to(a, shape) for a in arrays)


@derived(np.resize)
def resize(a: Any, new_shape: Any) -> Any:
    a = np.ravel(as_traced(a))
    size = int(np.prod(new_shape))
    if not a.size or np.any(np.less(new_shape, 1)):
        return np.resize(primal(a), new_shape)
    return np.reshape(np.tile(a, -(-size // a.size))[:size], new_shape)


@derived(np.diagflat)
def diagflat(v: Any, k: int = 0) -> Any:
    return np.diag(np.ravel(as_traced(v)), k)


@derived(as_strided)
def strided(
    x: Any,
    shape: Any = None,
    strides: Any = None,
    subok: bool = False,
    writeable: bool = True,
) -> Any:
    """The entries in memory order, picked at multiples of the strides."""
    memory = np.asarray(primal(x))
    if not (memory.flags.c_contiguous or memory.flags.f_contiguous):
        raise no_rule(
            "np.lib.stride_tricks.as_strided of an array with gaps in memory; call "
            "np.ascontiguousarray first"
        )
    shape = memory.shape if shape is None else shape
    strides = memory.strides if strides is None else strides
    ranges = [n * step for n, step in zip(map(np.arange, shape), strides, strict=True)]
    places, within = np.divmod(sum(np.ix_(*ranges), np.zeros((), int)), memory.itemsize)
    if np.any(within) or np.any((places < 0) | (places >= memory.size)):
        raise no_rule(
            "np.lib.stride_tricks.as_strided with strides that lead out of the array, "
            "or between its entries"
        )
    taken = np.take(np.ravel(x, "K"), places)
    unsure(taken, boxes_in(x))  # NumPy makes a view
    return taken
