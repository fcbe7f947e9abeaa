"""Elementwise work on large arrays, in blocks that stay in the processor's cache.

A run of elementwise functions, and of reductions of rows, over arrays of the same
length becomes one loop over blocks of rows. What nobody else needs is there as a block
only, so it takes neither memory nor the time to write it to memory and to read it.

Each entry is computed by the same operations. NumPy adds up many numbers by halves: the
blocks of a sum are halves of halves, whose sums are added in the same tree.
"""

from __future__ import annotations

import operator
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fgrad._engine.trace import next_order
from fgrad._program.calls import Call, Program, Variable, finite, ufunc_of, variables
from fgrad._program.into import REDUCERS
from fgrad._program.passes.lowered import method_reshape
from fgrad._program.passes.numbers import (
    ARITHMETIC,
    is_array,
    is_packed,
    same_alone,
    same_in_parts,
)

__all__ = ["ENTRIES", "LARGE", "Blocked", "blocked", "halves", "in_halves"]

LARGE = 1 << 16
"""Entries of an array for which blocks pay."""

ENTRIES = 1 << 14
"""Entries of a block."""

MOST = 2
"""How many arrays may be waiting for calls that come after a loop."""


@dataclass(frozen=True, eq=False)
class Blocked:
    """A loop over blocks, as the function of a call."""

    calls: list[Call]
    parts: dict[Variable, Any]
    """What the calls use of a block, and the array that it is a part of."""
    blocks: list[tuple[int, int]]
    """Where each block begins and ends."""
    tree: Any
    """How sums of blocks are added up; ``None`` if there are no sums."""

    def __call__(self, *args: Any) -> Any:
        """A loop is written as lines, and never called."""
        raise NotImplementedError


def blocked(program: Program) -> Program:
    """Make loops over blocks of runs of elementwise calls on large arrays."""
    if not any(is_large(out) for call in program.calls for out in call.outs):
        return program
    groups = Groups(program)
    for call in program.calls:
        groups.add(call)
    groups.flush()
    return program.with_calls(groups.calls)


def is_large(v: Variable) -> bool:
    return is_array(v) and v.size >= LARGE


class Groups:
    """Goes through the calls, and keeps a group that may become a loop."""

    def __init__(self, program: Program) -> None:
        self.calls: list[Call] = []
        self._uses = Counter(v for call in program.calls for v in call.uses())
        self._uses.update(variables(program.outputs))
        self._group: list[Call] = []
        self._members = set[Variable]()
        """The results of the group."""
        self._after: list[Call] = []
        """Calls that need results of the group, and wait for its end."""
        self._as_they_were: list[Call] = []
        """Both, in their order."""
        self._late = set[Variable]()
        """Their results, and the sums of the group."""
        self._waiting = set[Variable]()
        """The large results of the group that they need."""

    def add(self, call: Call) -> None:
        """Put a call into the group, before it, or after it."""
        if is_rowwise(call) and (is_large(call.out) or self._continues(call)):
            if not self._fits(call):
                self.flush()
            if is_large(call.out) or self._group:
                self._group.append(call)
                self._as_they_were.append(call)
                self._members.add(call.out)
                return
        used = {*call.uses()}
        if not self._group or (used.isdisjoint(self._members | self._late)):
            if call.guard and call.fun is not finite:
                self.flush()
            self.calls.append(call)
            return
        if is_sum(call) and call.first in self._members and self._alike(call):
            self._group.append(call)
            self._as_they_were.append(call)
            self._late.update(call.outs)
            return
        self._waiting |= {v for v in used & self._members if is_large(v)}
        if len(self._waiting) > MOST or (call.guard and call.fun is not finite):
            self.flush()
            self.calls.append(call)
            return
        self._after.append(call)
        self._as_they_were.append(call)
        self._late.update(call.outs)

    def _alike(self, call: Call) -> bool:
        return call.quiet == self._group[0].quiet

    def _continues(self, call: Call) -> bool:
        """Whether a smaller result belongs to the group."""
        return not self._members.isdisjoint(call.uses())

    def _fits(self, call: Call) -> bool:
        """Whether a call may be in the group as it is now."""
        if not self._group:
            return True
        if call.out.shape[0] != self._group[0].out.shape[0] or not self._alike(call):
            return False
        used = {*call.uses()}
        return used.isdisjoint(self._late) and not any(
            v in self._members and not varies(v, call) for v in used
        )

    def flush(self) -> None:
        """End the group: as a loop if that pays, else as it was."""
        inside = Counter(v for call in self._group for v in call.uses())
        if any(is_large(v) and self._uses[v] == inside[v] for v in self._members):
            self.calls += [self._loop(inside), *self._after]
        else:
            self.calls += self._as_they_were
        self._group, self._after, self._as_they_were = [], [], []
        self._members, self._late, self._waiting = set(), set(), set()

    def _loop(self, inside: Counter[Variable]) -> Call:
        """The group as one call; how often it uses each value itself is given."""
        group, sums = self._group, self._members.isdisjoint
        parts: dict[Variable, Any] = {}
        names: dict[Any, Variable] = {}
        calls: list[Call] = []
        for call in group:
            args = tuple([self._part(a, call, parts, names) for a in call.args])
            calls.append(replace(call, args=args))
        outs = [
            call.out
            for call in group
            if sums(call.outs) or self._uses[call.out] > inside[call.out]
        ]
        given = dict.fromkeys(v for v in inside if v not in self._members)
        rows = group[0].out.shape[0]
        width = max(v.size // rows for v in self._members)
        blocks: list[tuple[int, int]] = []
        tree = None
        if any(sums(call.outs) for call in group):
            tree = halves(0, rows, max(ENTRIES // width, 128), blocks)
        else:
            step = max(ENTRIES // width, 1)
            while rows % step == 1:  # one complex number has a loop of its own
                step -= 1
            blocks = [(i, min(i + step, rows)) for i in range(0, rows, step)]
        fun = Blocked(calls, parts, blocks, tree)
        first = group[0]
        return Call(
            fun, (*given,), {}, (*outs,), first.site, several=True, quiet=first.quiet
        )

    def _part(
        self,
        arg: Any,
        call: Call,
        parts: dict[Variable, Any],
        names: dict[Any, Variable],
    ) -> Any:
        """What stands for an argument in a block: a part of an array from outside."""
        if isinstance(arg, Variable | np.ndarray) and arg not in self._of_group(arg):
            if not varies(arg, call):
                return arg
            key = arg if type(arg) is Variable else id(arg)
            if key not in names:
                names[key] = part_of(arg, call)
                parts[names[key]] = arg
            return names[key]
        return arg

    def _of_group(self, arg: Any) -> Any:
        return self._members if type(arg) is Variable else ()


def part_of(array: Any, call: Call) -> Variable:
    """A variable for a block of an array."""
    code, lasti = call.site
    part = Variable(next_order(), array.shape, array.dtype, (), code, lasti)
    part.kind, part.strides = np.ndarray, array.strides
    return part


def varies(arg: Any, call: Call) -> bool:
    """Whether an argument has an entry, or a row, for each row of the result."""
    axes, rows = arg.ndim, call.outs[0].shape[0] if call.outs[0].shape else arg.shape[0]
    if call.fun in REDUCERS or call.fun is method_reshape:
        return True
    return axes == call.outs[0].ndim and arg.shape[0] == rows


def is_rowwise(call: Call) -> bool:
    """Whether rows of a result can be computed alone, and have the same bits."""
    if call.kwargs or call.guard or call.several or len(call.outs) != 1:
        return False
    out, x = call.out, call.first
    if not is_array(out) or not out.shape or out.shape[0] < 2 or not is_packed(out):
        return False
    if call.fun in REDUCERS:
        return is_sum_of_rows(call)
    if call.fun is method_reshape:
        return is_array(x) and is_packed(x) and x.shape[:1] == out.shape[:1]
    fun = ufunc_of(call)
    if fun is np.power or call.fun is operator.pow:
        exponent = call.args[1]
        constant = type(exponent) in (int, float) and out.dtype.kind == "f"
        if not constant or not same_in_parts(exponent, out.dtype.char):
            return False
    elif fun is None:
        if call.fun is not np.where or len(call.args) == 1:
            return False
    elif not trusted(fun, call):
        return False
    return all(stays_or_splits(arg, out) for arg in call.args)


def trusted(fun: np.ufunc, call: Call) -> bool:
    """Whether where an entry lies in an array does not change how it is computed."""
    kind = call.out.dtype.kind
    if kind in "biu" or (fun in ARITHMETIC and kind == "f"):
        return True
    args = [a for a in call.args if is_array(a) or isinstance(a, np.ndarray)]
    dtypes = {a.dtype.char for a in args} | {call.out.dtype.char}
    return len(dtypes) == 1 and same_alone(fun, dtypes.pop())


def stays_or_splits(arg: Any, out: Variable) -> bool:
    """Whether an argument is the same for all rows, or has rows in one piece."""
    if isinstance(arg, np.generic | int | float | complex):
        return True
    if type(arg) is Variable and not is_array(arg):
        return arg.kind is not int
    if type(arg) is not Variable and type(arg) is not np.ndarray:
        return False
    if arg.ndim < out.ndim or (arg.shape[0] == 1 and out.shape[0] > 1):
        return True
    array: Any = arg
    packed = is_packed(arg) if type(arg) is Variable else array.flags.c_contiguous
    return arg.shape[0] == out.shape[0] and packed


def is_sum_of_rows(call: Call) -> bool:
    """Whether a reduction leaves the first axis, and adds in the order of one row."""
    x, axis = call.first, call.args[1] if len(call.args) > 1 else None
    if not is_array(x) or x.ndim < 2 or axis is None or not is_packed(x):
        return False
    exact = call.out.dtype.kind in "iu"
    axes = axis if type(axis) is tuple else (axis,)
    return (exact or x.dtype == call.out.dtype) and 0 not in {i % x.ndim for i in axes}


def is_sum(call: Call) -> bool:
    """Whether a call adds up all numbers of an array with one axis."""
    x = call.first
    return (
        call.fun == np.add.reduce
        and len(call.args) == 2
        and call.args[1] in (None, 0, -1, (0,))
        and not call.kwargs
        and is_array(x)
        and x.ndim == 1
        and x.dtype.char in "df"
        and call.out.dtype == x.dtype
    )


def halves(start: int, n: int, most: int, found: list[tuple[int, int]]) -> Any:
    """Blocks of at most so many numbers, as NumPy halves a sum, and their tree."""
    if n <= most:
        found.append((start, start + n))
        return len(found) - 1
    half = n // 2
    half -= half % 8
    left = halves(start, half, most, found)
    return left, halves(start + half, n - half, most, found)


def in_halves(tree: Any, sums: list[Any]) -> Any:
    """The sum of all blocks, added as NumPy adds halves."""
    if type(tree) is int:
        return sums[tree]
    return in_halves(tree[0], sums) + in_halves(tree[1], sums)
