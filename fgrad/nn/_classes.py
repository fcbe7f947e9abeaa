"""Losses of classes: of labels, or of a probability for each class."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad.derived.creation import as_traced
from fgrad.nn._arguments import floating, reduced, refuse
from fgrad.nn._layers import labels
from fgrad.nn._softmax import log_shares

__all__ = ["cross_entropy", "nll_loss"]


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """The mean of minus the logarithm of the probability of the right class.

    The probabilities are ``softmax(input)`` over the classes.

    Parameters
    ----------
    input : array_like of float, shape (n, classes, ...) or (classes,)
        Logarithms of probabilities, up to a constant.
    target : array_like of int, shape (n, ...) or (), or of float, as `input`
        The right class, or a probability for each class.
    weight : array_like of float, shape (classes,), optional
        A weight for each class. Of labels, the mean is divided by the sum of weights.
    ignore_index : int
        Labels that do not count.
    reduction : "mean", "sum" or "none"
    label_smoothing : float
        From 0 to 1: what part of the probability is shared by all classes.

    Returns
    -------
    array of shape (), or of the shape of the labels if `reduction` is "none"

    Raises
    ------
    ValueError
        If the shapes do not fit, a label is out of range, or so is an option.
    TypeError
        If the input is not of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import nn
    >>> nn.cross_entropy([[0.0, 1000.0], [0.0, 0.0]], [0, 1], reduction="none")
    array([1.00000000e+03, 6.93147181e-01])
    """
    name = "cross_entropy"
    (x,) = floating(name, input=input)
    axis = _class_axis(name, x)
    smooth = float(label_smoothing)
    if not 0 <= smooth <= 1:
        refuse(f"{name} has label_smoothing={label_smoothing!r}; it is from 0 to 1")
    logs = log_shares(x, axis)
    right = as_traced(target)
    if right.dtype.kind != "f":
        losses, counts = _by_labels(name, logs, right, weight, ignore_index)
        if smooth:
            # The same weight for all classes, where the label counts.
            spread = -np.sum(_weighted(name, logs, weight), axis)
            spread = np.where(np.equal(right, ignore_index), 0, spread)
            losses = (1 - smooth) * losses + smooth / x.shape[axis] * spread
        return _averaged(name, losses, counts, reduction)
    if right.shape != x.shape:
        refuse(
            f"{name} needs a target of integers, or of probabilities of shape "
            f"{x.shape}, but got dtype {right.dtype} and shape {right.shape}; labels "
            f"are target.astype(int)"
        )
    if smooth:
        right = (1 - smooth) * right + smooth / x.shape[axis]
    losses = -np.sum(right * _weighted(name, logs, weight), axis)
    return _averaged(name, losses, None, reduction)


def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Any:
    """The mean of minus the entry of the right class.

    `cross_entropy` is this loss of ``log_softmax(input)``.

    Parameters
    ----------
    input : array_like of float, shape (n, classes, ...) or (classes,)
        Logarithms of probabilities.
    target : array_like of int, shape (n, ...) or ()
        The right class.
    weight, ignore_index, reduction
        As in `cross_entropy`.

    Returns
    -------
    array of shape (), or of the shape of `target` if `reduction` is "none"

    Raises
    ------
    ValueError, TypeError
        As `cross_entropy` does.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.nll_loss([[-1.0, -2.0], [-3.0, -4.0]], [0, 1])
    np.float64(2.5)
    """
    (x,) = floating("nll_loss", input=input)
    _class_axis("nll_loss", x)
    right = as_traced(target)
    losses, counts = _by_labels("nll_loss", x, right, weight, ignore_index)
    return _averaged("nll_loss", losses, counts, reduction)


def _class_axis(name: str, x: Any) -> int:
    if not x.ndim:
        refuse(f"{name} needs input of shape (n, classes, ...), but got one number")
    return 0 if x.ndim == 1 else 1


def _by_labels(
    name: str, logs: Any, target: Any, weight: Any, ignored: int
) -> tuple[Any, Any]:
    """The losses, and the weights by whose sum their mean is divided."""
    axis = _class_axis(name, logs)
    shape = (*logs.shape[:axis], *logs.shape[axis + 1 :])
    if target.shape != shape:
        words = (
            f"{name} needs labels of shape {shape} for input of shape {logs.shape}, "
            f"whose classes are along axis {axis}, but target has shape {target.shape}"
        )
        if logs.ndim > 2 and target.shape == logs.shape[:-1]:
            words += "; if the classes come last, write np.moveaxis(input, -1, 1)"
        if target.shape == logs.shape:
            words += "; probabilities are target.astype(float)"
        refuse(words)
    right = labels(name, "target", target, logs.shape[axis], ignored)
    counted = np.not_equal(right, ignored)
    right = np.where(counted, right, 0)
    which = np.expand_dims(right, axis)
    picked = np.squeeze(np.take_along_axis(logs, which, axis), axis)
    weights = counted.astype(logs.dtype)
    if weight is not None:
        weights = weights * np.take(_class_weights(name, weight, logs, axis), right)
    return -np.where(counted, picked, 0) * weights, weights


def _weighted(name: str, logs: Any, weight: Any) -> Any:
    """The logarithms times the weights of their classes."""
    if weight is None:
        return logs
    axis = _class_axis(name, logs)
    w = _class_weights(name, weight, logs, axis)
    return logs * np.reshape(w, (-1, *(1,) * (logs.ndim - axis - 1)))


def _class_weights(name: str, weight: Any, logs: Any, axis: int) -> Any:
    (w,) = floating(name, weight=weight)
    if w.shape != (logs.shape[axis],):
        refuse(
            f"{name} needs weight of shape {(logs.shape[axis],)}, one for each class, "
            f"but got {w.shape}"
        )
    return w


def _averaged(name: str, losses: Any, counts: Any, reduction: str) -> Any:
    """All losses, their sum, or that divided by the sum of weights."""
    if reduction == "mean" and counts is not None:
        return np.sum(losses) / np.sum(counts)
    if reduction == "mean":  # probabilities: each example counts 1
        return np.mean(losses)
    return reduced(name, losses, reduction)
