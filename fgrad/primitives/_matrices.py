"""Small computations with stacks of matrices that several rule tables share."""

from typing import Any

import numpy as np

from fgrad._engine import cotangents

__all__ = [
    "adjoint",
    "columns",
    "conjugate",
    "diagonal",
    "from_triangle",
    "lower_half",
    "onto_triangle",
    "scalars",
    "unbroadcast",
]


def unbroadcast(c: Any, like: Any) -> Any:
    """The sum over the axes along which an argument was broadcast."""
    return c if c.shape == like.shape else cotangents.unbroadcast(c, like.shape)


def conjugate(x: Any) -> Any:
    """The complex conjugate, without a copy of what is real."""
    return np.conjugate(x) if x.dtype.kind == "c" else x


def adjoint(x: Any) -> Any:
    """The conjugate transpose of each matrix."""
    return conjugate(x.mT)


def columns(x: Any) -> Any:
    """One factor for each column of a matrix."""
    return np.expand_dims(x, -2)


def scalars(x: Any) -> Any:
    """One factor for each matrix of a stack."""
    return np.expand_dims(x, (-2, -1))


def diagonal(x: Any) -> Any:
    """Diagonal matrices."""
    return np.expand_dims(x, -1) * np.eye(x.shape[-1], dtype=x.real.dtype)


def _half(n: int, UPLO: str, dtype: Any) -> Any:
    lower = 0.5 * (np.tri(n, dtype=dtype) + np.tri(n, k=-1, dtype=dtype))
    return (lower if UPLO.upper() == "L" else lower.T).astype(dtype, copy=False)


def lower_half(x: Any, UPLO: str = "L") -> Any:
    """One triangle, with half of the diagonal; the other one is 0, also for a nan."""
    half = _half(x.shape[-1], UPLO, x.real.dtype)
    return np.where(half > 0, x * half, 0)


def onto_triangle(c: Any, UPLO: str = "L") -> Any:
    """The cotangent of the triangle that NumPy reads, from that of all entries.

    The other triangle is never looked at: its cotangent is 0, and so is that of the
    imaginary part of the diagonal.
    """
    return lower_half(c + adjoint(c), UPLO)


def from_triangle(a: Any, UPLO: str = "L") -> Any:
    """The Hermitian matrix of which NumPy reads one triangle."""
    half = lower_half(a, UPLO)
    return half + adjoint(half)
