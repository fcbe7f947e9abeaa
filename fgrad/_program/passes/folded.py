"""Constants: calls without variables are computed once."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad._program.calls import Call, Program, Variable, is_known
from fgrad._program.memory_of import root_of

__all__ = ["folded"]


def folded(program: Program) -> Program:
    """Compute calls of constants now.

    Arrays of the user's are no constants: they are read where they lie.
    """
    same: dict[Variable, Any] = {}
    kept: list[Call] = []
    for call in program.calls:
        call = call.renamed(same)
        single = len(call.outs) == 1 and not call.several
        if single and is_known(call.fun) and _is_constant(call, program.captured):
            same[call.out] = call.fun(*call.args, **call.kwargs)
        else:
            kept.append(call)
    return program.with_calls(kept, same)


def _is_constant(call: Call, captured: frozenset[int]) -> bool:
    """Whether a call gives the same whenever it is made, and cannot warn."""
    if call.guard or call.uses():
        return False
    return not any(_lies_outside(arg, captured) for arg in [*call.args, call.kwargs])


def _lies_outside(value: Any, captured: frozenset[int]) -> bool:
    if isinstance(value, np.ndarray):
        return id(root_of(value)) in captured
    if isinstance(value, dict):
        value = [*value.values()]
    return isinstance(value, list | tuple) and any(
        _lies_outside(item, captured) for item in value
    )
