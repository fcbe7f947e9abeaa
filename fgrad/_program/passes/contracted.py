"""Sums of products by matrix products: other orders of the same sums, not exact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from fgrad._program.calls import Call, Program, Variable
from fgrad.primitives.contraction import layout, product_of_matrices

__all__ = ["contracted"]


def contracted(program: Program) -> Program:
    """Compute `np.einsum` pair by pair, and pairs as stacks of matrix products.

    A sum of n products then differs from the exact one by at most ``n * eps`` times the
    sum of their absolute values (``(k + n) * eps`` for k factors), as in any order:
    Higham, Accuracy and Stability of Numerical Algorithms (2002), (3.5).
    """
    calls: list[Call] = []
    same: dict[Variable, Any] = {}
    for call in program.calls:
        call = call.renamed(same)
        if _is_plain(call):
            calls += _pairs(call)
            same[call.out] = calls[-1].out  # it lies in another order
        else:
            calls.append(call)
    return program.with_calls(calls, same)


def _is_plain(call: Call) -> bool:
    """Whether a call is a sum of products of arrays, with all axes named."""
    if call.fun is not np.einsum or not {*call.kwargs} <= {"optimize"}:
        return False
    names, *arrays = call.args
    if type(names) is not str or "->" not in names or "." in names:
        return False
    sides = names.replace(" ", "").partition("->")
    operands = sides[0].split(",")
    single = all(len({*axes}) == len(axes) for axes in (*operands, sides[2]))
    floats = all(
        (a.kind if type(a) is Variable else type(a)) is np.ndarray
        and a.dtype == call.out.dtype
        and a.dtype.kind in "fc"
        for a in arrays
    )
    sizes: dict[str, int] = {}
    return (
        single
        and floats
        and len(arrays) > 1
        and all(
            sizes.setdefault(axis, n) == n  # one that is 1 would be repeated
            for axes, a in zip(operands, arrays, strict=True)
            for axis, n in zip(axes, a.shape, strict=True)
        )
    )


def _pairs(call: Call) -> Iterator[Call]:
    """One call for each pair, in the order that NumPy finds the cheapest."""
    names, *arrays = call.args
    given, _, result = names.replace(" ", "").partition("->")
    left = [*zip(given.split(","), arrays, strict=True)]
    stand_ins = [np.broadcast_to(np.float64(0), a.shape) for a in arrays]
    path = np.einsum_path(names, *stand_ins, optimize="optimal")[0][1:]
    for step in path:
        chosen = [left[i] for i in step]
        left = [pair for i, pair in enumerate(left) if i not in step]
        needed = {*result, *(axis for axes, _ in left for axis in axes)}
        found = dict.fromkeys(axis for axes, _ in chosen for axis in axes)
        axes = "".join(axis for axis in found if axis in needed) if left else result
        made = _product(call, chosen, axes)
        yield made
        left.append((axes, made.out))


def _product(call: Call, chosen: Any, result: str) -> Call:
    """The product of a pair: of matrices, if it is one."""
    size = {c: n for names, a in chosen for c, n in zip(names, a.shape, strict=True)}
    shape = tuple(size[axis] for axis in result)
    strides = np.empty(shape, call.out.dtype).strides
    out = call.out.array(shape, strides) if shape else call.out.number()
    names = f"{','.join(axes for axes, _ in chosen)}->{result}"
    arrays = [array for _, array in chosen]
    options = {"order": "C"}
    plain = Call(
        np.einsum, (names, *arrays), options, (out,), call.site, epoch=call.epoch
    )
    if len(chosen) != 2:
        return plain
    (x, a), (y, b) = chosen
    product = layout(x, y, result, size)
    if product is None:
        return plain
    shape, order = product.last
    strides = np.empty(shape, out.dtype).strides
    out.strides = tuple(strides[i] for i in order)
    args = (a, b, *product)
    return Call(product_of_matrices, args, {}, (out,), call.site, epoch=call.epoch)
