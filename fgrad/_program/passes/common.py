"""Common subexpressions: equal calls are made once."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from fgrad._program.calls import (
    OPERATORS,
    Call,
    Program,
    Variable,
    is_known,
)

__all__ = ["common"]


def common(program: Program) -> Program:
    """Make equal calls once, in each epoch.

    For real numbers, ``a * b`` and ``b * a`` are equal. For complex ones they may
    differ in the last bit, where the machine multiplies and adds in one step.
    """
    seen: dict[Hashable, Call] = {}
    same: dict[Variable, Any] = {}
    kept: list[Call] = []
    for call in program.calls:
        call = call.renamed(same)
        if not is_known(call.fun):
            kept.append(call)
            continue
        found = seen.setdefault(_key(call), call)
        if found is call:
            kept.append(call)
        else:
            same.update(zip(call.outs, found.outs, strict=True))
    return program.with_calls(kept, same)


def _key(call: Call) -> Hashable:
    """What two calls have in common if they give the same."""
    fun = OPERATORS.get(call.fun, call.fun)
    args = [_key_of(arg) for arg in call.args]
    commutes = fun is np.add or fun is np.multiply
    if commutes and call.outs[0].dtype.kind == "f":
        args.sort(key=hash)
    named = tuple((name, _key_of(value)) for name, value in call.kwargs.items())
    kind = call.outs[0].kind if call.outs else None
    return fun, *args, named, kind, call.guard, call.quiet, call.epoch


def _key_of(value: Any) -> Hashable:
    """What two arguments have in common if they are the same."""
    kind = type(value)
    if kind is Variable:
        return value
    if kind is tuple or kind is list:
        return kind, *map(_key_of, value)
    if kind is slice:
        return kind, *map(_key_of, (value.start, value.stop, value.step))
    if isinstance(value, float | complex | np.generic):
        return kind, np.asarray(value).tobytes()
    if isinstance(value, int | str | type(None)):
        return kind, value
    return kind, id(value)
