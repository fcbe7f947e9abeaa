"""The few ways in which a function is given a batch, that all tables share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from fgrad._engine.bind import bind
from fgrad._engine.box import CONTAINERS, Box, boxes_in
from fgrad._engine.rules import Rule
from fgrad.batching.loops import batcher
from fgrad.batching.trace import BatchTrace

__all__ = [
    "aligned",
    "flat",
    "lined_up",
    "one_array",
    "one_by_one",
    "several_arrays",
    "shifted",
]


def shifted(axis: Any, ndim: int, *, repeated: bool = False) -> Any:
    """An axis, or a tuple of axes, of one example of `ndim` axes, in the batch.

    A few functions take the same axis more than once.
    """
    if isinstance(axis, Iterable):
        axes = normalize_axis_tuple(tuple(axis), ndim, allow_duplicate=repeated)
        return tuple(a + 1 for a in axes)
    return normalize_axis_index(axis, ndim) + 1


def flat(a: Any) -> Any:
    """Each example in one row."""
    size = int(np.prod(a.shape[1:]))
    return a if a.ndim == 2 else np.reshape(a, (a.shape[0], size))


def lined_up(a: Any, ndim: int) -> Any:
    """A batch whose examples get leading axes of length 1, to have `ndim` axes."""
    missing = ndim + 1 - a.ndim
    if missing <= 0:
        return a
    return np.reshape(a, (a.shape[0], *(1,) * missing, *a.shape[1:]))


def _batched_in(trace: BatchTrace, value: Any) -> bool:
    if type(value) is Box:
        return trace.holds(value)
    return any(box._trace is trace for box in boxes_in(value))


def _inner(rule: Rule, *values: Any) -> Callable[..., Any]:
    """The function on what was batched, which outer traces may follow."""
    if any(type(value) is Box for value in values):
        return lambda *args, **kwargs: bind(rule, args, kwargs)
    return rule.fun


def one_array(
    *funs: Callable[..., Any], parameter: str = ""
) -> Callable[[Callable[..., Any]], Any]:
    """Register ``batch(fun, a, **options)`` for functions of one batched array.

    `a` has the examples along axis 0. `parameter` is its name, by default the first.
    """

    def register(batch: Callable[..., Any]) -> Callable[..., Any]:
        def call(trace: BatchTrace, rule: Rule, args: Any, kwargs: Any) -> Any:
            names = list(rule.parameters)
            given = dict(zip(names, args, strict=False)) | kwargs
            a = given.pop(parameter or names[0], None)
            if not trace.holds(a) or any(
                _batched_in(trace, value) for value in given.values()
            ):
                return NotImplemented
            ans = batch(_inner(rule, a._value), a._value, **given)
            return ans if ans is NotImplemented else trace.boxed(ans)

        batcher(*funs)(call)
        return batch

    return register


def one_by_one(*funs: Callable[..., Any]) -> None:
    """Register functions that are called for one example after the other.

    Compositions that call NumPy's own function on plain values need to be here.
    """
    batcher(*funs)(lambda *_: NotImplemented)


def several_arrays(*funs: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
    """Register ``batch(trace, *arguments)``, which returns a value or a box."""

    def register(batch: Callable[..., Any]) -> Callable[..., Any]:
        def call(trace: BatchTrace, rule: Rule, args: Any, kwargs: Any) -> Any:
            ans = batch(trace, *args, **kwargs)
            finished = ans is NotImplemented or trace.holds(ans)
            return ans if finished else trace.boxed(ans)

        batcher(*funs)(call)
        return batch

    return register


def aligned(*funs: Callable[..., Any], arrays: tuple[str, ...] = ()) -> None:
    """Register functions that broadcast: trailing axes meet, the batch stays in front.

    `arrays` are the names of the arguments that broadcast; for ufuncs, its operands and
    ``where``.
    """
    known = frozenset(arrays)

    def call(trace: BatchTrace, rule: Rule, args: Any, kwargs: Any) -> Any:
        names = list(rule.parameters)
        if known:
            parts = [n in known for n in (*names[: len(args)], *kwargs)]
        else:
            parts = [True] * len(args) + [name == "where" for name in kwargs]
        given = [*args, *kwargs.values()]
        ndim = 0
        for i, (value, part) in enumerate(zip(given, parts, strict=True)):
            if part:
                if type(value) in CONTAINERS:
                    value = given[i] = np.asarray(value)
                ndim = max(ndim, getattr(value, "ndim", 0))
            elif _batched_in(trace, value):
                return NotImplemented
        given = [
            lined_up(value._value, ndim) if trace.holds(value) else value
            for value in given
        ]
        count = len(args)
        rest = dict(zip(kwargs, given[count:], strict=True))
        return trace.boxed(_inner(rule, *given)(*given[:count], **rest))

    batcher(*funs)(call)
