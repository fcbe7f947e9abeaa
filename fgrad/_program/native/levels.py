"""When each call is made: its level is how often the way to it goes from C to NumPy.

Calls of C of one level are a group, and nothing that NumPy does lies between them. A
call gets an early level first, and then a later one, with those that use its result,
if that keeps no more memory alive.
"""

from __future__ import annotations

from collections.abc import Iterable

from fgrad._program.calls import Call, Program, Variable, finite, variables
from fgrad._program.native.places import Place
from fgrad._program.native.statements import Statement

__all__ = ["levels", "roots_of"]

Found = dict[Call, list[Statement]]
Places = dict[Variable, Place]


def levels(program: Program, found: Found, places: Places) -> dict[Call, int]:
    """The level of each call that can be C."""
    level, here = _early(program.calls, found)
    return _late(program, found, places, level, here)


def _early(calls: list[Call], found: Found) -> tuple[dict[Variable, int], list[int]]:
    """The first level for each result, and for each call."""
    level: dict[Variable, int] = {}
    made = set[Variable]()
    here: list[int] = []
    least, epoch = 0, 0
    for call in calls:
        if call.epoch != epoch:  # of a checkpoint: what is computed again, not before
            epoch, least = call.epoch, max(here, default=0) + 1
        if call in found:
            least_here = [level.get(v, 0) for v in roots_of(found[call])]
            made.update(call.outs)
        else:
            least_here = [level.get(v, 0) + (v in made) for v in call.uses()]
        here.append(max([least, *least_here]))
        level.update(dict.fromkeys(call.outs, here[-1]))
        if call.guard and call.fun is not finite and call not in found:
            least = here[-1]
    return level, here


def _late(
    program: Program,
    found: Found,
    places: Places,
    level: dict[Variable, int],
    here: list[int],
) -> dict[Call, int]:
    """The last level that keeps no more memory alive."""
    live = {*variables(program.outputs)}
    end = len(program.calls) + max(here, default=0)
    kept = {*program.inputs}
    """Variables that stay until the end."""
    first: dict[Variable, int] = {}
    """The first level in which a variable must be there."""
    last: dict[Variable, int] = {}
    for v in variables(program.outputs):
        root = _root(v, places)
        first[root] = level.get(root, 0)
        kept.add(root)
    final: dict[Call, int] = {}
    for call, early in zip(reversed(program.calls), reversed(here), strict=True):
        if call not in found:
            if live.isdisjoint(call.outs) and not places.keys().isdisjoint(call.outs):
                continue  # a view that only C looks through
            live.update(call.uses())
            for v in [_root(v, places) for v in call.uses()]:
                first[v] = min(first.get(v, end), max(early - 1, level.get(v, 0)))
                last[v] = max(last.get(v, 0), early)
            continue
        roots = roots_of(found[call])
        chosen = min((first.get(out, early) for out in call.outs), default=early)
        dying = [v for v in roots if v not in kept and last.get(v, 0) < chosen]
        if sum(v.nbytes for v in dying) > sum(out.nbytes for out in call.outs):
            chosen = early
        final[call] = chosen = max(chosen, early)
        for v in roots:
            first[v] = min(first.get(v, end), chosen)
            last[v] = max(last.get(v, 0), chosen)
    return final


def _root(variable: Variable, places: Places) -> Variable:
    """The variable that owns the memory of one."""
    place = places.get(variable)
    return variable if place is None else place.root


def roots_of(found: Iterable[Statement]) -> set[Variable]:
    """The variables that statements read."""
    places = (operand.place for s in found for operand in s.operands)
    roots = (place.root for place in places if place is not None)
    return {root for root in roots if type(root) is Variable}
