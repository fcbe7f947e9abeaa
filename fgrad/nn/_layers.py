"""Linear layers, tables of vectors, masks and dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad._engine.box import primal, values
from fgrad._engine.cotangents import broadcasts_to
from fgrad._engine.dispatch import lift
from fgrad._engine.rules import constant
from fgrad.batching.forms import one_array
from fgrad.derived.creation import as_traced
from fgrad.nn._arguments import floating, inexact, refuse
from fgrad.primitives.indexing import picked_at

__all__ = ["dropout", "embedding", "linear", "masked_fill", "one_hot"]


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """``input @ weight.T + bias``.

    Parameters
    ----------
    input : array_like of float, shape (..., m)
    weight : array_like of float, shape (n, m) or (m,)
    bias : array_like of float, shape (n,) or (), optional

    Returns
    -------
    array, shape (..., n) or (...)

    Raises
    ------
    ValueError
        If the shapes do not fit.
    TypeError
        If an array is not of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import nn
    >>> nn.linear([1.0, 2.0], [[1.0, 1.0], [0.0, 3.0]], [0.0, 1.0])
    array([3., 7.])
    """
    x, w = inexact("linear", input=input, weight=weight)
    if not x.ndim or w.ndim not in {1, 2} or x.shape[-1] != w.shape[-1]:
        words = (
            f"linear needs input of shape (..., m) and weight of shape (n, m) or (m,), "
            f"but got {x.shape} and {w.shape}"
        )
        if x.ndim and w.ndim == 2 and x.shape[-1] == w.shape[0]:
            words += "; write weight.T"
        refuse(words)
    y = np.matmul(x, np.transpose(w))
    if bias is None:
        return y
    (b,) = inexact("linear", bias=bias)
    if b.shape != w.shape[:-1]:
        refuse(f"linear needs bias of shape {w.shape[:-1]}, but got {b.shape}")
    return y + b


def embedding(input: Any, weight: Any, padding_idx: int | None = None) -> Any:
    """The rows of a table that integers name.

    Parameters
    ----------
    input : array_like of int, shape (...)
    weight : array_like of float, shape (rows, n)
    padding_idx : int, optional
        A row whose derivative is 0: it is not learned.

    Returns
    -------
    array, shape (..., n)

    Raises
    ------
    ValueError
        If there is no such row, or the table is no matrix.
    TypeError
        If `input` is not of integers, or `weight` not of floating-point numbers.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.embedding([1, 0, 1], [[0.0, 1.0], [2.0, 3.0]])
    array([[2., 3.],
           [0., 1.],
           [2., 3.]])
    """
    (table,) = inexact("embedding", weight=weight)
    if table.ndim != 2:
        refuse(f"embedding needs weight of shape (rows, n), but got {table.shape}")
    rows = labels("embedding", "input", input, table.shape[0])
    if padding_idx is None:
        return picked_at(table, rows)
    if not -table.shape[0] <= padding_idx < table.shape[0]:
        refuse(
            f"embedding has padding_idx={padding_idx}, but weight has the rows 0 to "
            f"{table.shape[0] - 1}"
        )
    learned = np.arange(table.shape[0]) != padding_idx % table.shape[0]
    return picked_at(np.where(learned[:, None], table, primal(table)), rows)


def one_hot(input: Any, num_classes: int = -1, *, dtype: Any = "int64") -> Any:
    """Vectors with a 1 at the place that an integer names, and 0 elsewhere.

    Parameters
    ----------
    input : array_like of int, shape (...)
    num_classes : int
        The length of the vectors; -1 is one more than the largest label.
    dtype : dtype
        NumPy makes float64 of int64 and float32: so give that of what you multiply
        the result with.

    Returns
    -------
    array, shape (..., num_classes)

    Raises
    ------
    ValueError
        If a label is negative, or too large.
    TypeError
        If `input` is not of integers.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.one_hot([2, 0])
    array([[0, 0, 1],
           [1, 0, 0]])
    """
    which = labels(
        "one_hot", "input", input, None if num_classes == -1 else num_classes
    )
    if num_classes == -1:
        num_classes = int(np.max(values(which), initial=-1)) + 1
    marks = np.equal(np.expand_dims(which, -1), np.arange(num_classes))
    return marks.astype(dtype)


def labels(
    name: str, parameter: str, value: Any, count: int | None, ignored: Any = None
) -> Any:
    """Integers from 0 to `count` - 1, but for those that are ignored.

    Without a count, they may be as large as they like.
    """
    found = as_traced(value)
    if found.dtype.kind not in "iu" and found.size:
        instead = f"write {parameter}.astype(int)"
        if found.dtype.kind not in "fb":
            instead = "labels are whole numbers from 0 on"
        if found.dtype.kind in "SU":
            instead += f"; write np.unique({parameter}, return_inverse=True)[1]"
        refuse(
            f"{name} needs integers, but {parameter} has dtype {found.dtype} and shape "
            f"{found.shape}; {instead}",
            TypeError,
        )
    seen = values(found)
    wrong = seen < 0 if count is None else (seen < 0) | (seen >= count)
    if ignored is not None:
        wrong = wrong & (seen != ignored)
    if bool(np.any(wrong)):
        bounds = "of at least 0" if count is None else f"from 0 to {count - 1}"
        first = np.reshape(seen, -1)[np.argmax(np.reshape(wrong, -1))]
        refuse(
            f"{name} needs labels {bounds}, but {parameter} of shape {found.shape} has "
            f"{int(first)}"
        )
    return found if found.dtype.kind in "iu" else found.astype(int)


def masked_fill(input: Any, mask: Any, value: Any) -> Any:
    """The input, with `value` where the mask is true.

    Parameters
    ----------
    input : array_like
    mask : array_like of bool
        Broadcast to the shape of `input`.
    value : number, or array of shape ()

    Returns
    -------
    array
        Of the shape of `input`.

    Raises
    ------
    ValueError
        If the mask does not broadcast to the input, or `value` is no single number.
    TypeError
        If the mask is not of truth values.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.masked_fill([1.0, 2.0, 3.0], [True, False, True], 0.0)
    array([0., 2., 0.])
    """
    x, hidden = as_traced(input), as_traced(mask)
    if hidden.dtype != bool:
        refuse(
            f"masked_fill needs a mask of truth values, but got dtype {hidden.dtype}; "
            f"write mask != 0",
            TypeError,
        )
    if np.ndim(value):
        refuse(f"masked_fill needs one value, but got shape {np.shape(value)}")
    if not broadcasts_to(hidden.shape, x.shape):
        refuse(
            f"masked_fill has a mask of shape {hidden.shape}, which does not broadcast "
            f"to input of shape {x.shape}"
        )
    return np.where(hidden, value, x)


def dropout(
    input: Any,
    p: float = 0.5,
    training: bool = True,
    *,
    rng: np.random.Generator | None = None,
) -> Any:
    """Zeros in place of a random part of the numbers; the others are divided by 1 - p.

    Parameters
    ----------
    input : array_like of float
    p : float
        The probability of each number to become 0; at least 0, and less than 1.
    training : bool
        If false, the result is the input.
    rng : numpy.random.Generator
        Draws the numbers that become 0. Under `vmap`, it draws them anew for each
        example, if the input is batched. A function under `checkpoint`, which runs
        twice, makes its generator itself: ``np.random.default_rng(seed)``.

    Returns
    -------
    array
        Of the shape of `input`.

    Raises
    ------
    ValueError
        If `p` is not at least 0 and less than 1.
    TypeError
        If there is no generator, or the input is not of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import nn
    >>> rng = np.random.default_rng(0)
    >>> nn.dropout(np.ones(6), 0.5, rng=rng)
    array([2., 0., 0., 0., 2., 2.])
    """
    (x,) = floating("dropout", input=input)
    if not 0 <= p < 1:
        refuse(f"dropout has p={p!r}; it has to be at least 0 and less than 1")
    if not training:
        return x
    if not isinstance(rng, np.random.Generator):
        refuse(
            f"dropout needs a generator: write rng=np.random.default_rng(seed) before, "
            f"and pass rng=rng (got rng={rng!r})",
            TypeError,
        )
    return np.where(_kept(primal(x), p, rng), x / (1 - float(p)), 0)


def kept(x: Any, p: float, rng: np.random.Generator) -> Any:
    """Which numbers dropout keeps."""
    return rng.random(x.shape) >= p


constant(kept)
_kept = lift(kept)


@one_array(kept)
def kept_of_each(fun: Any, x: Any, p: float, rng: np.random.Generator) -> Any:
    """One draw for all examples."""
    return fun(x, p, rng)
