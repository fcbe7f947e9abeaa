"""The passes, one a file: functions from program to program, with the same results.

Each is exact: what remains computes the same numbers, bit for bit. Only `contracted`
takes sums in another order, and runs where the user has said ``exact=False``.
"""

from collections.abc import Callable

from fgrad._program.calls import Program
from fgrad._program.passes.blocked import blocked
from fgrad._program.passes.common import common
from fgrad._program.passes.contracted import contracted
from fgrad._program.passes.dead import dead
from fgrad._program.passes.folded import folded
from fgrad._program.passes.guards import guards
from fgrad._program.passes.identities import identities
from fgrad._program.passes.lowered import lowered
from fgrad._program.passes.packed import packed

__all__ = ["PASSES", "optimised"]

PASSES: tuple[Callable[[Program], Program], ...] = (
    dead,
    common,
    identities,
    folded,
    common,
    guards,
    dead,
    lowered,
    packed,
    blocked,
)
"""In the order in which they run."""


def optimised(program: Program, *, exact: bool = True) -> Program:
    """The program after all passes."""
    for improve in PASSES if exact else (dead, common, contracted, *PASSES):
        program = improve(program)
    return program
