"""Normalisation: numbers with mean 0 and variance 1, of each channel or example."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np

from fgrad._engine.box import primal, stored, values
from fgrad.nn._arguments import each, floating, refuse, setting, whole

__all__ = ["BatchNorm", "batch_norm", "group_norm", "layer_norm"]


class BatchNorm(NamedTuple):
    """What `batch_norm` returns.

    ``y, mean, var = batch_norm(x, mean, var, ..., training=True)`` is one step.
    """

    output: Any
    """The normalised array."""
    running_mean: Any
    """The new running mean of each channel, without derivative."""
    running_var: Any
    """The new running variance of each channel, without derivative."""


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> BatchNorm:
    """Normalise each channel, by the mean and variance of a batch or of many batches.

    Nothing is changed in place: the new running mean and variance are returned.

    Parameters
    ----------
    input : array_like of float, shape (n, channels, ...)
    running_mean, running_var : array_like of float, shape (channels,), or None
        The means and variances to go on from. Without training, they normalise; in
        training, they may be ``None``.
    weight, bias : array_like of float, shape (channels,), optional
        What the normalised numbers are multiplied by, and what is added.
    training : bool
        Whether the mean and variance are those of this batch. (The variance is the mean
        of squares, as is usual; the new running variance has n - 1 instead of n.)
    momentum : float
        The weight of this batch in the new running mean and variance; from 0 to 1.
    eps : float
        Is added to the variance; at least 0.

    Returns
    -------
    BatchNorm
        A named tuple ``(output, running_mean, running_var)``. Without training, the
        last two are those that were given.

    Raises
    ------
    ValueError
        If the shapes do not fit, there is only one number for each channel, a running
        variance is negative, or an option is out of range.
    TypeError
        If an array is not of floating-point numbers.

    Notes
    -----
    Ioffe and Szegedy, Batch normalization (2015). PyTorch returns the output, and
    changes the running mean and variance in place.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import nn
    >>> x = np.array([[1.0, 0.0], [3.0, 4.0]])
    >>> y, mean, var = nn.batch_norm(x, np.zeros(2), np.ones(2), training=True)
    >>> y.round(3)
    array([[-1., -1.],
           [ 1.,  1.]])
    >>> mean, var
    (array([0.2, 0.2]), array([1.1, 1.7]))
    """
    (x,) = floating("batch_norm", input=input)
    if x.ndim < 2:
        refuse(f"batch_norm needs input of shape (n, channels, ...), but got {x.shape}")
    given = {"running_mean": running_mean, "running_var": running_var}
    mean, var = _for_channels("batch_norm", x, 1, **given)
    scale, offset = _for_channels("batch_norm", x, 1, weight=weight, bias=bias)
    setting("batch_norm", "momentum", momentum, 0, 1)
    setting("batch_norm", "eps", eps, 0)
    if var is not None and bool(np.any(values(var) < 0)):
        refuse(
            f"batch_norm needs running_var of at least 0, but its smallest entry is "
            f"{float(np.nanmin(stored(var)))!r}"
        )
    if not training:
        if mean is None or var is None:
            refuse(
                "batch_norm without training=True needs running_mean and running_var, "
                "but got None"
            )
        y = (x - _along(mean, x, 1)) / np.sqrt(_along(var, x, 1) + eps)
        return BatchNorm(_scaled(y, scale, offset, 1), mean, var)
    axes = (0, *range(2, x.ndim))
    count = prod(x.shape[axis] for axis in axes)
    if count < 2:
        refuse(
            f"batch_norm in training needs more than one number for each channel, but "
            f"input has shape {x.shape}; take a larger batch, or training=False"
        )
    y, centre, spread = _normalised(x, axes, eps)
    batch = primal(np.reshape(centre, -1)), primal(np.reshape(spread, -1))
    if mean is not None:
        mean = (1 - momentum) * primal(mean) + momentum * batch[0]
    if var is not None:
        unbiased = batch[1] * (count / (count - 1))
        var = (1 - momentum) * primal(var) + momentum * unbiased
    return BatchNorm(_scaled(y, scale, offset, 1), mean, var)


def layer_norm(
    input: Any,
    normalized_shape: Any,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
) -> Any:
    """Normalise over the last axes, for each index of the axes in front.

    Parameters
    ----------
    input : array_like of float, shape (..., *normalized_shape)
    normalized_shape : int or tuple of int
        The lengths of the axes over which mean and variance are taken.
    weight, bias : array_like of float, shape normalized_shape, optional
        What the normalised numbers are multiplied by, and what is added.
    eps : float
        Is added to the variance.

    Returns
    -------
    array
        Of the shape of `input`.

    Raises
    ------
    ValueError
        If the shapes do not fit, or `eps` is negative or not finite.
    TypeError
        If an array is not of floating-point numbers.

    Notes
    -----
    Ba, Kiros and Hinton, Layer normalization (2016).

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.layer_norm([[1.0, 3.0], [5.0, 1.0]], 2).round(3)
    array([[-1.,  1.],
           [ 1., -1.]])
    """
    (x,) = floating("layer_norm", input=input)
    setting("layer_norm", "eps", eps, 0)
    many = isinstance(normalized_shape, tuple | list)
    ndim = len(normalized_shape) if many else 1
    shape = each("layer_norm", "normalized_shape", normalized_shape, ndim, 0)
    if not shape or x.shape[-ndim:] != shape:
        refuse(
            f"layer_norm needs input of shape (..., {', '.join(map(str, shape))}), but "
            f"got {x.shape}"
        )
    y = _normalised(x, tuple(range(x.ndim - ndim, x.ndim)), eps)[0]
    for parameter, value in (("weight", weight), ("bias", bias)):
        if value is not None:
            (array,) = floating("layer_norm", **{parameter: value})
            if array.shape != shape:
                refuse(
                    f"layer_norm needs {parameter} of shape {shape}, but got "
                    f"{array.shape}"
                )
            y = y * array if parameter == "weight" else y + array
    return y


def group_norm(
    input: Any,
    num_groups: int,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
) -> Any:
    """Normalise groups of channels, for each example.

    Parameters
    ----------
    input : array_like of float, shape (n, channels, ...)
    num_groups : int
        How many groups there are; it divides the number of channels.
    weight, bias : array_like of float, shape (channels,), optional
        What the normalised numbers are multiplied by, and what is added.
    eps : float
        Is added to the variance.

    Returns
    -------
    array
        Of the shape of `input`.

    Raises
    ------
    ValueError
        If the shapes do not fit, the groups do not divide the channels, or `eps` is
        negative or not finite.
    TypeError
        If an array is not of floating-point numbers.

    Notes
    -----
    Wu and He, Group normalization (2018).

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.group_norm([[1.0, 3.0, 5.0, 1.0]], 2).round(3)
    array([[-1.,  1.,  1., -1.]])
    """
    (x,) = floating("group_norm", input=input)
    if x.ndim < 2:
        refuse(f"group_norm needs input of shape (n, channels, ...), but got {x.shape}")
    count = whole("group_norm", "num_groups", num_groups, 1)
    setting("group_norm", "eps", eps, 0)
    channels = x.shape[1]
    if channels % count:
        refuse(
            f"group_norm has num_groups={count}, which does not divide the {channels} "
            f"channels of input"
        )
    scale, offset = _for_channels("group_norm", x, 1, weight=weight, bias=bias)
    groups = np.reshape(x, (x.shape[0], count, channels // count, *x.shape[2:]))
    y = _normalised(groups, tuple(range(2, groups.ndim)), eps)[0]
    return _scaled(np.reshape(y, x.shape), scale, offset, 1)


def _normalised(x: Any, axes: tuple[int, ...], eps: float) -> tuple[Any, Any, Any]:
    """The numbers with mean 0 and variance 1, and what these were."""
    mean = np.mean(x, axes, keepdims=True)
    centred = x - mean
    var = np.mean(np.square(centred), axes, keepdims=True)
    return centred / np.sqrt(var + eps), mean, var


def _for_channels(name: str, x: Any, axis: int, **given: Any) -> list[Any]:
    """Arguments with one number for each channel, or ``None``."""
    found: list[Any] = []
    for parameter, value in given.items():
        if value is None:
            found.append(None)
            continue
        (array,) = floating(name, **{parameter: value})
        if array.shape != (x.shape[axis],):
            refuse(
                f"{name} needs {parameter} of shape {(x.shape[axis],)}, one number for "
                f"each channel of input of shape {x.shape}, but got {array.shape}"
            )
        found.append(array)
    return found


def _along(vector: Any, x: Any, axis: int) -> Any:
    """A vector with the axes of `x`, along one of them."""
    return np.reshape(vector, (-1, *(1,) * (x.ndim - axis - 1)))


def _scaled(y: Any, scale: Any, offset: Any, axis: int) -> Any:
    if scale is not None:
        y = y * _along(scale, y, axis)
    return y if offset is None else y + _along(offset, y, axis)
