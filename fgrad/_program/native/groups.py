"""Which calls become C together.

A group is convex: what lies between two of its calls belongs to it, too. So it can be
one call. Views belong to no group, since C reads through them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fgrad._program.calls import Call, Program, Variable, finite, variables
from fgrad._program.native.levels import levels, roots_of
from fgrad._program.native.places import Place, own, place_of, viewed
from fgrad._program.native.statements import Statement, statements

__all__ = ["Group", "Groups"]

ENOUGH = 6
"""How much a group must weigh: a call of arrays is 3, and one of numbers 1."""


@dataclass(eq=False)
class Group:
    """Calls that become one call of C."""

    calls: list[Call] = field(default_factory=list[Call])
    statements: list[Statement] = field(default_factory=list[Statement])
    outs: list[Variable] = field(default_factory=list[Variable])
    """What others need."""

    weight: int = 0

    @cached_property
    def roots(self) -> list[Any]:
        """The variables and arrays that it reads, and does not make."""
        made = {s.target for s in self.statements if s.how != "finite"}
        found: dict[int, Any] = {}
        for s in self.statements:
            for operand in s.operands:
                root = operand.place.root if operand.place else None
                if root is not None and not (type(root) is Variable and root in made):
                    found[id(root)] = root
        return [*found.values()]


class Groups:
    """The groups of a program, and the order in which all is called."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._places: dict[Variable, Place] = {}
        self._statements: dict[Call, list[Statement]] = {}
        self._views = set[Call]()
        for call in program.calls:
            self._find(call)
        self.group: dict[Call, Group] = {}
        """The group of each call that is in one."""
        self._by_level()
        self._find_outs()

    def _place(self, value: Any) -> Place:
        known = self._places.get(value) if type(value) is Variable else None
        return known or place_of(value)

    def _find(self, call: Call) -> None:
        """What a call is: a view, something for C, or neither."""
        place = viewed(call, self._places)
        if place is not None:
            self._places[call.out] = place
            self._views.add(call)
            return
        found = statements(call, self._place)
        if found is not None:
            self._statements[call] = found
            for out in call.outs:
                self._places[out] = own(out)

    def _by_level(self) -> None:
        """Put the calls for C into groups."""
        groups: dict[int, Group] = {}
        level = levels(self._program, self._statements, self._places)
        for call, found in self._statements.items():
            group = groups.setdefault(level[call], Group())
            group.calls.append(call)
            group.statements += found
            group.weight += 3 if any(s.space for s in found) else 1
        for group in groups.values():
            if group.weight >= ENOUGH:
                self.group.update(dict.fromkeys(group.calls, group))

    def _find_outs(self) -> None:
        """Which variables of a group others need."""
        needed = self._needed = {*variables(self._program.outputs)}
        makers = {out: call for call in self._program.calls for out in call.outs}
        for call in reversed(self._program.calls):
            group = self.group.get(call)
            if group is not None:
                for root in roots_of(self._statements[call]):
                    maker = makers.get(root)
                    if maker is None or self.group.get(maker) is not group:
                        needed.add(root)
            elif call not in self._views or call.out in needed:
                needed.update(call.uses())
        for call, group in self.group.items():
            group.outs += [out for out in call.outs if out in needed]

    # Order

    def ordered(self) -> list[Call | Group]:
        """Calls and groups, each after what it needs, else as they were."""
        units = [self.group.get(call, call) for call in self._program.calls]
        makers: dict[Variable, Any] = {}
        barriers: dict[Any, Any] = {}
        guard: Any = None
        for call, unit in zip(self._program.calls, units, strict=True):
            makers.update(dict.fromkeys(call.outs, unit))
            barriers[unit] = guard
            if call.guard and call.fun is not finite:
                guard = unit
        done: dict[Any, None] = {}
        dead = {call for call in self._views if call.out not in self._needed}
        for unit in units:
            if isinstance(unit, Call) and unit not in dead:
                _visit(unit, makers, barriers, done)
        for unit in units:
            if unit not in dead:
                _visit(unit, makers, barriers, done)
        return [*done]


def _visit(first: Any, makers: Any, barriers: Any, done: dict[Any, None]) -> None:
    """Add a unit after all that it needs; without recursion, since chains are long."""
    stack: list[tuple[Any, bool]] = [(first, False)]
    while stack:
        unit, ready = stack.pop()
        if unit in done:
            continue
        if ready:
            done[unit] = None
            continue
        stack.append((unit, True))
        used = unit.uses() if isinstance(unit, Call) else unit.roots
        needed = [makers.get(v) for v in used if type(v) is Variable]
        needed.append(barriers[unit])
        stack += [(other, False) for other in needed if other and other not in done]
