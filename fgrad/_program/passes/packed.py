"""Many calls on single numbers, as few calls on arrays of them.

Calls of one function that need not wait for each other become one call; entries that
are picked one at a time become a slice or a gather; a running sum becomes one
`np.add.accumulate`, which adds in the same order; numbers that are added into an array
one at a time are added in rounds, each place once in a round.

Each number is computed by the same operations, so it has the same bits. Of arithmetic
this is sure. For other functions NumPy may have one loop for many numbers and another
for one or a few; those are compared on this machine before they are trusted.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from fgrad._engine.scatter import scatter_add
from fgrad._program.calls import Call, Program, Variable, ufunc_of, variables
from fgrad._program.passes.dead import dead
from fgrad._program.passes.levels import Item, Running, in_order, levels
from fgrad._program.passes.lowered import method_reshape
from fgrad._program.passes.numbers import (
    ARITHMETIC,
    FEWEST,
    NUMBERS_ONLY,
    entry,
    first_of,
    in_turns,
    is_array,
    is_constant,
    is_number,
    is_packed,
    one_by_one,
    repeated,
    run_or_list,
    same_alone,
)

__all__ = ["packed"]

ENOUGH = 48
"""How many calls on numbers a program has at least, if it is looked at."""


def packed(program: Program) -> Program:
    """Make calls on arrays of many calls on numbers."""
    calls = program.calls
    numbers = sum(len(call.outs) == 1 and is_number(call.outs[0]) for call in calls)
    if numbers < max(ENOUGH, len(calls) // 4):
        return program
    packer = Packer()
    for items in levels(calls):
        packer.pack(items)
    for v in variables(program.outputs):
        packer.needed(v, len(calls))
    return dead(program.with_calls(in_order(packer.calls)))


class Packer:
    """Takes calls level by level, and knows in which arrays their results are."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, Call]] = []
        """Each with its place among the recorded calls."""
        self._lanes: dict[Variable, tuple[Variable, int]] = {}
        """The array and the position of each number that is in one."""
        self._alone = set[Variable]()
        """Those of them that are there as numbers, too."""
        self._known: dict[Any, Variable] = {}
        """Arrays of picked entries, by source and indices."""

    # The calls of one level

    def pack(self, items: list[Item]) -> None:
        """Add the calls of a level."""
        alike: dict[Any, list[tuple[int, Call]]] = {}
        others: list[Item] = []
        for place, item in items:
            key = None if isinstance(item, Running) else self._key(item)
            if key is None or isinstance(item, Running):
                others.append((place, item))
            else:
                alike.setdefault(key, []).append((place, item))
        for key, members in alike.items():
            if len(members) < FEWEST:
                others += members
            elif key[0] is operator.getitem:
                self._pick(key[1], members)
            else:
                self._together(key, members)
        for place, item in others:
            if isinstance(item, Running):
                self._accumulate(place, item)
            else:
                self._single(place, item)

    def _key(self, call: Call) -> Any:
        """What calls have in common that become one; ``None`` of others."""
        if call.kwargs or len(call.outs) != 1 or not is_number(call.out):
            return None
        if call.fun is operator.getitem:
            source, index = call.args
            one = type(source) is Variable and entry(index, source.shape) >= 0
            packable = one and is_packed(source) and source.dtype == call.out.dtype
            return (operator.getitem, source) if packable else None
        dtype = call.out.dtype
        fun: Any = ufunc_of(call) or call.fun
        parts = [self._part(arg, dtype) for arg in call.args]
        if None in parts or not any(map(is_array, parts)):
            return None
        if fun not in ARITHMETIC and not (
            isinstance(fun, np.ufunc) and same_alone(fun, dtype.char)
        ):
            if fun not in NUMBERS_ONLY or any(map(is_number, parts)):
                return None
            fun = one_by_one
        return (fun, call.fun, dtype, call.quiet, *parts)

    def _part(self, arg: Any, dtype: np.dtype[Any]) -> Any:
        """What stands for an argument in a key."""
        if type(arg) is Variable:
            if not is_number(arg) or arg.dtype != dtype:
                return None
            return self._lanes[arg][0] if arg in self._lanes else arg
        return "constant" if is_constant(arg, dtype) else None

    # Several calls as one

    def _pick(self, source: Variable, members: list[tuple[int, Call]]) -> None:
        """Pick many entries at once."""
        found = [(entry(call.args[1], source.shape), call) for _, call in members]
        found.sort(key=first_of)
        if source.ndim > 1:
            source = self._flat(source, members[-1])
        array = self._picked(source, [i for i, _ in found], members[-1])
        self._set_lanes(array, [call for _, call in found])

    def _together(self, key: Any, members: list[tuple[int, Call]]) -> None:
        """Make one call of many that are alike."""
        fun, original, dtype, quiet, *parts = key
        leading = next(i for i, part in enumerate(parts) if is_array(part))
        ordered = sorted(members, key=lambda m: self._lanes[m[1].args[leading]][1])
        last = max(members, key=first_of)
        args: list[Any] = [original] if fun is one_by_one else []
        for k, part in enumerate(parts):
            column = [call.args[k] for _, call in ordered]
            if part == "constant":
                array = np.array(column, dtype)
                args.append(array if fun is one_by_one else repeated(array))
            elif is_array(part):
                where = [self._lanes[v][1] for v in column]
                args.append(self._picked(part, where, last))
            else:
                args.append(part)
                self.needed(part, last[0])
        array = self._made(fun, tuple(args), len(members), last, quiet)
        self._set_lanes(array, [call for _, call in ordered])

    def _accumulate(self, place: int, running: Running) -> None:
        """Add up a running sum, if most of its terms are in arrays."""
        calls, last = running.calls, (place, running.calls[-1])
        values = [running.start, *running.terms]
        dtype = last[1].out.dtype
        loose = sum(v not in self._lanes for v in running.terms)
        quiet = {call.quiet for call in calls}
        if 2 * loose > len(calls) or len(quiet) > 1:
            for call in calls:
                self._single(place, call)
            return
        terms = self._gathered(values, dtype, last)
        sums = self._made(
            running.fun.accumulate, (terms,), len(values), last, quiet.pop()
        )
        for i, call in enumerate(calls):
            self._lanes[call.out] = sums, i + 1

    def _single(self, place: int, call: Call) -> None:
        """A call that stays, with the numbers that it needs."""
        if call.fun is scatter_add:
            call = self._in_rounds(place, call)
        elif call.fun in (np.array, np.stack) and not call.kwargs:
            call = self._listed(place, call)
        for v in call.uses():
            self.needed(v, place)
        self.calls.append((place, call))

    def needed(self, v: Variable, place: int) -> None:
        """Let a number be there as a number."""
        if v in self._lanes and v not in self._alone:
            self._alone.add(v)
            array, i = self._lanes[v]
            site = (v.code, v.lasti)
            pick = Call(operator.getitem, (array, i), {}, (v,), site)
            self.calls.append((place, pick))

    # Arrays of numbers

    def _made(
        self,
        fun: Any,
        args: tuple[Any, ...],
        n: int,
        of: tuple[int, Call],
        quiet: tuple[str, ...] = (),
    ) -> Variable:
        """The result of a new call, with n entries."""
        place, call = of
        out = call.outs[0]
        array = out.array((n,), (out.dtype.itemsize,))
        made = Call(fun, args, {}, (array,), call.site, quiet=quiet)
        self.calls.append((place, made))
        return array

    def _set_lanes(self, array: Variable, calls: list[Call]) -> None:
        for i, call in enumerate(calls):
            self._lanes[call.out] = array, i

    def _flat(self, source: Variable, of: tuple[int, Call]) -> Variable:
        """An array along one axis."""
        key = source, "flat"
        if key not in self._known:
            args = source, (source.size,)
            self._known[key] = self._made(method_reshape, args, source.size, of)
        return self._known[key]

    def _picked(
        self, source: Variable, where: list[int], of: tuple[int, Call]
    ) -> Variable:
        """Entries of an array: itself, a slice without gaps, or a gather."""
        m = len(where)
        if m == source.size and where == [*range(m)]:
            return source
        key = source, *where
        if key not in self._known:
            args = source, run_or_list(where)
            self._known[key] = self._made(operator.getitem, args, m, of)
        return self._known[key]

    def _gathered(
        self, values: list[Any], dtype: np.dtype[Any], of: tuple[int, Call]
    ) -> Variable:
        """Numbers of several arrays, and others, in one array."""
        begins: dict[Variable, int] = {}
        size = 0
        for v in values:
            array = self._lanes[v][0] if v in self._lanes else None
            if array is not None and array not in begins:
                begins[array] = size
                size += array.size
        loose = [v for v in values if v not in self._lanes]
        arrays: list[Any] = [*begins]
        if loose:
            numbers = [v if type(v) is Variable else dtype.type(v) for v in loose]
            arrays.append(self._made(np.array, (numbers,), len(loose), of))
        where: list[int] = []
        for v in values:
            if v in self._lanes:
                array, i = self._lanes[v]
                where.append(begins[array] + i)
            else:
                where.append(size)
                size += 1
        if len(arrays) > 1:
            joined = self._made(np.concatenate, (tuple(arrays),), size, of)
            return self._picked(joined, where, of)
        return self._picked(arrays[0], where, of)

    # Numbers that go into arrays

    def _listed(self, place: int, call: Call) -> Call:
        """A call that makes an array of a list of numbers."""
        values = call.args[0]
        if type(values) is not list or len(call.args) > 1:
            return call
        inside = sum(type(v) is Variable and v in self._lanes for v in values)
        dtype = call.out.dtype
        same = all(is_number(v) and v.dtype == dtype for v in values)
        if not same or inside < max(FEWEST, len(values) // 2):
            return call
        return call.calling(np.array, self._gathered(values, dtype, (place, call)))

    def _in_rounds(self, place: int, call: Call) -> Call:
        """Add numbers into an array, in rounds: each place at most once in a round."""
        parts, indices, shape = call.args
        whole = indices[0] is ...
        places = [entry(index, shape) for index in indices[whole:]]
        numbers, dtype = parts[whole:], call.out.dtype
        inside = sum(type(v) is Variable and v in self._lanes for v in numbers)
        plain = -1 not in places and all(
            (is_number(v) and v.dtype == dtype) or is_constant(v, dtype)
            for v in numbers
        )
        begin = parts[0] if whole else dtype.type(0)
        like = not whole or (type(begin) is Variable and begin.like(call.out))
        if not (plain and like and is_packed(call.out)):
            return call
        if inside < max(FEWEST, len(numbers) // 2):
            return call
        of, size = (place, call), call.out.size
        if whole and len(shape) > 1:
            begin = self._flat(begin, of)
        rounds = [
            ([i for i, _ in found], self._gathered([v for _, v in found], dtype, of))
            for found in in_turns(zip(places, numbers, strict=True))
        ]
        while rounds and len(rounds[0][0]) == size:  # all places: a sum as a whole
            part = rounds.pop(0)[1]
            if not rounds and len(shape) == 1:
                return call.calling(np.add, begin, part)
            begin = self._made(np.add, (begin, part), size, of)
        head = (begin,) if type(begin) is Variable else ()
        new = [*head, *[part for _, part in rounds]]
        where = (*[...] * len(head), *[run_or_list(at) for at, _ in rounds])
        if len(shape) == 1:
            return call.with_args((new, where, shape))
        flat = self._made(scatter_add, (new, where, (size,)), size, of)
        return call.calling(method_reshape, flat, shape)
