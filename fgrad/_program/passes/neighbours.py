"""Calls that are alike on small arrays, as one call on arrays that lie side by side.

A call of NumPy costs more than the arithmetic of a small array. Where calls of one
function need not wait for each other, their operands can be rows of one array, and so
can their results: then one call does for all. A row lies there because the call before
has written it there, so nothing is copied.

Each entry is computed by the same operation. For functions other than arithmetic it is
tried on this machine whether an entry has the same bits in any company.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fgrad._program.calls import Call, Program, Variable, finite, ufunc_of, variables
from fgrad._program.into import is_basic, writes_into
from fgrad._program.passes.dead import dead
from fgrad._program.passes.levels import in_order
from fgrad._program.passes.lowered import method_reshape
from fgrad._program.passes.numbers import ARITHMETIC, is_array, is_packed, same_alone
from fgrad._words.callsite import Site

__all__ = ["neighbours"]

SMALL = 1 << 12
"""Bytes of an array up to which a call costs more than the work."""

TOGETHER = 1 << 15
"""Bytes of all rows, which stay in the processor's first cache."""


def neighbours(program: Program) -> Program:
    """Make one call of several on small arrays that can lie side by side."""
    placer = Placer(program)
    for place, call in enumerate(program.calls):
        placer.add(place, call)
    if not placer.groups:
        return program
    return dead(program.with_calls(in_order(placer.calls())))


@dataclass(eq=False)
class Rows:
    """An array that is still to be made, of values that are its rows."""

    place: int
    """The place in the program from which on it is there."""
    values: list[Variable]
    array: Any = None
    """Its variable, once that is made."""

    def made(self) -> Variable:
        """The array."""
        first = self.values[0]
        strides = (first.nbytes, *(first.strides or ()))
        self.array = first.array((len(self.values), *first.shape), strides)
        return self.array


Row = tuple[Any, int]
"""An array and the number of a row; or, for parts of an array along one axis, the array
with their length, and the number of a part."""


class Column:
    """What the calls of a group have as one of their operands: rows, or one value."""

    def __init__(self, first: Variable, place: int) -> None:
        self.values = [first]
        self.block: Any = None
        """The array of the rows; ``None`` as long as all have the same value."""
        self.start = 0
        self.step = 1
        self.ours = False
        """Whether the values are written into these rows for this column."""
        self._place = place

    def takes(self, x: Variable, placer: Placer) -> bool:
        """Whether a value may be the next one."""
        first, row = self.values[0], placer.rows.get(x)
        if self.ours:
            return x in placer.free
        if len(self.values) > 1:
            number = self.start + self.step * len(self.values)
            return x is first if self.block is None else row == (self.block, number)
        if x is first or {x, first} <= placer.free:
            return True
        mine = placer.rows.get(first)
        if row is None or mine is None or row[0] != mine[0] or row == mine:
            return False
        return not isinstance(row[0], Rows) or row[0].place < self._place

    def append(self, x: Variable, placer: Placer) -> None:
        """Take the next value."""
        first = self.values[0]
        if len(self.values) == 1 and x is not first:
            self.ours = first in placer.free
            if self.ours:
                placer.put(first, Rows(self._place, []))
            self.block, self.start = placer.rows[first]
        if self.ours:
            placer.put(x, self.block)
        elif self.block is not None and len(self.values) == 1:
            self.step = placer.rows[x][1] - self.start
        self.values.append(x)


class Group:
    """Calls that become one, if there are several."""

    __slots__ = ("calls", "columns", "operands", "place", "results", "stretch")

    def __init__(
        self, place: int, call: Call, operands: list[Variable], stretch: int
    ) -> None:
        self.place = place
        """Where the first call is, and where all are made."""
        self.calls = [call]
        self.operands = operands
        """The arrays that vary, of the first call."""
        self.columns: list[Column] = []
        self.results: Rows | None = None
        """All results, if there are several calls."""
        self.stretch = stretch
        """How many guards come before it."""


class Placer:
    """Goes through the calls, and finds those that become one."""

    def __init__(self, program: Program) -> None:
        self.groups: list[Group] = []
        """Those with several calls."""
        self.rows: dict[Variable, Row] = {}
        """The row of each value that is one."""
        self.free = set[Variable]()
        """Values that may be written anywhere."""
        self._alone: dict[Call, int] = {}
        """The calls that are in no group with others, and their places."""
        self._outputs = {*variables(program.outputs)}
        self._open: dict[Any, Group] = {}
        """The latest group of each kind."""
        self._places: dict[Variable, int] = {}
        """Where each value is made."""
        self._stretch = 0
        """Counts the guards: calls do not pass them."""

    def put(self, x: Variable, block: Rows) -> None:
        """Let a value be the next row."""
        self.free.discard(x)
        self.rows[x] = block, len(block.values)
        block.values.append(x)

    def add(self, place: int, call: Call) -> None:
        """Put a call into a group, or take it as it is."""
        out = call.outs[0] if len(call.outs) == 1 else None
        small = out is not None and is_small(out) and out not in self._outputs
        operands = self._operands(call) if small else []
        if operands:
            key = self._key(call, operands)
            group = self._open.get(key)
            if group is not None and self._joins(group, call, operands):
                self._places[call.out] = group.place
                return
            self._open[key] = Group(place, call, operands, self._stretch)
        self._alone[call] = place
        if call.guard and call.fun is not finite:
            self._stretch += 1
        if call.fun is operator.getitem and is_basic(call.args[1]):
            self._pick(call)
            place = self._places.get(call.args[0], -1)  # a view is free
        elif small and writes_into(call):
            self.free.add(call.out)
        for v in call.outs:
            self._places[v] = place

    def _operands(self, call: Call) -> list[Variable]:
        """The arrays that vary between calls that become one; none of other calls."""
        fun, out = ufunc_of(call), call.out
        if fun is None or not is_same_in_company(fun, out.dtype.char):
            return []
        found: list[Variable] = []
        for x in call.args:
            if varies(x, out) and x not in found:
                found.append(x)
                if x.dtype != out.dtype:
                    return []
        return found

    def _key(self, call: Call, operands: list[Variable]) -> Any:
        """What calls have in common that may become one."""
        parts: list[Any] = []
        for x in call.args:
            if type(x) is Variable:
                parts.append(operands.index(x) if x in operands else x)
            else:
                parts += [type(x), id(x) if type(x) is np.ndarray else repr(x)]
        code, lasti = call.site
        space = call.out.shape, call.out.dtype
        return (code, lasti, ufunc_of(call), space, call.quiet, call.epoch, *parts)

    def _pick(self, call: Call) -> None:
        """Know a row of an array, or a part of one with a single axis."""
        source, index = call.args
        if not (is_array(source) and is_array(call.out)):
            return
        if type(index) is tuple and len(index) == 1:
            index = index[0]
        if type(index) is int:
            self.rows[call.out] = source, index % source.shape[0]
        elif type(index) is slice and source.ndim == 1 and is_packed(source):
            start, stop, step = index.indices(source.size)
            length = stop - start
            if step == 1 and length > 0 and start % length == 0:
                self.rows[call.out] = (source, length), start // length

    def _joins(self, group: Group, call: Call, operands: list[Variable]) -> bool:
        """Let a call join a group, if it can."""
        count, first = len(group.calls), group.calls[0].out
        if (count + 1) * first.nbytes > TOGETHER or group.stretch != self._stretch:
            return False
        if any(self._places.get(v, -1) >= group.place for v in call.uses()):
            return False
        if count == 1:
            if first in self.rows:
                return False
            group.columns = [Column(x, group.place) for x in group.operands]
        pairs = [*zip(group.columns, operands, strict=True)]
        if not all(column.takes(x, self) for column, x in pairs):
            return False
        if group.results is None:
            new = [v for c, x in pairs for v in {c.values[0], x} if v in self.free]
            if len({*new}) < len(new):
                return False  # one value cannot be in two rows
            group.results = Rows(group.place, [])
            self.put(first, group.results)
            self.groups.append(group)
            del self._alone[group.calls[0]]
        for column, x in pairs:
            column.append(x, self)
        group.calls.append(call)
        self.put(call.out, group.results)
        return True

    # The calls

    def calls(self) -> list[tuple[int, Call]]:
        """All calls, each with its place."""
        found = [(place, call) for call, place in self._alone.items()]
        for group in self.groups:
            found += [(group.place, call) for call in made_of(group)]
        return found


def made_of(group: Group) -> list[Call]:
    """One call for a group, with the rows before and after it."""
    first, calls = group.calls[0], list[Call]()
    arrays = {}
    for column in group.columns:
        arrays[column.values[0]] = array_of(column, calls, first.site)
    args = tuple(arrays.get(x, x) if type(x) is Variable else x for x in first.args)
    rows: Any = group.results
    result = rows.array or rows.made()
    together = first.calling(ufunc_of(first) or first.fun, *args)
    calls.append(replace(together, outs=(result,)))
    for i, call in enumerate(group.calls):
        calls.append(Call(operator.getitem, (result, i), {}, call.outs, call.site))
    return calls


def array_of(column: Column, calls: list[Call], site: Site) -> Variable:
    """The array of which the values of a column are rows."""
    block, count = column.block, len(column.values)
    if block is None:
        return column.values[0]
    if isinstance(block, Rows):
        base = block.array or block.made()
        if column.ours:
            calls.append(Call(np.stack, (block.values,), {}, (base,), site))
    elif type(block) is tuple:
        source, length = block
        n = source.size // length
        if n * length < source.size:
            index = slice(0, n * length)
            part = source.array((n * length,), source.strides)
            calls.append(Call(operator.getitem, (source, index), {}, (part,), site))
            source = part
        strides = length * source.dtype.itemsize, source.dtype.itemsize
        base = source.array((n, length), strides)
        calls.append(Call(method_reshape, (source, base.shape), {}, (base,), site))
    else:
        base = block
    if (column.start, column.step, count) == (0, 1, base.shape[0]):
        return base
    stop = column.start + column.step * count
    index = slice(column.start, stop if stop >= 0 else None, column.step)
    steps = [*(base.strides or ())]
    steps[0] *= column.step
    view = base.array((count, *base.shape[1:]), (*steps,))
    calls.append(Call(operator.getitem, (base, index), {}, (view,), site))
    return view


def varies(x: Any, out: Variable) -> bool:
    """Whether an operand has an entry for each one of the result."""
    return is_array(x) and x.shape == out.shape


def is_small(v: Variable) -> bool:
    """Whether a call that makes this array costs more than the work."""
    return is_array(v) and v.ndim > 0 and 0 < v.nbytes <= SMALL and is_packed(v)


def is_same_in_company(fun: np.ufunc, char: str) -> bool:
    """Whether an entry has the same bits, whatever the others are.

    A complex product has not: its last bit depends on how NumPy goes along the arrays.
    """
    return char in "fd" and (fun in ARITHMETIC or same_alone(fun, char))
