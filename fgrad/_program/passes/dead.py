"""Dead code: calls whose results nothing uses."""

import operator

from fgrad._program.calls import Call, Program, variables

__all__ = ["dead"]

RAISING = {operator.truediv, operator.floordiv, operator.mod, operator.pow}
"""What raises an exception for some of Python's numbers."""


def dead(program: Program) -> Program:
    """Leave out calls whose results nothing uses. Guards stay, and what may raise."""
    live = {*variables(program.outputs)}
    kept: list[Call] = []
    for call in reversed(program.calls):
        if call.guard or may_raise(call) or not live.isdisjoint(call.outs):
            kept.append(call)
            live.update(call.uses())
    return program.with_calls(kept[::-1])


def may_raise(call: Call) -> bool:
    """Whether a call computes with Python's numbers, of which some are refused."""
    return call.fun in RAISING and call.out.kind in (float, complex, int)
