"""Pooling by the average of each window, or of each part of an image."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from fgrad.nn._arguments import each, refuse
from fgrad.nn._correlation import correlated
from fgrad.nn._pool_windows import image, window_of
from fgrad.nn._windows import Window

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
]


def avg_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """The average of each window over the last axis.

    Parameters
    ----------
    input : array_like of float, shape (..., length)
    kernel_size, stride, padding, ceil_mode, count_include_pad
        As in `avg_pool2d`.

    Returns
    -------
    array, shape (..., places)

    Raises
    ------
    ValueError, TypeError
        As `avg_pool2d` does.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.avg_pool1d([1.0, 3.0, 2.0, 4.0], 2)
    array([2., 3.])
    """
    return _avg_pool(
        "avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode,
        count_include_pad, None,
    )  # fmt: skip


def avg_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The average of each window over the last two axes.

    Parameters
    ----------
    input : array_like of float, shape (..., height, width)
    kernel_size : int or (int, int)
        The size of the windows.
    stride : int or (int, int), optional
        The distance of windows; by default, their size.
    padding : int or (int, int)
        How many zeros stand on each side, at most half the size of a window.
    ceil_mode : bool
        Whether the last window may reach further beyond the end, if it begins before.
        What lies there does not count.
    count_include_pad : bool
        Whether the zeros of `padding` count in the average.
    divisor_override : int, optional
        What to divide the sum of each window by, in place of the number of entries.

    Returns
    -------
    array, shape (..., height, width)

    Raises
    ------
    ValueError
        If a window is larger than the padded input, or an option is out of range.
    TypeError
        If the input is not of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import nn
    >>> nn.avg_pool2d(np.arange(8.0).reshape(2, 4), 2)
    array([[2.5, 4.5]])
    """
    return _avg_pool(
        "avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode,
        count_include_pad, divisor_override,
    )  # fmt: skip


def avg_pool3d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The average of each window over the last three axes.

    Parameters
    ----------
    input : array_like of float, shape (..., depth, height, width)
    kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        As in `avg_pool2d`, with three numbers in place of two.

    Returns
    -------
    array, shape (..., depth, height, width)

    Raises
    ------
    ValueError, TypeError
        As `avg_pool2d` does.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import nn
    >>> nn.avg_pool3d(np.arange(8.0).reshape(2, 2, 2), 2)
    array([[[3.5]]])
    """
    return _avg_pool(
        "avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode,
        count_include_pad, divisor_override,
    )  # fmt: skip


def adaptive_avg_pool1d(input: Any, output_size: Any) -> Any:
    """Averages over parts of the last axis, as many as you want.

    Parameters
    ----------
    input : array_like of float, shape (..., length)
    output_size : int
        How many parts there are. Parts of n entries overlap if it does not divide n.

    Returns
    -------
    array, shape (..., output_size)

    Raises
    ------
    ValueError, TypeError
        As `adaptive_avg_pool2d` does.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.adaptive_avg_pool1d([1.0, 2.0, 3.0], 2)
    array([1.5, 2.5])
    """
    return _adaptive("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:
    """Averages over parts of the last two axes, as many as you want.

    Parameters
    ----------
    input : array_like of float, shape (..., height, width)
    output_size : int or (int or None, int or None)
        The height and width of the result; ``None`` is that of the input. Part i of k
        parts of n entries goes from ``i * n // k`` to ``ceil((i + 1) * n / k)``.

    Returns
    -------
    array, shape (..., height, width)

    Raises
    ------
    ValueError
        If `output_size` is no size, or the input is empty.
    TypeError
        If the input is not of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import nn
    >>> nn.adaptive_avg_pool2d(np.arange(12.0).reshape(3, 4), (1, 2))
    array([[4.5, 6.5]])
    """
    return _adaptive("adaptive_avg_pool2d", 2, input, output_size)


def _adaptive(name: str, ndim: int, input: Any, output_size: Any) -> Any:
    x = image(name, ndim, input)
    shape = x.shape[-ndim:]
    if isinstance(output_size, tuple | list) and len(output_size) == ndim:
        output_size = [
            n if size is None else size
            for size, n in zip(output_size, shape, strict=True)
        ]
    sizes = each(name, "output_size", output_size, ndim, 1)
    if 0 in shape:
        refuse(f"{name} has nothing to average in input of shape {x.shape}")
    for axis, size in enumerate(sizes, x.ndim - ndim):
        n = x.shape[axis]
        front = (slice(None),) * axis
        parts = [slice(i * n // size, -(-(i + 1) * n // size)) for i in range(size)]
        if size != n:
            x = np.stack([np.mean(x[(*front, p)], axis) for p in parts], axis)
    return x


def _avg_pool(
    name: str,
    ndim: int,
    input: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Any:
    """A convolution with equal weights, divided by how many entries count."""
    x = image(name, ndim, input)
    window = window_of(
        name, x, ndim, kernel_size, stride, padding, 1, ceil_mode=ceil_mode
    )
    rest, shape = x.shape[:-ndim], x.shape[-ndim:]
    one = np.ones((1, 1, *window.size), x.dtype)
    sums = correlated(np.reshape(x, (prod(rest), 1, *shape)), one, window, 1)
    sums = np.reshape(sums, (*rest, *sums.shape[2:]))
    if divisor_override is not None:
        return sums / each(name, "divisor_override", divisor_override, 1, 1)[0]
    counts = np.ones((), x.dtype)
    for axis in range(ndim):
        count = _count(window, shape, axis, padding=count_include_pad)
        counts = counts[..., None] * count.astype(x.dtype)
    return sums / counts


def _count(window: Window, shape: tuple[int, ...], axis: int, *, padding: bool) -> Any:
    """How many entries count for the windows, along one axis."""
    n, size = shape[axis], window.size[axis]
    before = window.padding[axis][0]
    starts = np.arange(window.places(shape)[axis]) * window.stride[axis] - before
    first, end = (-before, n + before) if padding else (0, n)
    return np.minimum(starts + size, end) - np.maximum(starts, first)
