"""Losses between numbers: squares, Huber's function, and of yes or no."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad._engine.cotangents import broadcasts_to
from fgrad.derived.creation import as_traced
from fgrad.nn._arguments import floating, reduced, refuse, same_shape
from fgrad.nn._curves import soft_ramp

__all__ = ["binary_cross_entropy_with_logits", "huber_loss", "mse_loss"]


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The mean of the squares of ``input - target``.

    Parameters
    ----------
    input : array_like of float
    target : array_like of float
        Of the shape of `input`: a column and a row would broadcast to a matrix.
    reduction : "mean", "sum" or "none"

    Returns
    -------
    array of shape (), or of the shape of `input` if `reduction` is "none"

    Raises
    ------
    ValueError
        If the shapes differ, or `reduction` is something else.
    TypeError
        If the input is not of floating-point numbers.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.mse_loss([1.0, 2.0], [1.0, 4.0])
    np.float64(2.0)
    """
    x, y = _pair("mse_loss", input, target)
    return reduced("mse_loss", np.square(x - y), reduction)


def huber_loss(
    input: Any, target: Any, reduction: str = "mean", delta: float = 1.0
) -> Any:
    """The mean of a function of ``input - target``: a parabola with straight arms.

    It is ``d**2 / 2`` for differences d up to `delta`, and ``delta * (|d| - delta /
    2)`` beyond.

    Parameters
    ----------
    input : array_like of float
    target : array_like of float
        Of the shape of `input`.
    reduction : "mean", "sum" or "none"
    delta : float
        Where the arms begin; greater than 0.

    Returns
    -------
    array of shape (), or of the shape of `input` if `reduction` is "none"

    Raises
    ------
    ValueError
        If the shapes differ, or an option is out of range.
    TypeError
        If the input is not of floating-point numbers.

    Notes
    -----
    Huber, Robust estimation of a location parameter, The Annals of Mathematical
    Statistics 35 (1964), 73-101.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.huber_loss([0.0, 0.0], [1.0, 3.0], "none")
    array([0.5, 2.5])
    """
    x, y = _pair("huber_loss", input, target)
    if not delta > 0:
        refuse(f"huber_loss has delta={delta!r}; it has to be greater than 0")
    distance = x - y
    inside = np.where(np.abs(distance) <= delta, distance, 0)
    beyond = delta * (np.abs(distance) - 0.5 * delta)
    losses = np.where(np.abs(distance) <= delta, 0.5 * np.square(inside), beyond)
    return reduced("huber_loss", losses, reduction)


def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    """The cross-entropy of yes or no, of probabilities ``sigmoid(input)``.

    Parameters
    ----------
    input : array_like of float
    target : array_like of float
        The probability of yes, from 0 to 1; of the shape of `input`.
    weight : array_like of float, optional
        A weight for each loss; broadcasts to the shape of `input`.
    reduction : "mean", "sum" or "none"
    pos_weight : array_like of float, optional
        A weight for yes; broadcasts to the shape of `input`.

    Returns
    -------
    array of shape (), or of the shape of `input` if `reduction` is "none"

    Raises
    ------
    ValueError
        If the shapes differ, a weight does not broadcast to them, or `reduction` is
        something else.
    TypeError
        If the input is not of floating-point numbers, or a weight not of real numbers.

    Notes
    -----
    It is ``target * softplus(-input) + (1 - target) * softplus(input)``: a sum of
    numbers that are not negative, so that no digits are lost where a loss is tiny.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.binary_cross_entropy_with_logits([0.0, 1000.0], [1.0, 0.0], reduction="none")
    array([6.93147181e-01, 1.00000000e+03])
    """
    name = "binary_cross_entropy_with_logits"
    x, y = _pair(name, input, target)
    yes = y if pos_weight is None else _weight(name, x, pos_weight=pos_weight) * y
    losses = yes * soft_ramp(-x) + (1 - y) * soft_ramp(x)
    if weight is not None:
        losses = _weight(name, x, weight=weight) * losses
    return reduced(name, losses, reduction)


def _pair(name: str, input: Any, target: Any) -> tuple[Any, Any]:
    """Numbers and their targets, which may be integers, in one precision."""
    (x,) = floating(name, input=input)
    y = as_traced(target)
    same_shape(name, input=x, target=y)
    return x, y.astype(x.dtype) if y.dtype.kind in "iub" else y


def _weight(name: str, x: Any, **given: Any) -> Any:
    """A weight for numbers of the shape of `x`, in its precision if of integers."""
    ((parameter, value),) = given.items()
    weight = as_traced(value)
    if weight.dtype.kind not in "fiub":
        refuse(
            f"{name} needs real numbers, but {parameter} has dtype {weight.dtype} and "
            f"shape {weight.shape}",
            TypeError,
        )
    if not broadcasts_to(weight.shape, x.shape):
        refuse(
            f"{name} needs {parameter} that broadcasts to the shape {x.shape} of "
            f"input, but got shape {weight.shape}"
        )
    return weight if weight.dtype.kind == "f" else weight.astype(x.dtype)
