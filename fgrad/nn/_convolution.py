"""Convolutions over one, two or three axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad.nn._arguments import each, refuse
from fgrad.nn._channels import divided, finished, images_and_kernels, wrong_channels
from fgrad.nn._correlation import correlated
from fgrad.nn._windows import Window

__all__ = ["conv1d", "conv2d", "conv3d"]


def conv1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """The convolution of sequences of several channels with several kernels.

    Parameters
    ----------
    input : array_like of float, shape (n, c, length) or (c, length)
    weight : array_like of float, shape (o, c / groups, size)
        One kernel for each of the o output channels.
    bias : array_like of float, shape (o,), optional
    stride, padding, dilation, groups
        As in `conv2d`.

    Returns
    -------
    array, shape (n, o, places) or (o, places)

    Raises
    ------
    ValueError, TypeError
        As `conv2d` does.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.conv1d([[1.0, 2.0, 4.0, 8.0]], [[[-1.0, 1.0]]])
    array([[1., 2., 4.]])
    """
    return _conv("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """The convolution of images of several channels with several kernels.

    As in all libraries of networks, the kernels are not flipped: it is a correlation.

    Parameters
    ----------
    input : array_like of float, shape (n, c, height, width) or (c, height, width)
    weight : array_like of float, shape (o, c / groups, height, width)
        One kernel for each of the o output channels.
    bias : array_like of float, shape (o,), optional
    stride : int or (int, int)
        By how much a kernel moves on.
    padding : int, (int, int), "valid" or "same"
        How many zeros stand around an image. "valid" is none, and "same" as many as
        give the output the size of the input; if their number is odd, there is one
        more at the end.
    dilation : int or (int, int)
        The distance of what neighbours in a kernel see.
    groups : int
        The channels are divided into so many groups, which do not see each other.

    Returns
    -------
    array, shape (n, o, height, width) or (o, height, width)
        The height is ``(height + 2 * padding - dilation * (size - 1) - 1) // stride +
        1``, for the size of the kernels, and so is the width.

    Raises
    ------
    ValueError
        If the shapes do not fit, if the kernels are larger than the padded image, if
        the groups do not divide the channels, or if an option is out of range.
    TypeError
        If an array is not of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import nn
    >>> image = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> nn.conv2d(image, np.ones((1, 1, 2, 2)))
    array([[[[ 8., 12.],
             [20., 24.]]]])
    """
    return _conv("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """The convolution of volumes of several channels with several kernels.

    Parameters
    ----------
    input : array_like of float, shape (n, c, depth, height, width), or without n
    weight : array_like of float, shape (o, c / groups, depth, height, width)
        One kernel for each of the o output channels.
    bias : array_like of float, shape (o,), optional
    stride, padding, dilation, groups
        As in `conv2d`, with three numbers in place of two.

    Returns
    -------
    array, shape (n, o, depth, height, width), or without n

    Raises
    ------
    ValueError, TypeError
        As `conv2d` does.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import nn
    >>> nn.conv3d(np.ones((1, 1, 2, 3, 3)), np.ones((1, 1, 2, 2, 3))).shape
    (1, 1, 1, 2, 1)
    """
    return _conv("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def _conv(
    name: str,
    ndim: int,
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Any:
    x, w, one = images_and_kernels(name, ndim, input, weight, "out, in / groups")
    c, o, size = x.shape[1], w.shape[0], w.shape[2:]
    groups = divided(name, groups, {"input": c, "weight": o})
    if c != w.shape[1] * groups:
        refuse(wrong_channels(name, input, weight, w.shape[1] * groups))
    step = each(name, "stride", stride, ndim, 1)
    apart = each(name, "dilation", dilation, ndim, 1)
    room = _around(name, padding, size, step, apart)
    window = Window(size, step, room, apart)
    if any(n < 1 for n in window.places(x.shape[2:])):
        wide = f" (with dilation {window.span})" if window.span != size else ""
        refuse(
            f"{name} has kernels of size {size}{wide}, larger than the padded input of "
            f"size {window.padded(x.shape[2:])}: input has shape {np.shape(input)}, "
            f"weight {np.shape(weight)}, and padding is {padding!r}"
        )
    return finished(name, correlated(x, w, window, groups), bias, one)


def _around(
    name: str,
    padding: Any,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> tuple[tuple[int, int], ...]:
    """How many zeros stand before and after the image, for each axis."""
    if isinstance(padding, str):
        if padding == "valid":
            return ((0, 0),) * len(size)
        if padding != "same":
            refuse(f"{name} has padding={padding!r}; write 'same', 'valid' or a number")
        if any(s != 1 for s in stride):
            refuse(
                f"{name} has padding='same' and stride {stride}: the output has the "
                f"size of the input only if the stride is 1; give padding as numbers"
            )
        total = [d * (n - 1) for n, d in zip(size, dilation, strict=True)]
        return tuple((n // 2, n - n // 2) for n in total)
    return tuple((n, n) for n in each(name, "padding", padding, len(size), 0))
