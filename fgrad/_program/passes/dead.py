"""Dead code: calls whose results nothing uses."""

from fgrad._program.calls import Call, Program, variables

__all__ = ["dead"]


def dead(program: Program) -> Program:
    """Leave out calls whose results nothing uses. Guards stay."""
    live = {*variables(program.outputs)}
    kept: list[Call] = []
    for call in reversed(program.calls):
        if call.guard or not live.isdisjoint(call.outs):
            kept.append(call)
            live.update(call.uses())
    return program.with_calls(kept[::-1])
