"""Minus signs where they cost nothing: ``-(a * -b)`` is ``a * b``, in each bit.

A sign changes no other bit of a product, a quotient or a square. So it moves from one
to the next until it meets another sign, a constant, or a sum, which becomes a
difference. Only a nan may have another sign then: such results the program leaves to
the function itself.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from fgrad._program.calls import (
    Call,
    Program,
    Variable,
    finite,
    substituted,
    ufunc_of,
    variables,
)
from fgrad._program.passes.numbers import is_constant

__all__ = ["signs"]

EVEN = {np.square, np.absolute}
"""Functions that give the same for a number and its opposite."""

PRODUCTS = {np.multiply, np.divide}

OTHER: dict[Any, Any] = {
    np.add: np.subtract,
    np.subtract: np.add,
    operator.add: operator.sub,
    operator.sub: operator.add,
}
"""What a sum becomes when its second operand changes its sign."""


def signs(program: Program) -> Program:
    """Leave out signs, or put them into constants, where the bits are the same."""
    negatives = {call for call in program.calls if ufunc_of(call) is np.negative}
    if not negatives:
        return program
    signer = Signer(program)
    for call in program.calls:
        signer.add(call)
    results = [*dict.fromkeys(variables(substituted(program.outputs, signer.same)))]
    signer.needs(results)
    if negatives <= {*signer.calls}:
        return program
    return program.with_calls([*signer.calls, *signer.asked(results)], signer.same)


def seen(program: Program) -> set[Variable]:
    """The variables whose sign cannot move on to those that use them."""
    found = {*variables(program.outputs)}
    for call in reversed(program.calls):
        fun = ufunc_of(call)
        if fun in EVEN or fun is np.negative or fun is np.add or call.fun is finite:
            continue
        if fun is np.subtract:
            found.update(variables(call.args[:1]))
        elif fun not in PRODUCTS or (call.out in found and not has_constant(call)):
            found.update(call.uses())
    return found


class Signer:
    """Goes through the calls, and knows of which values only the opposite is there."""

    def __init__(self, program: Program) -> None:
        self.calls: list[Call] = []
        self.same: dict[Variable, Any] = {}
        self._seen = seen(program)
        self._uses = Counter(v for call in program.calls for v in call.uses())
        self._opposite: dict[Variable, Call] = {}
        """For a value that is not there: the call that makes it of its opposite."""
        self._products: dict[Variable, Call] = {}
        """Products with constants, which are used once."""

    def add(self, call: Call) -> None:
        """Add a call, with the signs of its operands at other places."""
        call = call.renamed(self.same)
        fun, real = ufunc_of(call), call.outs and call.outs[0].dtype.kind == "f"
        if fun is np.negative and real:
            self._negative(call)
        elif fun in PRODUCTS and real:
            self._product(call)
        elif (fun is np.add or fun is np.subtract) and real:
            self._sum(call)
        elif fun in EVEN or call.fun is finite:
            self._keep(call.with_args((self._turned(call.args[0]) or call.args[0],)))
        else:
            self._keep(call)

    def _turned(self, value: Any) -> Variable | None:
        """The opposite of a value that is not there."""
        by = self._opposite.get(value) if type(value) is Variable else None
        return by.args[0] if by is not None else None

    def _product_of(self, value: Any) -> Call | None:
        """The product with a constant that makes a value for one call only."""
        return self._products.get(value) if type(value) is Variable else None

    def _keep(self, call: Call) -> None:
        """Add a call; its operands must be there."""
        self.needs(call.uses())
        self.calls.append(call)
        if has_constant(call) and self._uses[call.out] == 1:
            self._products[call.out] = call

    def needs(self, values: Iterable[Variable]) -> None:
        """Let values be there."""
        for v in values:
            if v in self._opposite:
                self.calls.append(self._opposite.pop(v))

    def asked(self, results: list[Variable]) -> Iterator[Call]:
        """Guards for results of which nobody asks whether they are finite."""
        known = {call.args[0] for call in self.calls if call.fun is finite}
        made = {v for call in self.calls for v in call.outs}
        for v in results:
            if v.dtype.kind in "fc" and v in made - known:
                site = v.code, v.lasti
                yield Call(finite, (v,), {}, (), site, guard=True, answer=True)

    def _negative(self, call: Call) -> None:
        x, out = call.args[0], call.out
        turned, by = self._turned(x), self._product_of(x)
        if type(x) is not Variable or not x.like(out):
            self._keep(call)
        elif turned is not None:
            self.same[out] = turned
        elif by is not None and by.epoch == call.epoch:
            self._keep(replace(with_opposite(by), outs=call.outs))
        else:
            self._opposite[out] = call

    def _product(self, call: Call) -> None:
        """A product or a quotient: two signs vanish, and one goes somewhere else."""
        a, b = call.args
        left, right = self._turned(a), self._turned(b)
        made = call.with_args((left or a, right or b))
        other = self._product_of(b if left else a)
        if (left is None) == (right is None):
            self._keep(made)
        elif has_constant(made):
            self._keep(with_opposite(made))
        elif call.out not in self._seen:
            opposite = call.out.another()
            self._keep(replace(made, outs=(opposite,)))
            sign = np.negative if isinstance(call.fun, np.ufunc) else operator.neg
            self._opposite[call.out] = call.calling(sign, opposite)
        elif other is not None and other.epoch == call.epoch:
            turned = other.out.another()
            self._keep(replace(with_opposite(other), outs=(turned,)))
            self._keep(call.with_args((left or turned, right or turned)))
        else:
            self._keep(call)

    def _sum(self, call: Call) -> None:
        """A sum or a difference: the other one, if the second operand has a sign."""
        a, b = call.args
        if ufunc_of(call) is np.add and self._turned(a):
            a, b = b, a
        turned = self._turned(b)
        if turned is None:
            self._keep(call)
        else:
            self._keep(call.calling(OTHER[call.fun], a, turned))


def has_constant(call: Call) -> bool:
    """Whether a call is a product with one constant number, or such a quotient."""
    if ufunc_of(call) not in PRODUCTS or call.out.dtype.kind != "f":
        return False
    return sum(is_constant(arg, call.out.dtype) for arg in call.args) == 1


def with_opposite(call: Call) -> Call:
    """The call with the opposite of its constant."""
    dtype = call.out.dtype
    args = [opposite(arg) if is_constant(arg, dtype) else arg for arg in call.args]
    return call.with_args(tuple(args))


def opposite(number: Any) -> Any:
    return -float(number) if type(number) is int else -number  # 0 has no sign
