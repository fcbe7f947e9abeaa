"""Sums of products by matrix products: other orders of the same sums, not exact."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from fgrad._engine.trace import next_order
from fgrad._program.calls import Call, Program, Variable

__all__ = ["contracted", "product_of_matrices"]


def product_of_matrices(a: Any, b: Any, left: Any, right: Any, last: Any) -> Any:
    """A sum of products as one stack of matrix products; axes and shapes are given."""
    a = a.transpose(left[0]).reshape(left[1])
    b = b.transpose(right[0]).reshape(right[1])
    return np.matmul(a, b).reshape(last[0]).transpose(last[1])


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
    return single and floats and len(arrays) > 1


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
        made = _product(call, chosen, axes, _between(call, axes, chosen))
        yield made
        left.append((axes, made.out))


def _between(call: Call, axes: str, chosen: Any) -> Variable:
    """A variable for the product of a pair."""
    size = {c: n for names, a in chosen for c, n in zip(names, a.shape, strict=True)}
    shape = tuple(size[axis] for axis in axes)
    out = Variable(next_order(), shape, call.out.dtype, (), *call.site)
    out.kind = np.ndarray
    out.strides = np.empty(shape, out.dtype).strides
    return out


def _product(call: Call, chosen: Any, result: str, out: Variable) -> Call:
    """The product of a pair: of matrices, if it is one."""
    names = f"{','.join(axes for axes, _ in chosen)}->{result}"
    arrays = [array for _, array in chosen]
    options = {"order": "C"}
    plain = Call(
        np.einsum, (names, *arrays), options, (out,), call.site, epoch=call.epoch
    )
    if len(chosen) != 2:
        return plain
    (x, a), (y, b) = chosen
    batch = [c for c in result if c in x and c in y]
    inner = [c for c in x if c in y and c not in result]
    rows, columns = ([c for c in p if c not in q] for p, q in ((x, y), (y, x)))
    if not (inner and rows and columns) or {*rows, *columns} - {*result}:
        return plain
    size = {c: n for axes, array in chosen for c, n in zip(axes, array.shape)}  # noqa: B905

    def lengths(*groups: list[str]) -> tuple[int, ...]:
        return (*[size[c] for c in batch], *[prod(size[c] for c in g) for g in groups])

    made = [*batch, *rows, *columns]
    left = tuple(map(x.index, [*batch, *rows, *inner])), lengths(rows, inner)
    right = tuple(map(y.index, [*batch, *inner, *columns])), lengths(inner, columns)
    last = tuple(size[c] for c in made), tuple(map(made.index, result))
    args = (a, b, left, right, last)
    strides = np.empty(last[0], out.dtype).strides
    out.strides = tuple(strides[i] for i in last[1])
    return Call(product_of_matrices, args, {}, (out,), call.site, epoch=call.epoch)
