"""Products that are others under a different name or arrangement."""

from typing import Any

import numpy as np

from fgrad._engine.rules import derived
from fgrad.derived.creation import as_traced


@derived(np.kron)
def kron(a: Any, b: Any) -> Any:
    a, b = as_traced(a), as_traced(b)
    ndim = max(a.ndim, b.ndim)
    first = (1,) * (ndim - a.ndim) + a.shape
    second = (1,) * (ndim - b.ndim) + b.shape
    blocks = np.reshape(a, [n for size in first for n in (size, 1)])
    block = np.reshape(b, [n for size in second for n in (1, size)])
    shape = [n * m for n, m in zip(first, second, strict=True)]
    return np.reshape(blocks * block, shape)


@derived(np.trace)
def trace(
    a: Any,
    offset: int = 0,
    axis1: int = 0,
    axis2: int = 1,
    dtype: Any = None,
    out: None = None,
) -> Any:
    diagonal = np.diagonal(as_traced(a), offset, axis1, axis2)
    return np.sum(diagonal, axis=-1, dtype=dtype, out=out)


@derived(np.linalg.trace)
def linalg_trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    return trace(x, offset, -2, -1, dtype)


@derived(np.linalg.diagonal)
def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    return np.diagonal(as_traced(x), offset, -2, -1)


@derived(np.linalg.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    return np.matrix_transpose(as_traced(x))


@derived(np.linalg.matmul)
def matmul(x1: Any, x2: Any, /) -> Any:
    return np.matmul(x1, x2)


@derived(np.linalg.outer)
def outer(x1: Any, x2: Any, /) -> Any:
    return np.outer(as_traced(x1), as_traced(x2))


@derived(np.linalg.cross)
def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    return np.cross(as_traced(x1), as_traced(x2), axis=axis)


@derived(np.linalg.tensordot)
def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    return np.tensordot(as_traced(x1), as_traced(x2), axes)


@derived(np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    return np.vecdot(as_traced(x1), as_traced(x2), axis=axis)
