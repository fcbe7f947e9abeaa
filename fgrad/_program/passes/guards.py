"""Guards that others imply: a sum is finite only if its parts are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from fgrad._engine.rules import RULES
from fgrad._engine.scatter import scatter_add
from fgrad._program.calls import Call, Program, Variable, finite, ufunc_of, variables
from fgrad._program.passes.lowered import method_reshape, method_transpose
from fgrad.primitives.shaping import reshaped

__all__ = ["guards"]

ALL = {np.add, np.subtract, np.multiply, np.negative}
"""Ufuncs whose result is not finite where any operand is not."""

OF_FIRST = {
    *(np.sum, np.divide, np.reshape, np.transpose, np.matrix_transpose),
    *(np.broadcast_to, np.expand_dims, np.squeeze, RULES[reshaped].fun),
    *(np.add.reduce, method_reshape, method_transpose),
}
"""Functions whose result is not finite if their first argument is not."""


JOINING = {scatter_add, np.concatenate, np.stack}
"""Functions that make an array of a list of others, and drop nothing."""


def guards(program: Program) -> Program:
    """Ask of as few values as possible whether they are finite.

    What is picked together from several parts is asked in their place.
    """
    asked: dict[Variable, Call] = {}
    for call in program.calls:
        if call.fun is finite:
            asked.setdefault(call.args[0], call)
    if not asked:
        return program
    calls: list[Call] = []
    for call in program.calls:
        calls.append(call)
        if call.fun is scatter_add and call.out not in asked:
            parts = [v for v in variables(call.args[0]) if v in asked]
            if len(parts) > 1:
                asked[call.out] = guard = replace(asked[parts[0]], args=call.outs)
                calls.append(guard)
    implied = set[Variable]()
    for call in reversed(calls):
        if len(call.outs) == 1 and (call.out in asked or call.out in implied):
            implied.update(_spread(call))
    kept = [
        call
        for call in calls
        if call.fun is not finite
        or (call.args[0] not in implied and asked[call.args[0]] is call)
    ]
    return program.with_calls(kept)


def _spread(call: Call) -> Iterator[Variable]:
    """The arguments that are finite if the result is."""
    if call.out.size == 0 or call.several:
        return
    fun: Any = ufunc_of(call) or call.fun
    if fun in JOINING:
        yield from variables(call.args[0])
    elif fun in ALL:
        yield from call.uses()
    elif (
        fun in OF_FIRST and type(call.first) is Variable and "where" not in call.kwargs
    ):
        yield call.first
