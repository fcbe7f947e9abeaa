"""The transposes of convolutions over one, two or three axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad.nn._arguments import each, refuse
from fgrad.nn._channels import divided, finished, images_and_kernels, wrong_channels
from fgrad.nn._correlation import spread
from fgrad.nn._windows import Window

__all__ = ["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]


def conv_transpose1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """The transpose of `conv1d`.

    Parameters
    ----------
    input : array_like of float, shape (n, c, length) or (c, length)
    weight : array_like of float, shape (c, o / groups, size)
    bias : array_like of float, shape (o,), optional
    stride, padding, output_padding, groups, dilation
        As in `conv_transpose2d`.

    Returns
    -------
    array, shape (n, o, length) or (o, length)

    Raises
    ------
    ValueError, TypeError
        As `conv_transpose2d` does.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.conv_transpose1d([[1.0, 2.0]], [[[1.0, 1.0, 1.0]]], stride=2)
    array([[1., 1., 3., 2., 2.]])
    """
    return _transposed(
        "conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding,
        groups, dilation,
    )  # fmt: skip


def conv_transpose2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """The transpose of `conv2d`: each entry of the input adds a multiple of a kernel.

    With the same weight and options, it leads from the shape of the result of `conv2d`
    to that of its input.

    Parameters
    ----------
    input : array_like of float, shape (n, c, height, width) or (c, height, width)
    weight : array_like of float, shape (c, o / groups, height, width)
    bias : array_like of float, shape (o,), optional
    stride : int or (int, int)
        The distance of what neighbours in the input are added to.
    padding : int or (int, int)
        How many rows and columns are cut off on each side.
    output_padding : int or (int, int)
        How many more rows and columns the result has at the end. Several sizes of an
        image give the same size in `conv2d` if the stride is not 1, and this says which
        one is meant.
    groups : int
        The channels are divided into so many groups, which do not see each other.
    dilation : int or (int, int)
        The distance of what neighbours in a kernel are added to.

    Returns
    -------
    array, shape (n, o, height, width) or (o, height, width)
        The height is ``(height - 1) * stride - 2 * padding + dilation * (size - 1) +
        output_padding + 1``, for the size of the kernels, and so is the width.

    Raises
    ------
    ValueError
        If the shapes do not fit, if nothing is left of the result, if the groups do not
        divide the channels, or if an option is out of range.
    TypeError
        If an array is not of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import nn
    >>> image = np.array([[[[1.0, 2.0]]]])
    >>> nn.conv_transpose2d(image, np.ones((1, 1, 2, 2)), stride=2)
    array([[[[1., 1., 2., 2.],
             [1., 1., 2., 2.]]]])
    """
    return _transposed(
        "conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding,
        groups, dilation,
    )  # fmt: skip


def conv_transpose3d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """The transpose of `conv3d`.

    Parameters
    ----------
    input : array_like of float, shape (n, c, depth, height, width), or without n
    weight : array_like of float, shape (c, o / groups, depth, height, width)
    bias : array_like of float, shape (o,), optional
    stride, padding, output_padding, groups, dilation
        As in `conv_transpose2d`, with three numbers in place of two.

    Returns
    -------
    array, shape (n, o, depth, height, width), or without n

    Raises
    ------
    ValueError, TypeError
        As `conv_transpose2d` does.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import nn
    >>> x, kernels = np.ones((1, 1, 2, 2, 2)), np.ones((1, 3, 2, 2, 2))
    >>> nn.conv_transpose3d(x, kernels, stride=2).shape
    (1, 3, 4, 4, 4)
    """
    return _transposed(
        "conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding,
        groups, dilation,
    )  # fmt: skip


def _transposed(
    name: str,
    ndim: int,
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Any:
    x, w, one = images_and_kernels(name, ndim, input, weight, "in, out / groups")
    c, size = x.shape[1], w.shape[2:]
    groups = divided(name, groups, {"input": c})
    if c != w.shape[0]:
        refuse(wrong_channels(name, input, weight, w.shape[0]))
    step = each(name, "stride", stride, ndim, 1)
    apart = each(name, "dilation", dilation, ndim, 1)
    cut = each(name, "padding", padding, ndim, 0)
    more = each(name, "output_padding", output_padding, ndim, 0)
    if any(m >= max(s, d) for m, s, d in zip(more, step, apart, strict=True)):
        refuse(
            f"{name} has output_padding={output_padding!r}; it has to be smaller than "
            f"the stride {step} or the dilation {apart}"
        )
    span = Window(size, step, ((0, 0),) * ndim, apart).span
    sizes = zip(x.shape[2:], step, cut, span, strict=True)
    least = [(n - 1) * s - 2 * p + e for n, s, p, e in sizes]
    if any(n < 1 for n in least):
        refuse(
            f"{name} has padding={padding!r}, which leaves nothing of the result: "
            f"input has shape {x.shape}, weight {w.shape}, and stride is {stride!r}"
        )
    shape = tuple(n + m for n, m in zip(least, more, strict=True))
    # Where the output padding is as long as a stride, another window would fit. It ends
    # in what is cut off, so less of that is cut, or in zeros.
    excess = [max(m - s + 1, 0) for m, s in zip(more, step, strict=True)]
    zeros = [max(m - p, 0) for m, p in zip(excess, cut, strict=True)]
    room = tuple((p, max(p - m, 0)) for p, m in zip(cut, excess, strict=True))
    reached = tuple(n - m for n, m in zip(shape, zeros, strict=True))
    y = spread(x, w, Window(size, step, room, apart), groups, reached)
    if any(zeros):
        y = np.pad(y, ((0, 0), (0, 0), *((0, m) for m in zeros)))
    return finished(name, y, bias, one)
