"""Linear algebra: NumPy works on stacks of matrices, and a batch is a stack."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad._engine.box import as_array
from fgrad.batching.forms import (
    aligned,
    flat,
    lined_up,
    one_array,
    several_arrays,
    shifted,
)
from fgrad.batching.trace import BatchTrace
from fgrad.primitives._spectrum import mixed, once, singular, spectral
from fgrad.primitives.matrix_functions import (
    corner,
    hermitian_corner,
    lyapunov,
    unitary_factor,
)
from fgrad.primitives.triangular import solve_lower

aligned(once, arrays=("x", "repeated"))


@one_array(
    np.linalg.inv,
    np.linalg.det,
    np.linalg.slogdet,
    np.linalg.cholesky,
    np.linalg.eig,
    np.linalg.eigvals,
    np.linalg.eigh,
    np.linalg.eigvalsh,
    np.linalg.svd,
    np.linalg.qr,
    np.linalg.pinv,
    np.linalg.cond,
    np.linalg.matrix_rank,
    unitary_factor,
)
def stack(fun: Any, a: Any, **options: Any) -> Any:
    plain = all(np.ndim(value) == 0 for value in options.values())
    return fun(a, **options) if a.ndim > 2 and plain else NotImplemented


@several_arrays(np.linalg.solve)
def solve(trace: BatchTrace, a: Any, b: Any) -> Any:
    """A vector is a matrix of one column; those of all examples share a matrix."""
    a_ndim, b_ndim = as_array(a).ndim, as_array(b).ndim
    if not trace.holds(a) and a_ndim == 2 and b_ndim == 1:
        return np.matrix_transpose(np.linalg.solve(a, np.matrix_transpose(b._value)))
    left = _lined_up_value(trace, a, max(a_ndim, b_ndim))
    if b_ndim > 1:
        right = _lined_up_value(trace, b, max(a_ndim, b_ndim))
        return np.linalg.solve(left, right)
    right = np.expand_dims(b._value, -1) if trace.holds(b) else np.expand_dims(b, -1)
    if trace.holds(b):
        right = lined_up(right, a_ndim)
    return np.linalg.solve(left, right)[..., 0]


@several_arrays(solve_lower)
def triangular(trace: BatchTrace, a: Any, b: Any, transposed: bool = False) -> Any:
    ndim = max(as_array(a).ndim, as_array(b).ndim)
    left, right = (_lined_up_value(trace, x, ndim) for x in (a, b))
    return solve_lower(left, right, transposed)


def _lined_up_value(trace: BatchTrace, x: Any, ndim: int) -> Any:
    return lined_up(x._value, ndim) if trace.holds(x) else as_array(x)


@one_array(np.linalg.norm)
def norm(
    fun: Any, x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False
) -> Any:
    if axis is None and ord is None:
        ans = fun(flat(x), axis=1)
        kept = (len(x), *(1,) * (x.ndim - 1))
        return np.reshape(ans, kept) if keepdims else ans
    if axis is None:
        axes = tuple(range(1, x.ndim))
        axis = axes if len(axes) == 2 else axes[0] if len(axes) == 1 else ()
    else:
        axis = shifted(axis, x.ndim - 1)
    return fun(x, ord, axis, keepdims) if axis != () else NotImplemented


@several_arrays(mixed)
def zeros_for_rotations(trace: BatchTrace, gv: Any, w: Any, name: str) -> Any:
    return mixed(trace.of_all(gv), trace.of_all(w), name)


def weighted(fun: Any) -> Any:
    """A matrix, its weights and its vectors: if one is batched, so are all."""

    def batch(trace: BatchTrace, parts: Any, *vectors: Any) -> Any:
        both = [trace.of_all(part) for part in parts]
        return fun(both, *(x if type(x) is str else trace.of_all(x) for x in vectors))

    return several_arrays(fun)(batch)


for fun in (spectral, singular):
    weighted(fun)


@several_arrays(lyapunov)
def sums(trace: BatchTrace, p: Any, c: Any) -> Any:
    return lyapunov(trace.of_all(p), trace.of_all(c))


def directed(fun: Any) -> None:
    """A function of a matrix and of directions: if one is batched, so are all."""

    def batch(trace: BatchTrace, parts: Any, option: Any) -> Any:
        return fun([trace.of_all(part) for part in parts], option)

    several_arrays(fun)(batch)


for fun in (corner, hermitian_corner):
    directed(fun)
