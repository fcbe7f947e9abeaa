"""Three products of images, kernels and maps, of which convolution is made.

For images x, kernels w and maps y there is one sum over all their products that belong
together, T(x, w, y): x at a place under a window, w at an offset in the window, and y
at the window's place. It is linear in each of the three. So any two of them have a
product of the shape of the third, by which T is the sum over it times the third:

* `correlated`: of images and kernels, the maps. That is what networks call convolution;
* `spread`: of maps and kernels, images. That is its transpose;
* `matched`: of images and maps, kernels.

The pullbacks of each are the two others, hence derivatives of all orders.

Shapes: images (n, c, *shape), kernels (o, c / groups, *size), maps (n, o, *places). The
windows of a few images at a time, as many as a cache holds, are copied to the columns
of a matrix; the rest is products of matrices.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp, rule_of
from fgrad.batching.forms import several_arrays
from fgrad.batching.trace import BatchTrace
from fgrad.nn._windows import Window, add_windows, blocks, padded, runs, view

__all__ = ["correlated", "matched", "spread"]


@primitive
def correlated(x: Any, w: Any, window: Window, groups: int) -> Any:
    """The maps of images and kernels."""
    shown = view(padded(x, window), window)
    n, o, rows = x.shape[0], w.shape[0], prod(w.shape[1:])
    places = shown.shape[-len(window.size) :]
    kernels = np.reshape(w, (groups, o // groups, rows))
    y = np.empty((n, groups, o // groups, prod(places)), np.result_type(x, w))
    for block in blocks(n, groups * rows * prod(places)):
        here = y[block]
        columns = np.reshape(shown[block], (len(here), groups, rows, prod(places)))
        np.matmul(kernels, columns, out=here)
    return np.reshape(y, (n, o, *places))


@primitive
def spread(y: Any, w: Any, window: Window, groups: int, shape: tuple[int, ...]) -> Any:
    """The images, of `shape`, of maps and kernels."""
    n, o, rows = y.shape[0], w.shape[0], prod(w.shape[1:])
    places, c = y.shape[2:], w.shape[1] * groups
    if max(window.stride) == 1 and o <= c:  # to copy maps is less than to add images
        room = tuple(
            (s - 1 - before, s - 1 - after)
            for s, (before, after) in zip(window.span, window.padding, strict=True)
        )
        if min(map(min, room)) >= 0:
            around = Window(window.size, window.stride, room, window.dilation)
            return correlated(y, _turned(w, groups), around, groups)
    x = np.zeros((n, c, *window.padded(shape)), np.result_type(y, w))
    if max(window.stride) > 1:
        shown, length, after = view(x, window), prod(places), len(places)
    else:  # longer runs are added faster
        shown = runs(x, window, places)
        length, after = shown.shape[-1], 1
        y = _in_rows(y, x.shape[3:])
    kernels = np.swapaxes(np.reshape(w, (groups, o // groups, rows)), 1, 2)
    maps = np.reshape(y, (n, groups, o // groups, prod(y.shape[2:])))[..., :length]
    for block in blocks(n, groups * rows * length):
        here = shown[block]
        parts = np.reshape(np.matmul(kernels, maps[block]), here.shape)
        add_windows(here, parts, len(places), after)
    return x[window.inside(shape)]


def _turned(w: Any, groups: int) -> Any:
    """The kernels by which maps are images and images are maps, if all moves are 1."""
    flipped = np.flip(w, tuple(range(2, w.ndim)))
    o, c, *size = w.shape
    kernels = np.reshape(flipped, (groups, o // groups, c, *size))
    return np.reshape(np.swapaxes(kernels, 1, 2), (groups * c, o // groups, *size))


def _in_rows(y: Any, shape: tuple[int, ...]) -> Any:
    """Maps with zeros at the ends of their rows, which get the lengths `shape`."""
    wide = np.zeros((*y.shape[:3], *shape), y.dtype)
    wide[(..., *map(slice, y.shape[3:]))] = y
    return wide


@primitive
def matched(x: Any, y: Any, window: Window, groups: int) -> Any:
    """The kernels of images and maps."""
    shown = view(padded(x, window), window)
    n, o, c = x.shape[0], y.shape[1], x.shape[1] // groups
    rows = c * prod(window.size)
    w = np.zeros((groups, rows, o // groups), np.result_type(x, y))
    for block in blocks(n, groups * rows * prod(y.shape[2:])):
        maps = _side_by_side(y[block], groups, o // groups, 1)
        columns = _side_by_side(shown[block], groups, rows, 1 + len(window.size))
        w += np.matmul(columns, np.swapaxes(maps, 1, 2))
    return np.reshape(np.swapaxes(w, 1, 2), (o, c, *window.size))


def _side_by_side(x: Any, groups: int, rows: int, axis: int) -> Any:
    """The matrices of a few images as one: the images go before the places, at `axis`.

    There is one for each group.
    """
    length = x.shape[0] * prod(x.shape[axis + 1 :])
    return np.reshape(np.moveaxis(x, 0, axis), (groups, rows, length))


rule_of(correlated).name = "nn.conv"  # as messages say it
rule_of(spread).name = "nn.conv_transpose"
defvjp(
    correlated,
    linear=True,
    x=lambda g, like, w, window, groups: spread(g, w, window, groups, like.shape[2:]),
    w=lambda g, x, window, groups: matched(x, g, window, groups),
)
defvjp(
    spread,
    linear=True,
    neutral=("shape",),
    y=lambda g, w, window, groups: correlated(g, w, window, groups),
    w=lambda g, y, window, groups: matched(g, y, window, groups),
)
defvjp(
    matched,
    linear=True,
    x=lambda g, like, y, window, groups: spread(y, g, window, groups, like.shape[2:]),
    y=lambda g, x, window, groups: correlated(x, g, window, groups),
)


# Under vmap: examples of images and maps are more images and maps; those of kernels are
# more groups, each of which has its own kernels --------------------------------------


def _joined(a: Any) -> Any:
    """Axes 0 and 1 as one."""
    return np.reshape(a, (a.shape[0] * a.shape[1], *a.shape[2:]))


def _split(a: Any, size: int) -> Any:
    """Axis 0 as two, the first of a given length."""
    return np.reshape(a, (size, a.shape[0] // size, *a.shape[1:]))


def _as_groups(trace: BatchTrace, x: Any) -> Any:
    """Images or maps of all examples: (n, size * c, ...)."""
    x = np.moveaxis(trace.of_all(x), 0, 1)
    return np.reshape(x, (x.shape[0], x.shape[1] * x.shape[2], *x.shape[3:]))


def _from_groups(x: Any, size: int) -> Any:
    """The examples in front again."""
    x = np.reshape(x, (x.shape[0], size, x.shape[1] // size, *x.shape[2:]))
    return np.moveaxis(x, 1, 0)


@several_arrays(correlated)
def correlated_examples(
    trace: BatchTrace, x: Any, w: Any, window: Window, groups: int
) -> Any:
    size = trace.size
    if not trace.holds(w):
        return _split(correlated(_joined(x._value), w, window, groups), size)
    x, w = _as_groups(trace, x), _joined(w._value)
    return _from_groups(correlated(x, w, window, groups * size), size)


@several_arrays(spread)
def spread_examples(
    trace: BatchTrace, y: Any, w: Any, window: Window, groups: int, shape: Any
) -> Any:
    size = trace.size
    if not trace.holds(w):
        return _split(spread(_joined(y._value), w, window, groups, shape), size)
    y, w = _as_groups(trace, y), _joined(w._value)
    return _from_groups(spread(y, w, window, groups * size, shape), size)


@several_arrays(matched)
def matched_examples(
    trace: BatchTrace, x: Any, y: Any, window: Window, groups: int
) -> Any:
    size = trace.size
    x, y = _as_groups(trace, x), _as_groups(trace, y)
    return _split(matched(x, y, window, groups * size), size)
