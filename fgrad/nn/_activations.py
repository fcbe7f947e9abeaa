"""Activations: functions of each number on its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad._engine.box import values
from fgrad.nn._arguments import floating, inexact, refuse, setting
from fgrad.nn._curves import logistic, normal_cdf, ramp, soft_ramp

__all__ = [
    "elu",
    "gelu",
    "leaky_relu",
    "relu",
    "sigmoid",
    "silu",
    "softplus",
    "tanh",
]


def relu(input: Any) -> Any:
    """``max(x, 0)`` for each number x. The derivative at 0 is 0, as in PyTorch.

    Parameters
    ----------
    input : array_like of float

    Returns
    -------
    array
        Of the shape of `input`.

    Raises
    ------
    TypeError
        If the input is not of floating-point numbers.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.relu([-1.0, 2.0])
    array([0., 2.])
    """
    return ramp(*floating("relu", input=input))


def leaky_relu(input: Any, negative_slope: float = 0.01) -> Any:
    """Positive numbers as they are, and ``negative_slope * x`` for others.

    Parameters
    ----------
    input : array_like of float
    negative_slope : float
        Also the derivative at 0.

    Returns
    -------
    array
        Of the shape of `input`.

    Raises
    ------
    ValueError
        If `negative_slope` is not finite.
    TypeError
        If the input is not of floating-point numbers.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.leaky_relu([-1.0, 2.0], 0.25)
    array([-0.25,  2.  ])
    """
    (x,) = floating("leaky_relu", input=input)
    setting("leaky_relu", "negative_slope", negative_slope)
    return np.where(x > 0, x, negative_slope * x)


def elu(input: Any, alpha: float = 1.0) -> Any:
    """Positive numbers as they are, and ``alpha * (exp(x) - 1)`` for others.

    Parameters
    ----------
    input : array_like of float
    alpha : float
        Also the derivative at 0.

    Returns
    -------
    array
        Of the shape of `input`.

    Raises
    ------
    ValueError
        If `alpha` is not finite.
    TypeError
        If the input is not of floating-point numbers.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.elu([-1000.0, 2.0])
    array([-1.,  2.])
    """
    (x,) = floating("elu", input=input)
    setting("elu", "alpha", alpha)
    return np.where(x > 0, x, alpha * np.expm1(np.where(x > 0, 0, x)))


def gelu(input: Any, approximate: str = "none") -> Any:
    """Each number x times the normal distribution function at x.

    Parameters
    ----------
    input : array_like of float
    approximate : "none" or "tanh"
        Whether the distribution function is replaced by a formula with `np.tanh`, which
        is right to three digits.

    Returns
    -------
    array
        Of the shape of `input`.

    Raises
    ------
    ValueError
        If `approximate` is something else.
    TypeError
        If the input is not of floating-point numbers.

    Notes
    -----
    Hendrycks and Gimpel, Gaussian error linear units (2016). The result has all its
    digits also far to the left, where the distribution function is tiny.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.gelu([-1.0, 0.0, 1.0]).round(4)
    array([-0.1587,  0.    ,  0.8413])
    """
    (x,) = floating("gelu", input=input)
    if approximate == "none":
        return x * normal_cdf(x)
    if approximate == "tanh":
        inner = float(np.sqrt(2 / np.pi)) * (x + 0.044715 * (x * x * x))
        return 0.5 * x * (1 + np.tanh(inner))
    return refuse(f"gelu has approximate={approximate!r}; write 'none' or 'tanh'")


def silu(input: Any) -> Any:
    """Each number x times ``sigmoid(x)``; others call it swish.

    Parameters
    ----------
    input : array_like of float

    Returns
    -------
    array
        Of the shape of `input`.

    Raises
    ------
    TypeError
        If the input is not of floating-point numbers.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.silu([-1000.0, 0.0, 1000.0])
    array([  -0.,    0., 1000.])
    """
    (x,) = floating("silu", input=input)
    return x * logistic(x)


def softplus(input: Any, beta: float = 1.0) -> Any:
    """``log(1 + exp(beta * x)) / beta`` for each number x.

    It is exact for all numbers, so there is no ``threshold``, as PyTorch has it.

    Parameters
    ----------
    input : array_like of float
    beta : float

    Returns
    -------
    array
        Of the shape of `input`.

    Raises
    ------
    ValueError
        If `beta` is not finite, or 0.
    TypeError
        If the input is not of floating-point numbers.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.softplus([-1000.0, 0.0, 1000.0]).round(4)
    array([0.000e+00, 6.931e-01, 1.000e+03])
    """
    (x,) = floating("softplus", input=input)
    setting("softplus", "beta", beta)
    if bool(np.any(np.equal(values(beta), 0))):
        refuse("softplus has beta=0; it is divided by beta")
    return soft_ramp(beta * x) / beta


def sigmoid(input: Any) -> Any:
    """``1 / (1 + exp(-x))`` for each number x.

    Parameters
    ----------
    input : array_like of float

    Returns
    -------
    array
        Of the shape of `input`.

    Raises
    ------
    TypeError
        If the input is not of floating-point numbers.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.sigmoid([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ])
    """
    return logistic(*floating("sigmoid", input=input))


def tanh(input: Any) -> Any:
    """The hyperbolic tangent: `np.tanh` under PyTorch's name for the argument.

    Parameters
    ----------
    input : array_like of float

    Returns
    -------
    array
        Of the shape of `input`.

    Raises
    ------
    TypeError
        If the input is not of floating-point numbers.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.tanh([-1000.0, 0.0])
    array([-1.,  0.])
    """
    return np.tanh(*inexact("tanh", input=input))
