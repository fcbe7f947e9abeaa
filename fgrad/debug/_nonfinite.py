"""The first nan or infinity of a computation: which operation made it, of what."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from fgrad._engine.box import CONTAINERS, Box, stored
from fgrad._engine.replay import Visit
from fgrad._transforms._run import Run
from fgrad._tree import flatten
from fgrad._words.callsite import at
from fgrad.debug._values import number
from fgrad.debug._watching import Operation
from fgrad.errors import NonFiniteError

__all__ = ["check_finite"]


def check_finite(operation: Operation, ans: Any) -> None:
    """Raise an error if an operation made a nan or an infinity of finite numbers."""
    for result in flatten(ans)[0]:
        flaw = _flaw(result)
        if flaw:
            before = {_flaw(value) for value in _numbers(operation.values)}
            new = "nan" not in before and (flaw == "nan" or "inf" not in before)
            if new and not _in_replay():
                raise NonFiniteError(at(_words(operation, result, flaw)))


def _flaw(value: Any) -> str:
    """``nan`` or ``inf``, if there is one in an array."""
    array = np.asarray(stored(value))
    if array.dtype.kind not in "fc":
        return ""
    with np.errstate(all="ignore"):
        total: Any = np.vdot(array, array)
    if np.isfinite(total):
        return ""
    return "nan" if np.isnan(array).any() else "inf" if np.isinf(array).any() else ""


def _numbers(values: Any) -> list[Any]:
    """All numbers and arrays among arguments, and in their sequences."""
    found: list[Any] = []
    for value in values:
        if type(value) in CONTAINERS:
            found += _numbers(value)
        elif isinstance(value, Box | np.ndarray | np.generic | float | int | complex):
            found.append(value)
    return found


def _in_replay() -> bool:
    """Whether an operation belongs to a derivative, and not to a run of a function.

    There, 0 times infinity may stand for a zero, and has words of its own.
    """
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code is Visit.run.__code__:
            return True
        if frame.f_code is Run.call.__code__:
            return False
        frame = frame.f_back
    return False


def _words(operation: Operation, result: Any, flaw: str) -> str:
    """What was made of what, at the first entry."""
    array = np.asarray(stored(result))
    places = np.argwhere(np.isnan(array) if flaw == "nan" else np.isinf(array))
    index = tuple(map(int, places[0]))
    found = number(array[index])
    examples = array.ndim - np.ndim(result)
    where = f" in entry {list(index[examples:])}" if index[examples:] else ""
    if examples:
        where += f" for example {', '.join(map(str, index[:examples]))}"
    if len(places) > 1:
        where += f" (and in {len(places) - 1} more)"
    told = [
        _operand(name, value, array.shape, index)
        for name, value in zip(operation.names, operation.values, strict=True)
    ]
    words = " and ".join(part for part in told if part)
    of = f", where {words}" if words else ""
    return f"{operation.name} made {found} of finite numbers{where}{of}"


def _operand(name: str, value: Any, shape: tuple[int, ...], index: Any) -> str:
    """``x1 is 2.0``, or the shape of what has no such entry."""
    value = stored(value)
    if not isinstance(value, np.ndarray | np.generic | float | int | complex):
        return ""
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        return ""
    try:
        here = np.broadcast_to(array, shape)[index]
    except ValueError:
        return f"{name} has shape {array.shape}"
    return f"{name} is {number(here)}"
