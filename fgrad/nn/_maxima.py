"""The largest entry of each window, and two linear functions of where it is.

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
from fgrad._engine.rules import constant, defvjp, rule_of
from fgrad.batching.forms import aligned, one_array
from fgrad.nn._windows import Window, padded, view

__all__ = ["attaining", "chosen", "placed", "window_maxima"]


@primitive
def window_maxima(x: Any, window: Window) -> Any:
    """The maximum in each window. Padding is no entry, and nan is above all numbers."""
    shown = view(padded(x, window, -np.inf), window)
    first, *others = np.ndindex(window.size)
    top = _at(shown, first).copy()
    for offset in others:
        np.maximum(top, _at(shown, offset), out=top)
    return top


def attaining(x: Any, top: Any, window: Window) -> Any:
    """Which entry of each window is its maximum: of several, the first."""
    shown = view(padded(x, window, np.nan), window)  # padding equals nothing
    which = np.zeros(top.shape, np.min_scalar_type(prod(window.size)))
    for i, offset in reversed(list(enumerate(np.ndindex(window.size)))):
        np.copyto(which, i, where=_at(shown, offset) == top)
    lost = np.isnan(top)
    if np.any(lost):
        nan = attaining(np.isnan(x).astype(x.dtype), np.ones_like(top), window)
        np.copyto(which, nan, where=lost)
    return which


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


constant(attaining)
_attaining = lift(attaining)


def window_maxima_pullback(g: Any, ans: Any, x: Any, window: Window) -> Any:
    """To the first entry that attains the maximum."""
    which = _attaining(primal(x), primal(ans), window)
    return placed(g, which, window, x.shape[-len(window.size) :])


rule_of(window_maxima).name = "nn.max_pool"  # as messages say it
defvjp(window_maxima, masks=True, x=window_maxima_pullback)
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


@one_array(window_maxima)
def in_front(fun: Any, x: Any, window: Window) -> Any:
    """The examples are one more axis in front."""
    return fun(x, window)


aligned(attaining, arrays=("x", "top"))
aligned(chosen, arrays=("x", "which"))
aligned(placed, arrays=("g", "which"))
