"""Two recordings of a function, compared: what differs was no argument of it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from types import FunctionType
from typing import Any

import numpy as np

from fgrad._engine.box import Box
from fgrad._program.calls import Program, Variable
from fgrad._words.callsite import at

__all__ = ["alike", "difference", "largest", "same_bits"]


def difference(first: Program, second: Program) -> str | None:
    """How two recordings differ, in words that name the user's line."""
    names = dict(zip(first.inputs, second.inputs, strict=True))
    for a, b in zip(first.calls, second.calls, strict=False):
        if a.fun != b.fun or len(a.outs) != len(b.outs):
            return at("another operation ran when it was called again", b.site)
        if a.guard and a.answer != b.answer:
            return at("another branch was taken when it was called again", b.site)
        if not (_same(a.args, b.args, names) and _same(a.kwargs, b.kwargs, names)):
            return at(
                "a number or an array that is no argument was another one when it was "
                "called again",
                b.site,
            )
        names.update(zip(a.outs, b.outs, strict=True))
    if len(first.calls) != len(second.calls):
        longer = max(first.calls, second.calls, key=len)
        site = longer[min(len(first.calls), len(second.calls))].site
        return at("more or fewer operations ran when it was called again", site)
    if first.structure != second.structure:
        return "it returned another tree when it was called again"
    if not _same(first.outputs, second.outputs, names):
        return "it returned another constant when it was called again"
    return None


def _same(a: Any, b: Any, names: dict[Variable, Variable]) -> bool:
    """Whether two arguments stand for the same."""
    kind = type(a)
    if a is b:
        return kind is not Variable
    if kind is not type(b):
        return False
    if kind is Variable:
        return names.get(a) is b
    if kind is tuple or kind is list:
        return len(a) == len(b) and all(
            _same(x, y, names) for x, y in zip(a, b, strict=True)
        )
    if kind is dict:
        return a.keys() == b.keys() and all(_same(a[key], b[key], names) for key in a)
    if kind is slice:
        return (a.start, a.stop, a.step) == (b.start, b.stop, b.step)
    if kind is np.ndarray or isinstance(a, np.generic | float | complex):
        return same_bits(a, b)
    if kind is FunctionType and a.__code__ is b.__code__:
        return _same(_seen_by(a), _seen_by(b), names)
    if kind is partial:
        return _same(_parts(a), _parts(b), names)
    if kind is Box:  # in a function that does not use it, else that is not recorded
        return True
    if bool(a == b):
        return True
    state = getattr(a, "__dict__", None) if callable(a) else None
    return bool(state) and _same(state, b.__dict__, names)


def _seen_by(fun: FunctionType) -> list[Any]:
    """What a function sees beside its arguments and globals."""
    cells = [cell.cell_contents for cell in fun.__closure__ or ()]
    return [fun.__defaults__, fun.__kwdefaults__, *cells]


def _parts(fun: partial[Any]) -> list[Any]:
    return [fun.func, fun.args, fun.keywords]


def same_bits(a: Any, b: Any, *, layout: bool = True) -> bool:
    """Whether two arrays or numbers are the same in class, shape, layout and bits."""
    if type(a) is not type(b):
        return False
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.dtype.kind not in "biufc":
        return bool(np.all(a == b))
    return (not layout or a.strides == b.strides) and a.tobytes() == b.tobytes()


def alike(a: Any, b: Any, size: float) -> bool:
    """Whether two arrays or numbers are the same but for rounding.

    Where all of a result cancels, rounding is all that is left, that of numbers of this
    size: the size of what goes in and comes out.
    """
    if type(a) is not type(b):
        return False
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype.kind not in "fc" or a.shape != b.shape or a.dtype != b.dtype:
        return same_bits(a, b, layout=False)
    eps = float(np.finfo(a.dtype).eps)
    atol = eps**0.5 * largest([b]) + 64 * eps * size
    return np.allclose(a, b, eps**0.5, atol, equal_nan=True)


def largest(values: Iterable[Any]) -> float:
    """The largest size of finite entries."""
    found = [np.abs(x) for x in map(np.asarray, values) if x.dtype.kind in "fc"]
    return max(
        (float(np.max(x, initial=0, where=x < np.inf)) for x in found), default=0
    )
