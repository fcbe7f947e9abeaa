"""Pooling by the largest entry of each window."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad.nn._arguments import refuse
from fgrad.nn._maxima import window_maxima
from fgrad.nn._pool_windows import image, window_of
from fgrad.nn._windows import Window

__all__ = ["max_pool1d", "max_pool2d", "max_pool3d"]


def max_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Any:
    """The largest entry of each window over the last axis.

    Parameters
    ----------
    input : array_like of float, shape (..., length)
    kernel_size, stride, padding, dilation, ceil_mode
        As in `max_pool2d`.

    Returns
    -------
    array, shape (..., places)

    Raises
    ------
    ValueError, TypeError
        As `max_pool2d` does.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.max_pool1d([1.0, 3.0, 2.0, 5.0], 2)
    array([3., 5.])
    """
    return _max_pool(
        "max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode
    )


def max_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Any:
    """The largest entry of each window over the last two axes.

    Parameters
    ----------
    input : array_like of float, shape (..., height, width)
    kernel_size : int or (int, int)
        The size of the windows.
    stride : int or (int, int), optional
        The distance of windows; by default, their size.
    padding : int or (int, int)
        By how much windows may reach beyond each side, at most half their size. What
        lies there is never the largest.
    dilation : int or (int, int)
        The distance of entries in a window.
    ceil_mode : bool
        Whether the last window may reach further beyond the end, if it begins before.

    Returns
    -------
    array, shape (..., height, width)

    Raises
    ------
    ValueError
        If a window is larger than the padded input, or an option is out of range.
    TypeError
        If the input is not of floating-point numbers.

    Notes
    -----
    Of several largest entries in a window, the first one has the derivative, as in
    PyTorch. (`np.max` shares it among them.) nan is larger than all numbers.

    Examples
    --------
    >>> import numpy as np
    >>> import fgrad
    >>> from fgrad import nn
    >>> image = np.array([[1.0, 2.0, 0.0, 4.0], [3.0, 3.0, 0.0, 1.0]])
    >>> nn.max_pool2d(image, 2)
    array([[3., 4.]])
    >>> fgrad.grad(lambda x: np.sum(nn.max_pool2d(x, 2)))(image)
    array([[0., 0., 0., 1.],
           [1., 0., 0., 0.]])
    """
    return _max_pool(
        "max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode
    )


def max_pool3d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Any:
    """The largest entry of each window over the last three axes.

    Parameters
    ----------
    input : array_like of float, shape (..., depth, height, width)
    kernel_size, stride, padding, dilation, ceil_mode
        As in `max_pool2d`, with three numbers in place of two.

    Returns
    -------
    array, shape (..., depth, height, width)

    Raises
    ------
    ValueError, TypeError
        As `max_pool2d` does.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import nn
    >>> nn.max_pool3d(np.arange(8.0).reshape(2, 2, 2), 2)
    array([[[7.]]])
    """
    return _max_pool(
        "max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode
    )


def _max_pool(
    name: str,
    ndim: int,
    input: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
) -> Any:
    x = image(name, ndim, input)
    window = window_of(
        name, x, ndim, kernel_size, stride, padding, dilation, ceil_mode=ceil_mode
    )
    shape = x.shape[-ndim:]
    if any(_blind(axis, shape, window) for axis in range(ndim)):
        refuse(
            f"{name} has a window that sees nothing but padding: input has shape "
            f"{x.shape}, kernel_size is {kernel_size!r}, padding {padding!r} and "
            f"dilation {dilation!r}"
        )
    return window_maxima(x, window)


def _blind(axis: int, shape: tuple[int, ...], window: Window) -> bool:
    """Whether a window begins in the padding, and its entries miss the array."""
    starts = np.arange(window.places(shape)[axis]) * window.stride[axis]
    starts = starts - window.padding[axis][0]
    steps = -(np.minimum(starts, 0) // window.dilation[axis])
    first = starts + steps * window.dilation[axis]
    return bool(np.any((steps >= window.size[axis]) | (first >= shape[axis])))
