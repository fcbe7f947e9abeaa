"""Products with constants, taken together where one of them loses no bit."""

from __future__ import annotations

import math

import numpy as np

from fgrad._program.calls import Call, Program, Variable, ufunc_of
from fgrad._program.passes.numbers import is_constant

__all__ = ["doubled"]


def doubled(program: Program) -> Program:
    """Make ``3 * (2 * x)`` one product with 6: twice a number has the same digits.

    So has each product with 1, 2, 4, 8 ... If it overflows, so does the larger one.
    """
    made: dict[Variable, Call] = {}
    kept: list[Call] = []
    for call in program.calls:
        if ufunc_of(call) is np.multiply and call.out.dtype.kind == "f":
            call = _at_once(call, made)
            made[call.out] = call
        kept.append(call)
    return program.with_calls(kept)


def _at_once(call: Call, made: dict[Variable, Call]) -> Call:
    """One product with both constants, if that gives the same."""
    outer = _split(call)
    inner = made.get(outer[1]) if outer else None
    if outer is None or inner is None:
        return call
    (factor, x), first = outer, _split(inner)
    alike = (inner.quiet, inner.epoch) == (call.quiet, call.epoch)
    if first is None or not alike or not first[1].like(x) or not x.like(call.out):
        return call
    digits, exponent = math.frexp(first[0])
    number = call.out.dtype.type
    with np.errstate(over="ignore"):
        both = number(factor) * number(first[0])
    exact = abs(digits) == 0.5 and exponent >= 1 and abs(factor) >= 1
    if not exact or call.out.kind is float or not np.isfinite(both):
        return call
    return call.with_args((both, first[1]))


def _split(call: Call) -> tuple[float, Variable] | None:
    """The constant and the variable of a product, if it is one with a constant."""
    a, b = call.args
    dtype = call.out.dtype
    for number, x in ((a, b), (b, a)):
        if is_constant(number, dtype) and type(x) is Variable:
            return number, x
    return None
