"""Windows that move over the last axes of arrays, and what they show.

`unfolded` shows an array through all windows, `folded` is its transpose: it adds up the
windows. Each is the derivative of the other, and both take any number of axes in front.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp
from fgrad.batching.forms import one_array

__all__ = [
    "Window",
    "add_windows",
    "blocks",
    "folded",
    "padded",
    "runs",
    "unfolded",
    "view",
]


@dataclass(frozen=True)
class Window:
    """How a window moves over an array: one number for each axis that it has."""

    size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    """How many zeros stand before and after the array."""
    dilation: tuple[int, ...]

    @property
    def span(self) -> tuple[int, ...]:
        """From the first to the last entry that a window shows."""
        return tuple(
            d * (n - 1) + 1 for n, d in zip(self.size, self.dilation, strict=True)
        )

    def padded(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of an array with its padding."""
        return tuple(
            n + sum(sides) for n, sides in zip(shape, self.padding, strict=True)
        )

    def places(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """How many windows there are, for an array of this shape."""
        rooms = zip(self.padded(shape), self.span, self.stride, strict=True)
        return tuple((n - span) // step + 1 for n, span, step in rooms)

    def inside(self, shape: tuple[int, ...]) -> tuple[Any, ...]:
        """The index of the array itself among its padding."""
        pairs = zip(shape, self.padding, strict=True)
        return (..., *(slice(before, before + n) for n, (before, _) in pairs))


def view(x: Any, window: Window) -> Any:
    """All windows of an array that has its padding: (..., *size, *places)."""
    ndim = len(window.size)
    rest, shape = x.shape[:-ndim], x.shape[-ndim:]
    moves = list(zip(x.strides[-ndim:], window.stride, window.dilation, strict=True))
    rooms = zip(shape, window.span, window.stride, strict=True)
    places = tuple((n - span) // step + 1 for n, span, step in rooms)
    strides = (*(s * d for s, _, d in moves), *(s * step for s, step, _ in moves))
    return as_strided(x, (*rest, *window.size, *places), (*x.strides[:-ndim], *strides))


def padded(x: Any, window: Window, fill: Any = 0) -> Any:
    """The array with its padding around the last axes."""
    if not any(map(any, window.padding)):
        return x
    ndim = len(window.size)
    rest, shape = x.shape[:-ndim], x.shape[-ndim:]
    out = np.full((*rest, *window.padded(shape)), fill, x.dtype)
    out[window.inside(shape)] = x
    return out


def runs(x: Any, window: Window, places: tuple[int, ...]) -> Any:
    """The windows of images by one place after the other: (n, c, *size, length).

    If windows move on by 1, what one entry of them sees is a single run through the
    flattened image, up to what it sees at the ends of rows, where no window fits.
    """
    strides = x.strides[2:]
    last = sum(s * (n - 1) for s, n in zip(strides, places, strict=True))
    apart = (s * d for s, d in zip(strides, window.dilation, strict=True))
    shape = (*x.shape[:2], *window.size, last // x.itemsize + 1)
    return as_strided(x, shape, (*x.strides[:2], *apart, x.itemsize))


def add_windows(shown: Any, parts: Any, ndim: int, after: int) -> None:
    """Add parts to the windows of an array, which is given by its `view` or `runs`.

    The loop goes over the entries of a window or over its places, whichever are fewer:
    among the windows at one place, or the entries at one offset, none repeats.
    """
    first = parts.ndim - ndim - after
    size, places = shown.shape[first : first + ndim], shown.shape[first + ndim :]
    if prod(size) <= prod(places):
        every = (slice(None),) * after
        indices = [(..., *i, *every) for i in np.ndindex(size)]
    else:
        indices = [(..., *i) for i in np.ndindex(places)]
    for index in indices:
        here = shown[index]
        np.add(here, parts[index], out=here)


def blocks(count: int, each: int) -> Iterator[slice]:
    """Slices of `count` things of `each` many numbers, such that a cache holds one."""
    step = max(1, 2**17 // max(each, 1))
    for start in range(0, count, step):
        yield slice(start, start + step)


@primitive
def unfolded(x: Any, window: Window) -> Any:
    """What all windows show: (..., *size, *places) for an array (..., *shape)."""
    return view(padded(x, window), window).copy()


@primitive
def folded(parts: Any, window: Window, shape: tuple[int, ...]) -> Any:
    """The array of `shape` to whose entries all windows that show them are added."""
    ndim = len(shape)
    total = np.zeros((*parts.shape[: -2 * ndim], *window.padded(shape)), parts.dtype)
    add_windows(view(total, window), parts, ndim, ndim)
    return total[window.inside(shape)]


defvjp(
    unfolded,
    linear=True,
    x=lambda g, like, window: folded(g, window, like.shape[-len(window.size) :]),
)
defvjp(folded, linear=True, parts=lambda g, window: unfolded(g, window))


@one_array(unfolded, folded)
def in_front(fun: Any, a: Any, *static: Any, **named: Any) -> Any:
    """The examples are one more axis in front."""
    return fun(a, *static, **named)
