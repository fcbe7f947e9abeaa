"""The largest entry of each window: where it is, and two linear functions of that.

Given the places, `chosen` picks entries, and `placed` puts numbers where they were.
Each is the derivative of the other. All take any number of axes in front, which
broadcast.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from fgrad._engine.box import primal
from fgrad._engine.dispatch import lift, primitive
from fgrad._engine.rules import constant, defvjp
from fgrad.batching.forms import aligned, one_array
from fgrad.nn._windows import Window, padded, view

__all__ = ["chosen", "first_along", "placed", "window_maxima"]


def window_maxima(x: Any, window: Window) -> Any:
    """The maximum in each window. Padding is no entry, and of equal ones the first is.

    Its derivative follows the entry that was chosen.
    """
    return chosen(x, _largest(primal(x), window), window)


def largest(x: Any, window: Window) -> Any:
    """Which entry of each window is the largest; nan is larger than all numbers."""
    shown = view(padded(x, window, -np.inf), window)
    which = np.empty(shown.shape[: x.ndim - len(window.size)] + shown.shape[x.ndim :],
                     np.min_scalar_type(prod(window.size)))  # fmt: skip
    which[...] = first_inside(x.shape[-len(window.size) :], window)
    top = np.full(which.shape, -np.inf, x.dtype)
    for i, offset in enumerate(np.ndindex(window.size)):
        here = _at(shown, offset)
        better = (here > top) | (here != here)  # noqa: PLR0124 (nan)
        np.copyto(which, i, where=better)
        np.copyto(top, here, where=better)
    return which


def first_inside(shape: tuple[int, ...], window: Window) -> Any:
    """The first entry of each window that is not padding, counted in all axes."""
    first: Any = 0
    for axis, size in enumerate(window.size):
        along = first_along(axis, shape, window)[0]
        first = first * size + np.reshape(along, (-1, *(1,) * (len(shape) - axis - 1)))
    return first


def first_along(axis: int, shape: tuple[int, ...], window: Window) -> tuple[Any, Any]:
    """For the windows along one axis: which entry is not padding, and where it is."""
    starts = np.arange(window.places(shape)[axis]) * window.stride[axis]
    starts = starts - window.padding[axis][0]
    along = -(np.minimum(starts, 0) // window.dilation[axis])
    return along, starts + along * window.dilation[axis]


@primitive
def chosen(x: Any, which: Any, window: Window) -> Any:
    """Of each window, the entry that `which` names."""
    shown = view(padded(x, window), window)
    shape = np.broadcast_shapes(_at(shown, (0,) * len(window.size)).shape, which.shape)
    ans = np.zeros(shape, x.dtype)
    for i, offset in enumerate(np.ndindex(window.size)):
        np.copyto(ans, _at(shown, offset), where=which == i)
    return ans


@primitive
def placed(g: Any, which: Any, window: Window, shape: tuple[int, ...]) -> Any:
    """An array of `shape`: of each window, its number is added where `which` says."""
    rest = np.broadcast_shapes(g.shape, which.shape)[: -len(shape)]
    out = np.zeros((*rest, *window.padded(shape)), g.dtype)
    shown = view(out, window)
    for i, offset in enumerate(np.ndindex(window.size)):
        here = _at(shown, offset)
        np.add(here, g, out=here, where=which == i)
    return out[window.inside(shape)]


def _at(shown: Any, offset: tuple[int, ...]) -> Any:
    """One entry of all windows."""
    return shown[(..., *offset, *(slice(None),) * len(offset))]


constant(largest)
_largest = lift(largest)
defvjp(
    chosen,
    linear=True,
    broadcasts=True,
    masks=True,
    x=lambda g, like, which, window: placed(
        g, which, window, like.shape[-len(window.size) :]
    ),
)
defvjp(
    placed,
    linear=True,
    broadcasts=True,
    masks=True,
    g=lambda g, which, window: chosen(g, which, window),
)


@one_array(largest)
def in_front(fun: Any, x: Any, window: Window) -> Any:
    """The examples are one more axis in front."""
    return fun(x, window)


aligned(chosen, arrays=("x", "which"))
aligned(placed, arrays=("g", "which"))
