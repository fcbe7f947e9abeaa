"""Whose memory a result may have: what is used no more, or memory of the program's own.

A small array gets a *register*: memory that is made once, into which NumPy writes at
each call. Views of registers are made once, too. A large array may get the memory of an
operand that nothing needs any more, and is freed after its last use.

Registers are never seen outside: not in a result, and not by functions of the user's.
"""

from __future__ import annotations

import operator
from functools import cache
from typing import Any

import numpy as np

from fgrad._engine.scatter import scatter_add
from fgrad._program.calls import (
    Call,
    Program,
    Variable,
    elementwise,
    is_known,
    ufunc_of,
    variables,
)
from fgrad._program.into import REDUCERS, is_basic, writes_into
from fgrad._program.native.function import Native
from fgrad._program.passes.blocked import Blocked
from fgrad._program.passes.lowered import (
    method_reshape,
    method_transpose,
    product_of_axes,
)
from fgrad._program.passes.numbers import is_packed
from fgrad.primitives.contraction import product_of_matrices

__all__ = ["Memory"]

SMALL = 1 << 18
"""Bytes up to which an array lies in a register."""

LARGE = 1 << 12
"""Bytes from which other arrays are freed after their last use."""

FRESH = {
    *(np.dot, np.vdot, np.outer, np.inner, np.where, np.concatenate, np.stack),
    *(np.linalg.solve, np.linalg.cholesky, np.linalg.inv, scatter_add),
    *(operator.pow, operator.matmul, product_of_axes, product_of_matrices),
}
"""Functions besides ufuncs whose results are memory of their own."""


class Memory:
    """Where the results of a program lie."""

    def __init__(self, program: Program) -> None:
        self._roots: dict[Variable, frozenset[Variable]] = {}
        """The variables whose memory a value may be."""
        self._pinned = {*program.inputs}
        """Memory that is not ours to write to."""
        for v in program.inputs:
            self._roots[v] = frozenset({v})
        self.rows = rows_of(program)
        """For what is written where it is stacked: the stack, and which row."""
        for call in program.calls:
            self._find_roots(call)
        for v in variables(program.outputs):
            self._pinned |= self._roots[v]
        last: dict[Variable, int] = {}
        self._last: dict[Variable, int] = {}
        for i, call in enumerate(program.calls):
            for v in call.uses():
                last[v] = i
                for root in self._roots[v]:
                    self._last[root] = i
        self.rows = {
            v: row for v, row in self.rows.items() if self._may_be_in_register(row[0])
        }
        kept = {*variables(program.outputs), *program.inputs}
        self.freed: dict[int, list[Variable]] = {}
        """What is freed after each call."""
        for v, i in last.items():
            if v not in kept and v.nbytes >= LARGE:
                self.freed.setdefault(i, []).append(v)
        self.registers: dict[Variable, int] = {}
        """The register of each variable that lies in one."""
        self.spaces: list[tuple[tuple[int, ...], np.dtype[Any]]] = []
        """Shape and dtype of each register."""
        self.made: set[Variable] = set()
        """The variables that are the first ones in their registers."""
        self.views: set[Variable] = set()
        """Views of registers, which are made once."""
        self.reused: dict[Variable, Variable] = {}
        """The operand whose memory a result gets."""
        self._free: dict[Any, list[int]] = {}
        ends: dict[int, list[Variable]] = {}
        for root, i in self._last.items():
            ends.setdefault(i, []).append(root)
        for i, call in enumerate(program.calls):
            self._place(call, i, ends.get(i, []))

    def is_static(self, value: Any) -> bool:
        """Whether a value lies in a register, or is a view of one."""
        return value in self.registers or value in self.views or value in self.rows

    def is_shared(self, value: Variable) -> bool:
        """Whether a value lies, or may lie, in the memory of something else."""
        return self._roots[value] != frozenset({value})

    # Roots

    def _find_roots(self, call: Call) -> None:
        ours = type(call.fun) in (Blocked, Native)
        fresh = ours or is_fresh(call.fun)
        known = ours or is_known(call.fun)
        seen = not known or any(map(callable, call.args))
        below = frozenset[Variable]()
        if seen or not fresh:
            below = below.union(*[self._roots[v] for v in call.uses()])
        for out in call.outs:
            if fresh or out.kind is not np.ndarray:
                self._roots[out] = frozenset({self.rows.get(out, (out,))[0]})
            else:
                self._roots[out] = below | {out}
                self._pinned.add(out)
        if seen:
            self._pinned |= below

    # Places

    def _place(self, call: Call, i: int, ending: list[Variable]) -> None:
        """Find memory for a result; then free what ends here."""
        early: list[Variable] = []
        if isinstance(call.fun, Native):
            for out in call.outs:
                if self._may_be_in_register(out):
                    self._give_register(out)
        elif len(call.outs) == 1:
            if self._is_view(call):
                self.views.add(call.out)
            elif call.out in self.rows:
                stack = self.rows[call.out][0]
                if stack not in self.registers:
                    self._give_register(stack)
                if stack in self.made:
                    self.made.add(call.out)
            elif call.out in self.registers:
                pass  # its rows are written
            elif self._in_register(call):
                if ending and may_be_in_place(call):
                    direct = {v for v in call.uses() if not self.is_shared(v)}
                    viewed = {
                        root
                        for v in call.uses()
                        if v not in direct
                        for root in self._roots[v]
                    }
                    early = [v for v in ending if v in direct and v not in viewed]
                    self._release(early)
                self._give_register(call.out)
            else:
                self._reuse(call, i)
        self._release([root for root in ending if root not in early])
        if len(call.outs) == 1 and call.out not in self._last:
            self._release([call.out])

    def _is_view(self, call: Call) -> bool:
        """Whether a call makes a view of a register, the same at each run."""
        x = call.args[0] if call.args else None
        if not (type(x) is Variable and self.is_static(x) and not call.kwargs):
            return False
        if call.out.kind is not np.ndarray:
            return False
        if call.fun is operator.getitem:
            return is_basic(call.args[1])
        if call.fun in (method_transpose, np.broadcast_to):
            return True
        return call.fun is method_reshape and is_packed(x)

    def _in_register(self, call: Call) -> bool:
        return writes_into(call) and self._may_be_in_register(call.out)

    def _may_be_in_register(self, out: Variable) -> bool:
        return (
            out.kind is np.ndarray
            and out.shape != ()
            and 0 < out.nbytes <= SMALL
            and is_packed(out)
            and self._pinned.isdisjoint(self._roots[out])
        )

    def _give_register(self, out: Variable) -> None:
        space = (out.shape, out.dtype)
        free = self._free.get(space)
        if free:
            self.registers[out] = free.pop()
        else:
            self.registers[out] = len(self.spaces)
            self.made.add(out)
            self.spaces.append(space)

    def _release(self, roots: list[Variable]) -> None:
        for root in roots:
            if root in self.registers:
                space = (root.shape, root.dtype)
                self._free.setdefault(space, []).append(self.registers[root])

    def _reuse(self, call: Call, i: int) -> None:
        """Give a large result the memory of an operand that ends here."""
        out = call.out
        if not may_be_in_place(call) or out.kind is not np.ndarray or not out.shape:
            return
        for v in call.uses():
            if (
                v not in self._pinned
                and v not in self.registers
                and not self.is_shared(v)
                and self._last[v] == i
                and v.like(out)
            ):
                self.reused[out] = v
                return


def rows_of(program: Program) -> dict[Variable, tuple[Variable, int]]:
    """The values that can be written as rows of the array that they are stacked to."""
    stacks = [
        call
        for call in program.calls
        if call.fun is np.stack and len(call.args) == 1 and not call.kwargs
    ]
    if not stacks:
        return {}
    free = {
        call.out
        for call in program.calls
        if writes_into(call) and call.out.kind is np.ndarray and is_packed(call.out)
    }
    free.difference_update(variables(program.outputs))
    found: dict[Variable, tuple[Variable, int]] = {}
    for call in stacks:
        values = call.args[0]
        rows = {v for v in values if type(v) is Variable and v in free}
        if len(rows) == len(values):
            found.update((v, (call.out, i)) for i, v in enumerate(values))
            free -= rows
    return found


def may_be_in_place(call: Call) -> bool:
    """Whether a result may be written over an operand, with the same bits.

    An entry is read before it is written. But one complex number in place has a loop of
    its own in NumPy.
    """
    return ufunc_of(call) is not None and (
        call.out.size > 1 or call.out.dtype.kind != "c"
    )


@cache
def is_fresh(fun: Any) -> bool:
    """Whether the results of a function are memory of their own."""
    ufunc = isinstance(fun, np.ufunc) and is_known(fun)
    return ufunc or elementwise(fun) is not None or fun in FRESH or fun in REDUCERS
