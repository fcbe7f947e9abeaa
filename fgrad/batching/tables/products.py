"""Products: what only one factor has in a batch is one more of its free axes."""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

import numpy as np

from fgrad._engine.box import as_array
from fgrad.batching.forms import (
    lined_up,
    several_arrays,
    shifted,
)
from fgrad.batching.trace import BatchTrace


def contracted(trace: BatchTrace, a: Any, b: Any, over_a: Any, over_b: Any) -> Any:
    """Sums of products over axes: those that `a` has left come first, then of `b`."""
    a_mapped, b_mapped = trace.holds(a), trace.holds(b)
    if not b_mapped:
        over_a = tuple(axis + 1 for axis in over_a)
        return np.tensordot(a._value, b, (over_a, over_b))
    if not a_mapped:
        over_b = tuple(axis + 1 for axis in over_b)
        ans = np.tensordot(a, b._value, (over_a, over_b))
        return np.moveaxis(ans, np.ndim(a) - len(over_a), 0)
    left, a_shape = _rows(a._value, over_a)
    right, b_shape = _rows(b._value, over_b)
    ans = np.matmul(left, np.matrix_transpose(right))
    return np.reshape(ans, (trace.size, *a_shape, *b_shape))


def _rows(a: Any, over: tuple[int, ...]) -> tuple[Any, tuple[int, ...]]:
    """Matrices with the axes in `over` along the rows; the shape of the others."""
    axes = [axis + 1 for axis in over]
    free = [i for i in range(1, a.ndim) if i not in axes]
    shape = tuple(a.shape[i] for i in free)
    length = math.prod(a.shape[i] for i in axes)
    order = (0, *free, *axes)
    if order != tuple(range(a.ndim)):
        a = np.transpose(a, order)
    return np.reshape(a, (a.shape[0], math.prod(shape), length)), shape


@several_arrays(np.matmul)
def matmul(trace: BatchTrace, x1: Any, x2: Any, **options: Any) -> Any:
    x1, x2 = as_array(x1), as_array(x2)
    m, n = x1.ndim, x2.ndim
    if options or not m or not n:
        return NotImplemented
    if m <= 2 and n <= 2:
        if x1.shape[-1] != x2.shape[0]:
            return NotImplemented
        return contracted(trace, x1, x2, (m - 1,), (0,))
    left = np.expand_dims(x1, 0) if m == 1 else x1
    right = np.expand_dims(x2, 1) if n == 1 else x2
    ndim = max(left.ndim, right.ndim)
    left, right = [
        lined_up(x._value, ndim) if trace.holds(x) else x for x in (left, right)
    ]
    ans = np.matmul(left, right)
    if m == 1:
        return np.squeeze(ans, -2)
    return np.squeeze(ans, -1) if n == 1 else ans


@several_arrays(np.dot)
def dot(trace: BatchTrace, a: Any, b: Any) -> Any:
    a, b = as_array(a), as_array(b)
    if not a.ndim or not b.ndim:
        return a * b
    if a.shape[-1] != b.shape[max(b.ndim - 2, 0)]:
        return NotImplemented
    return contracted(trace, a, b, (a.ndim - 1,), (max(b.ndim - 2, 0),))


@several_arrays(np.inner)
def inner(trace: BatchTrace, a: Any, b: Any) -> Any:
    a, b = as_array(a), as_array(b)
    if not a.ndim or not b.ndim:
        return a * b
    if a.shape[-1] != b.shape[-1]:
        return NotImplemented
    return contracted(trace, a, b, (a.ndim - 1,), (b.ndim - 1,))


@several_arrays(np.vdot)
def vdot(trace: BatchTrace, a: Any, b: Any) -> Any:
    a, b = np.ravel(as_array(a)), np.ravel(as_array(b))
    if a.shape != b.shape:
        return NotImplemented
    return contracted(trace, np.conjugate(a), b, (0,), (0,))


@several_arrays(np.outer)
def outer(trace: BatchTrace, a: Any, b: Any) -> Any:
    return np.ravel(as_array(a))[:, None] * np.ravel(as_array(b))


@several_arrays(np.tensordot)
def tensordot(trace: BatchTrace, a: Any, b: Any, axes: Any = 2) -> Any:
    a, b = as_array(a), as_array(b)
    if np.ndim(axes) == 0:
        over_a, over_b = tuple(range(a.ndim - axes, a.ndim)), tuple(range(axes))
    else:
        over_a, over_b = map(_as_tuple, axes)
    over_a = tuple(axis - 1 for axis in shifted(over_a, a.ndim))
    over_b = tuple(axis - 1 for axis in shifted(over_b, b.ndim))
    if [a.shape[i] for i in over_a] != [b.shape[i] for i in over_b]:
        return NotImplemented
    return contracted(trace, a, b, over_a, over_b)


def _as_tuple(axes: Any) -> tuple[int, ...]:
    return tuple(axes) if np.ndim(axes) else (int(axes),)


@several_arrays(np.linalg.multi_dot)
def multi_dot(trace: BatchTrace, arrays: Any) -> Any:
    return reduce(np.matmul, arrays)


def _stacks(trace: BatchTrace, x: Any, own: int, ndim: int) -> Any:
    """A factor with `own` axes of its own, and `ndim` before them."""
    return lined_up(x._value, own + ndim) if trace.holds(x) else x


def _stacked_product(fun: Any, own1: int, own2: int) -> None:
    """Vectors and matrices along the last axes, and broadcasting before these."""

    @several_arrays(fun)
    def product(trace: BatchTrace, x1: Any, x2: Any, **options: Any) -> Any:
        if options:
            return NotImplemented
        x1, x2 = as_array(x1), as_array(x2)
        ndim = max(x1.ndim - own1, x2.ndim - own2)
        return fun(_stacks(trace, x1, own1, ndim), _stacks(trace, x2, own2, ndim))


for _name, _own1, _own2 in (("vecdot", 1, 1), ("matvec", 2, 1), ("vecmat", 1, 2)):
    if hasattr(np, _name):
        _stacked_product(getattr(np, _name), _own1, _own2)


@several_arrays(np.cross)
def cross(trace: BatchTrace, a: Any, b: Any, **axes: Any) -> Any:
    if any(axis not in (-1, None) for axis in axes.values()):
        return NotImplemented
    a, b = as_array(a), as_array(b)
    ndim = max(a.ndim, b.ndim) - 1
    return np.cross(_stacks(trace, a, 1, ndim), _stacks(trace, b, 1, ndim))


@several_arrays(np.einsum)
def einsum(trace: BatchTrace, *operands: Any, **options: Any) -> Any:
    """One more letter for the examples."""
    if not isinstance(operands[0], str):
        return NotImplemented
    subscripts, *factors = operands
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    letter = next(c for c in "zyxwvutsrqponmlkjihgfedcba" if c not in subscripts)
    terms = left.split(",")
    if not arrow:
        letters = left.replace(",", "").replace(".", "")
        right = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
        right = ("..." if "..." in left else "") + right
    mapped = [trace.holds(factor) for factor in factors]
    left = ",".join(
        letter + term if m else term for m, term in zip(mapped, terms, strict=True)
    )
    values = [f._value if m else f for m, f in zip(mapped, factors, strict=True)]
    return np.einsum(f"{left}->{letter}{right}", *values, **options)
