"""Calls that give what they were given, and arrays that stand for one number."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad._engine.rules import RULES
from fgrad._program.calls import Call, Program, Variable, ufunc_of
from fgrad._program.memory_of import root_of
from fgrad.primitives.shaping import reshaped

__all__ = ["identities"]

SMALL = 1 << 20
"""Bytes up to which all entries of a constant are looked at."""

USUAL = {"order": "C"}
"""An option of `np.reshape`, which it has anyway."""

ARITHMETIC = {
    *(np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum),
}
RESHAPES = {RULES[reshaped].fun, np.reshape, np.broadcast_to}
TRANSPOSES = {np.transpose, np.matrix_transpose}


def identities(program: Program) -> Program:
    """Leave out what changes nothing: ``x * 1``, ``x / 1``, ``x.T.T``, reshaping.

    Sums with 0 stay, since ``-0.0 + 0`` is ``0.0``. An array that repeats one number
    beside another array becomes that number.
    """
    same: dict[Variable, Any] = {}
    made: dict[Variable, Call] = {}
    kept: list[Call] = []
    for call in program.calls:
        call = call.renamed(same)
        if len(call.outs) == 1 and call.kwargs in ({}, USUAL):
            real = call.out.dtype.kind != "c"  # complex products depend on the loop
            if ufunc_of(call) in ARITHMETIC and len(call.args) == 2 and real:
                call = _with_numbers(call, made, program.captured)
            given = _unchanged(call, made)
            if given is not None and given.like(call.out):
                same[call.out] = given
                continue
        made.update(dict.fromkeys(call.outs, call))
        kept.append(call)
    return program.with_calls(kept, same)


def _with_numbers(
    call: Call, made: dict[Variable, Call], captured: frozenset[int]
) -> Call:
    """The call with a number for an array that repeats it; NumPy repeats arrays, too.

    The other operand must have the shape and the layout of the result already.
    """
    args = list(call.args)
    for i in (0, 1):
        other = args[1 - i]
        if type(other) is not Variable or other.shape != call.out.shape:
            continue
        if other.strides != call.out.strides:
            continue
        by = made.get(args[i]) if type(args[i]) is Variable else None
        if type(args[i]) is np.ndarray and id(root_of(args[i])) not in captured:
            args[i] = _repeated(args[i])
        elif by is not None and by.fun is np.broadcast_to:
            source = by.args[0]
            if type(source) is Variable and issubclass(
                source.kind, np.generic | np.ndarray
            ):
                args[i] = source
    changed = any(new is not old for new, old in zip(args, call.args, strict=True))
    return call.with_args(tuple(args)) if changed else call


def _repeated(array: Any) -> Any:
    """The number that an array repeats, if it has one only; else the array."""
    if array.dtype.kind not in "fc" or not array.ndim or not array.size:
        return array
    first = array.flat[0]
    steps = zip(array.strides, array.shape, strict=True)
    if all(step == 0 or n == 1 for step, n in steps):
        return first
    same = array.nbytes <= SMALL and array.tobytes() == first.tobytes() * array.size
    return first if same else array


def _unchanged(call: Call, made: dict[Variable, Call]) -> Variable | None:
    """The argument that a call returns as it is, but for class and layout."""
    fun, args = ufunc_of(call) or call.fun, call.args
    if fun is np.multiply and _is_one(args[0]):
        return _real(args[1])
    if fun in {np.multiply, np.divide} and _is_one(args[1]):
        return _real(args[0])
    if not args or _variable(args[0]) is None:
        return None
    if fun in RESHAPES:
        return args[0]
    if fun in TRANSPOSES and len(args) == 1:
        by = made.get(args[0])
        if by is not None and by.fun is fun and len(by.args) == 1:
            return by.args[0]
    return None


def _variable(value: Any) -> Variable | None:
    return value if type(value) is Variable else None


def _real(value: Any) -> Variable | None:
    """A variable of real numbers: ``z * 1`` is ``z * (1 + 0j)``, with sums of zeros."""
    return None if np.iscomplexobj(value) else _variable(value)


def _is_one(value: Any) -> bool:
    number = isinstance(value, int | float | np.floating)
    return number and not isinstance(value, bool) and value == 1
