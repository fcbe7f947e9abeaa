"""Images as columns of what windows show, and back."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from fgrad.nn._arguments import each, inexact, refuse
from fgrad.nn._windows import Window, folded, unfolded

__all__ = ["fold", "unfold"]


def unfold(
    input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    """What windows over images show, one column for each window.

    Parameters
    ----------
    input : array_like of float, shape (n, c, height, width) or (c, height, width)
    kernel_size : int or (int, int)
        The size of the windows.
    dilation, padding, stride : int or (int, int)
        As in `conv2d`.

    Returns
    -------
    array, shape (n, c * size, places) or (c * size, places)
        Each column has the entries of one window: all those of the first channel, then
        those of the next.

    Raises
    ------
    ValueError
        If a window is larger than the padded image, or an option is out of range.
    TypeError
        If the input is not of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import nn
    >>> nn.unfold(np.arange(6.0).reshape(1, 2, 3), (2, 2))
    array([[0., 1.],
           [1., 2.],
           [3., 4.],
           [4., 5.]])
    """
    (x,) = inexact("unfold", input=input)
    if x.ndim not in {3, 4}:
        refuse(
            f"unfold needs input of shape (n, channels, height, width) or (channels, "
            f"height, width), but got {x.shape}"
        )
    window = _window("unfold", kernel_size, dilation, padding, stride)
    _check_places("unfold", window, x.shape[-2:], padding)
    columns = unfolded(x, window)
    size, places = prod(window.size), prod(columns.shape[-2:])
    return np.reshape(columns, (*x.shape[:-3], x.shape[-3] * size, places))


def fold(
    input: Any,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Any:
    """Images from columns of windows, where those that overlap add up.

    Parameters
    ----------
    input : array_like of float, shape (n, c * size, places) or (c * size, places)
        Columns as `unfold` returns them.
    output_size : int or (int, int)
        Height and width of the images.
    kernel_size, dilation, padding, stride : int or (int, int)
        As in `unfold`.

    Returns
    -------
    array, shape (n, c, height, width) or (c, height, width)

    Raises
    ------
    ValueError
        If the columns do not fit the windows, or an option is out of range.
    TypeError
        If the input is not of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import nn
    >>> nn.fold(np.ones((4, 2)), (2, 3), (2, 2))
    array([[[1., 2., 1.],
            [1., 2., 1.]]])
    """
    (x,) = inexact("fold", input=input)
    window = _window("fold", kernel_size, dilation, padding, stride)
    shape = each("fold", "output_size", output_size, 2, 1)
    _check_places("fold", window, shape, padding)
    places, size = window.places(shape), prod(window.size)
    if x.ndim not in {2, 3} or x.shape[-2] % size or x.shape[-1] != prod(places):
        refuse(
            f"fold needs input of shape (n, c * {size}, {prod(places)}), or without n, "
            f"for windows of size {window.size} at {places} places, but got {x.shape}"
        )
    rest, channels = x.shape[:-2], x.shape[-2] // size
    parts = np.reshape(x, (*rest, channels, *window.size, *places))
    return folded(parts, window, shape)


def _window(
    name: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> Window:
    size = each(name, "kernel_size", kernel_size, 2, 1)
    step = each(name, "stride", stride, 2, 1)
    room = each(name, "padding", padding, 2, 0)
    apart = each(name, "dilation", dilation, 2, 1)
    return Window(size, step, tuple((p, p) for p in room), apart)


def _check_places(
    name: str, window: Window, shape: tuple[int, ...], padding: Any
) -> None:
    if any(n < 1 for n in window.places(shape)):
        refuse(
            f"{name} has windows of size {window.span}, larger than the padded image "
            f"of size {window.padded(shape)}: without padding={padding!r}, its size is "
            f"{shape}"
        )
