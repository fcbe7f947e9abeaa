"""Which matrix of a stack NumPy's linear algebra has refused, and why."""

from collections.abc import Iterable
from types import FrameType
from typing import Any

import numpy as np

from fgrad._words.callsite import LIBRARY

__all__ = ["explain_matrix"]


def explain_matrix(
    error: np.linalg.LinAlgError, stack: Iterable[tuple[FrameType, int]]
) -> None:
    """Add to the words of an error what NumPy does not say.

    The matrices are found where the error comes from: `numpy.linalg` calls them ``a``.
    The `stack` has the innermost frame first. An inner transform may have done it.
    """
    for frame, _ in stack:
        if not LIBRARY[frame.f_code.co_filename]:
            return
        a = frame.f_locals.get("a")
        if type(a) is not np.ndarray or a.ndim < 2 or a.dtype.kind not in "fciu":
            continue
        words = None
        if str(error) == "Matrix is not positive definite":
            words = _not_positive(a, "U" if frame.f_locals.get("upper") else "L")
        elif str(error) == "Singular matrix" and a.shape[-1] == a.shape[-2]:
            words = _singular(a)
        if words is not None:
            error.args = (f"{error}: {words}",)
        return


def _not_positive(a: Any, triangle: Any) -> str | None:
    """The first matrix that has an eigenvalue that is not positive."""
    where = _unbounded(a)
    if where is not None:
        return f"{where} has entries that are not finite"
    lowest = np.linalg.eigvalsh(a, triangle)[..., 0]
    # Rounding may make a pivot negative where the eigenvalue is just above zero.
    index = _first(lowest <= max(0.0, np.min(lowest)))
    return f"{_place(index)} has the eigenvalue {lowest[index]:.3g}"


def _singular(a: Any) -> str | None:
    """The first matrix whose rank is not full."""
    where = _unbounded(a)
    if where is not None:
        return f"{where} has entries that are not finite"
    count = a.shape[-1]
    values = np.linalg.svd(a, compute_uv=False)
    least = values[..., :1] * count * np.finfo(values.dtype).eps
    rank = np.sum(values > least, axis=-1)
    if np.all(rank == count):
        return None
    index = _first(rank < count)
    return f"{_place(index)} has rank {rank[index]} of {count}"


def _unbounded(a: Any) -> str | None:
    finite = np.all(np.isfinite(a), axis=(-2, -1))
    return None if np.all(finite) else _place(_first(~finite))


def _first(found: Any) -> tuple[int, ...]:
    """The index of the first true entry."""
    return tuple(map(int, np.unravel_index(np.argmax(found), np.shape(found))))


def _place(index: tuple[int, ...]) -> str:
    return f"the matrix at {index}" if index else "the matrix"
