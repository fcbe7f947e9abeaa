"""Which statements share a loop, and which values need memory.

Statements over the same space run in one loop: what one makes at an index, another one
takes at the same index from a register of the processor. What is needed elsewhere, or
in another loop, lies in memory that the group works in.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from fgrad._program.calls import Variable
from fgrad._program.native.places import own
from fgrad._program.native.statements import Statement

__all__ = ["Loop", "Work", "loops"]

LONGEST = 96
"""How many statements a loop has at most: compilers take more than linear time."""

LINE = 64
"""Bytes of a line of the cache, at which large arrays begin."""


@dataclass(eq=False)
class Loop:
    """Statements over one space, one after the other at each index."""

    space: tuple[int, ...]
    quiet: tuple[str, ...]
    statements: list[Statement] = field(default_factory=list[Statement])


def loops(found: Sequence[Statement]) -> list[Loop]:
    """Give each statement a loop, an early one."""
    made: list[Loop] = []
    ready: dict[Variable, int] = {}
    """The loop in which a variable is finished."""
    pointwise: set[Variable] = set()
    """Variables that are finished at an index as soon as the loop has been there."""
    free: dict[Any, list[int]] = {}
    """Loops over a space that take more statements, in their order."""
    for statement in found:
        first = _earliest(statement, ready, pointwise)
        alike = free.setdefault((statement.space, statement.quiet), [])
        i = bisect_left(alike, first)
        if i == len(alike):
            alike.append(len(made))
            made.append(Loop(statement.space, statement.quiet))
        chosen = alike[i]
        made[chosen].statements.append(statement)
        if len(made[chosen].statements) == LONGEST:
            del alike[i]
        if statement.how != "finite":
            ready[statement.target] = max(chosen, ready.get(statement.target, 0))
            if statement.whole and statement.how == "=":
                pointwise.add(statement.target)
    return made


def _earliest(
    statement: Statement, ready: dict[Variable, int], pointwise: set[Variable]
) -> int:
    """The first loop in which all that a statement reads is there."""
    first = 0
    if not statement.fresh and statement.how != "=":
        first = ready[statement.target] + 1
    for operand in statement.operands:
        root = operand.place.root if operand.place else None
        if type(root) is not Variable or root not in ready:
            continue
        same = root in pointwise and operand.place == own(root)
        first = max(first, ready[root] + (not same))
    return first


class Work:
    """The memory in which a group works: what lies where, in bytes."""

    def __init__(self, made: list[Loop], kept: set[Variable]) -> None:
        self.offsets: dict[Variable, int] = {}
        self.nbytes = 0
        self._free: dict[int, list[int]] = {}
        begin, end = self._lives(made, kept)
        ending: dict[int, list[Variable]] = {}
        for variable, i in end.items():
            ending.setdefault(i, []).append(variable)
        beginning: dict[int, list[Variable]] = {}
        for variable in end:
            beginning.setdefault(begin[variable], []).append(variable)
        for i in range(len(made)):
            for variable in beginning.get(i, ()):
                self.offsets[variable] = self._taken(_nbytes(variable))
            for variable in ending.get(i, ()):
                at = self.offsets[variable]
                self._free.setdefault(_nbytes(variable), []).append(at)

    def _lives(self, made: list[Loop], kept: set[Variable]) -> Any:
        """In which loop a variable that needs memory is made, and used last."""
        begin: dict[Variable, int] = {}
        end: dict[Variable, int] = {}
        for i, loop in enumerate(made):
            local = set[Variable]()
            for statement in loop.statements:
                for operand in statement.operands:
                    root = operand.place.root if operand.place else None
                    if type(root) is not Variable or root not in begin:
                        continue
                    if root not in local or operand.place != own(root):
                        end[root] = i
                if statement.how == "finite":
                    continue
                target = statement.target
                begin.setdefault(target, i)
                if statement.how == "=" and statement.whole:
                    local.add(target)
                else:
                    end[target] = i
        return begin, {v: i for v, i in end.items() if v not in kept}

    def _taken(self, nbytes: int) -> int:
        free = self._free.get(nbytes)
        if free:
            return free.pop()
        at = self.nbytes
        self.nbytes += nbytes
        return at


def _nbytes(variable: Variable) -> int:
    """The memory of a variable, to the next line of the cache."""
    nbytes = prod(variable.shape) * variable.dtype.itemsize
    return -(-nbytes // LINE) * LINE
