"""Linear algebra that is other linear algebra under a different name or arrangement."""

import math
import operator
from typing import Any

import numpy as np

from fgrad._engine.rules import derived
from fgrad.derived.creation import as_traced
from fgrad.primitives._axes import kept_shape, normalized


@derived(np.linalg.matrix_power)
def matrix_power(a: Any, n: int) -> Any:
    a = as_traced(a)
    n = operator.index(n)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
    if n == 0:
        return np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape).copy()
    if n < 0:
        a, n = np.linalg.inv(a), -n
    if n == 3:
        return a @ a @ a
    square, result = a, None
    while True:
        n, odd = divmod(n, 2)
        if odd:
            result = square if result is None else result @ square
        if n == 0:
            return result
        square = square @ square


@derived(np.linalg.tensorinv)
def tensorinv(a: Any, ind: int = 2) -> Any:
    a = as_traced(a)
    if ind <= 0:
        raise ValueError("Invalid ind argument.")
    rows = math.prod(a.shape[ind:])
    inverse = np.linalg.inv(np.reshape(a, (rows, -1)))
    return np.reshape(inverse, a.shape[ind:] + a.shape[:ind])


@derived(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    a, b = as_traced(a), as_traced(b)
    if axes is not None:
        order = list(range(a.ndim))
        for axis in axes:
            order.remove(axis)
            order.append(axis)
        a = np.transpose(a, order)
    shape = a.shape[-(a.ndim - b.ndim) :]
    size = math.prod(shape)
    if a.size != size**2:
        raise np.linalg.LinAlgError(
            "Input arrays must satisfy the requirement "
            "prod(a.shape[b.ndim:]) == prod(a.shape[:b.ndim])"
        )
    solution = np.linalg.solve(np.reshape(a, (size, size)), np.ravel(b))
    return np.reshape(solution, shape)


@derived(np.linalg.svdvals)
def svdvals(x: Any, /) -> Any:
    return np.linalg.svd(as_traced(x), compute_uv=False)


@derived(np.linalg.vector_norm)
def vector_norm(
    x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2
) -> Any:
    x = as_traced(x)
    shape = x.shape
    if axis is None:
        vectors, along = np.ravel(x), 0
    elif isinstance(axis, tuple):
        axes = normalized(axis, x.ndim)
        rest = tuple(i for i in range(x.ndim) if i not in axes)
        flat = (math.prod(shape[i] for i in axes), *(shape[i] for i in rest))
        vectors, along = np.reshape(np.transpose(x, axes + rest), flat), 0
    else:
        vectors, along = x, axis
    norm = np.linalg.norm(vectors, axis=along, ord=ord)
    return np.reshape(norm, kept_shape(shape, axis)) if keepdims else norm


@derived(np.linalg.matrix_norm)
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    return np.linalg.norm(as_traced(x), ord, (-2, -1), keepdims)
