"""Which calls need not wait for each other, and orders in which calls may be made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np

from fgrad._program.calls import Call, Variable, finite, ufunc_of
from fgrad._program.passes.numbers import FEWEST, is_constant, is_number

__all__ = ["Running", "in_order", "levels"]

RUNNING = {np.add, np.multiply}
"""Ufuncs whose `accumulate` computes what repeated calls compute."""


class Running:
    """A running sum (or product): each call adds a term to the result of the last."""

    __slots__ = ("calls", "fixed", "fun", "level", "start", "terms")

    def __init__(self, fun: Any, start: Any, level: int) -> None:
        self.fun = fun
        self.start = start
        """What the first term is added to."""
        self.level = level
        self.fixed = False
        """Whether other calls use sums, so that all must be known at its level."""
        self.terms: list[Any] = []
        self.calls: list[Call] = []


Item = tuple[int, Call | Running]
"""A place among the recorded calls, and what comes there."""


def levels(calls: list[Call]) -> list[list[Item]]:
    """The calls, level by level: those of a level need results of earlier ones only.

    Nothing passes a guard that leads to other programs. A running sum that is long is
    one item; its place is that of its last call.
    """
    found = _Levels()
    for i, call in enumerate(calls):
        found.add(i, call)
    return found.all()


class _Levels:
    def __init__(self) -> None:
        self._floor = 0
        """The lowest level after the last guard."""
        self._top = 0
        self._level: dict[Variable, int] = {}
        self._sums: dict[Variable, Running] = {}
        """The running sum of which a variable is one."""
        self._last: dict[Variable, Running] = {}
        """The running sums that a variable is the last of."""
        self._items: dict[tuple[int, int], list[Item]] = {}
        self._running: dict[Running, list[int]] = {}

    def add(self, i: int, call: Call) -> None:
        """Find the level of a call."""
        fun = ufunc_of(call)
        if fun in RUNNING and takes_numbers(call):
            self._add_term(i, call, fun)
            return
        used = call.uses()
        for v in used:
            self._fix(v)
        level = self._above(used)
        if call.guard and call.fun is not finite:
            level = self._top
            self._floor = self._top = level + 1
            self._last.clear()
        self._top = max(self._top, level + 1)
        self._level.update(dict.fromkeys(call.outs, level + 1))
        self._items.setdefault((level, 0), []).append((i, call))

    def _above(self, used: Iterable[Any]) -> int:
        """The lowest level of a call that uses these."""
        found = self._floor
        for v in used:
            if type(v) is Variable:
                running = self._sums.get(v)
                here = self._level.get(v, 0) if running is None else running.level + 1
                found = max(found, here)
        return found

    def _fix(self, v: Any) -> None:
        running = self._sums.get(v) if type(v) is Variable else None
        if running is not None:
            running.fixed = True

    def _add_term(self, i: int, call: Call, fun: Any) -> None:
        """Let a sum go on, if its term needs nothing that comes after the sum."""
        a, b = call.args
        for start, term in ((a, b), (b, a)):
            running = self._last.get(start) if type(start) is Variable else None
            if running is None or running.fun is not fun:
                continue
            self._fix(term)
            level = self._above([term])
            if level <= running.level or not running.fixed:
                running.level = max(level, running.level)
                del self._last[start]
                break
        else:
            start, term = a, b
            self._fix(a)
            self._fix(b)
            running = Running(fun, start, self._above(call.args))
            self._running[running] = []
        running.terms.append(term)
        running.calls.append(call)
        self._running[running].append(i)
        self._sums[call.out] = self._last[call.out] = running
        self._top = max(self._top, running.level + 1)

    def all(self) -> list[list[Item]]:
        """All items. Where sums are more than they are long, each call stays one."""
        alike = Counter((r.level, len(r.terms)) for r in self._running)
        for running, places in self._running.items():
            level, n = running.level, len(places)
            if n >= max(FEWEST, alike[level, n]):
                self._items.setdefault((level, 0), []).append((places[-1], running))
                continue
            for k, place in enumerate(places):
                here = self._items.setdefault((level, k), [])
                here.append((place, running.calls[k]))
        return [sorted(items, key=_place) for _, items in sorted(self._items.items())]


def takes_numbers(call: Call) -> bool:
    """Whether a call makes a number of numbers of the same dtype."""
    dtype = call.out.dtype
    return is_number(call.out) and all(
        (is_number(v) and v.dtype == dtype) or is_constant(v, dtype) for v in call.args
    )


def _place(item: tuple[int, Any]) -> int:
    return item[0]


def in_order(calls: list[tuple[int, Call]]) -> list[Call]:
    """Calls by their places, as far as each comes after those whose results it uses."""
    made = {out: i for i, (_, call) in enumerate(calls) for out in call.outs}
    waiting: list[int] = []
    users: dict[int, list[int]] = {}
    for i, (_, call) in enumerate(calls):
        sources = {made[v] for v in call.uses() if v in made}
        waiting.append(len(sources))
        for source in sources:
            users.setdefault(source, []).append(i)
    ready = [(calls[i][0], i) for i, n in enumerate(waiting) if n == 0]
    heapify(ready)
    found: list[Call] = []
    while ready:
        _, i = heappop(ready)
        found.append(calls[i][1])
        for user in users.get(i, ()):
            waiting[user] -= 1
            if not waiting[user]:
                heappush(ready, (calls[user][0], user))
    return found
