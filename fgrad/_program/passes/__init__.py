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
from fgrad._program.passes.doubled import doubled
from fgrad._program.passes.guards import guards
from fgrad._program.passes.identities import identities
from fgrad._program.passes.lowered import lowered
from fgrad._program.passes.neighbours import neighbours
from fgrad._program.passes.packed import packed
from fgrad._program.passes.signs import signs

__all__ = ["PASSES", "optimised"]

PASSES: tuple[Callable[[Program], Program], ...] = (
    dead,
    common,
    identities,
    common,
    lowered,
    signs,
    doubled,
    guards,
    dead,
    packed,
    blocked,
    neighbours,
)
"""In the order in which they run; before the last two, calls may become C."""


def optimised(
    program: Program,
    *,
    exact: bool = True,
    translated: Callable[[Program], Program] | None = None,
) -> Program:
    """The program after all passes, and what is translated into another language."""
    passes = [*PASSES] if exact else [dead, common, contracted, *PASSES]
    if translated is not None:
        passes.insert(-2, translated)
    for improve in passes:
        program = improve(program)
    return program
