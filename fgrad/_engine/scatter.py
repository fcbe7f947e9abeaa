"""Writing into an array at an index: functionally for users, lazily for replay."""

from collections.abc import Sequence
from types import EllipsisType
from typing import Any

import numpy as np

__all__ = [
    "Cleared",
    "Pending",
    "Scatter",
    "add_at",
    "index_add",
    "index_update",
    "scatter_add",
]

_BASIC = (int, np.integer, slice, EllipsisType, type(None))


def add_at(out: np.ndarray[Any, Any], index: Any, value: Any) -> None:
    """``out[index] += value`` in place, counting repeated indices."""
    parts = index if type(index) is tuple else (index,)
    for part in parts:
        if not isinstance(part, _BASIC) and np.asarray(part).dtype != bool:
            np.add.at(out, index, value)
            return
    out[index] += value


def _writable(x: Any, value: Any) -> np.ndarray[Any, Any]:
    pair = [np.asarray(a) if isinstance(a, list | tuple) else a for a in (x, value)]
    return np.array(x, dtype=np.result_type(*pair))


def index_update(x: Any, index: Any, value: Any) -> Any:
    """A copy of `x` with ``x[index] = value``.

    Parameters
    ----------
    x : array_like
    index : int, slice, array of int or bool, or a tuple of these
        As in ``x[index]``. Of repeated integer indices, the last one counts.
    value : array_like
        Broadcast to the shape of ``x[index]``.

    Returns
    -------
    ndarray
        Of the shape of `x`, and of the common dtype of `x` and `value`.

    Raises
    ------
    IndexError, ValueError
        As NumPy does, if the index or the shapes do not fit.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.index_update([1.0, 2.0, 3.0], 0, 5.0)
    array([5., 2., 3.])
    """
    out = _writable(x, value)
    out[index] = value
    return out


def index_add(x: Any, index: Any, value: Any) -> Any:
    """A copy of `x` with ``x[index] += value``, where repeated indices add up.

    Parameters
    ----------
    x : array_like
    index : int, slice, array of int or bool, or a tuple of these
        As in ``x[index]``.
    value : array_like
        Broadcast to the shape of ``x[index]``.

    Returns
    -------
    ndarray
        Of the shape of `x`, and of the common dtype of `x` and `value`.

    Raises
    ------
    IndexError, ValueError
        As NumPy does, if the index or the shapes do not fit.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.index_add([1.0, 2.0, 3.0], [0, 0], 5.0)
    array([11.,  2.,  3.])
    """
    out = _writable(x, value)
    if np.ndim(value):  # np.add.at reads out of bounds when it broadcasts (NumPy 2.4)
        value = np.broadcast_to(value, out[index].shape)
    add_at(out, index, value)
    return out


def scatter_add(
    parts: list[Any], indices: Sequence[Any], shape: tuple[int, ...]
) -> Any:
    """An array of zeros, to which each part is added at its index."""
    whole = indices[0] is ...
    dtype = np.result_type(*parts)
    out = np.array(parts[0], dtype) if whole else np.zeros(shape, dtype)
    for index, part in zip(indices[whole:], parts[whole:], strict=True):
        add_at(out, index, part)
    return out


class Scatter:
    """A cotangent that is zero but for the entries at an index.

    Pullbacks of functions that pick entries return it, so that picking one entry of n
    costs one, not n: replay adds it into a single buffer for each source array.
    """

    __slots__ = ("g", "index")
    shape = None  # of no array, so that replay looks at it

    def __init__(self, g: Any, index: Any) -> None:
        self.g = g
        self.index = index


class Cleared:
    """A cotangent with zeros at an index: in place, if nobody else sees it."""

    __slots__ = ("g", "index")
    shape = None

    def __init__(self, g: Any, index: Any) -> None:
        self.g = g
        self.index = index


class Pending:
    """A cotangent that is put together later, since outer traces follow its parts."""

    __slots__ = ("indices", "parts", "shape")

    def __init__(self, shape: tuple[int, ...], before: Any) -> None:
        self.shape = shape
        self.parts: list[Any] = [] if before is None else [before]
        self.indices: list[Any] = [...] * len(self.parts)

    def add(self, part: Any, index: Any = ...) -> None:
        self.parts.append(part)
        self.indices.append(index)
