"""Shares of a sum of exponentials, and its logarithm.

All three subtract the largest number first, so that nothing overflows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp, rule_of
from fgrad.batching.forms import one_array, shifted
from fgrad.nn._arguments import axis_of, floating

__all__ = ["log_softmax", "logsumexp", "softmax"]


def softmax(input: Any, dim: int) -> Any:
    """Exponentials, divided by their sum along an axis.

    Parameters
    ----------
    input : array_like of float
    dim : int
        The axis along which the result has sum 1.

    Returns
    -------
    array
        Of the shape of `input`.

    Raises
    ------
    ValueError
        If there is no such axis.
    TypeError
        If the input is not of floating-point numbers.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.softmax([0.0, 0.0, 1000.0, 1000.0], 0)
    array([0. , 0. , 0.5, 0.5])
    """
    (x,) = floating("softmax", input=input)
    return shares(x, axis_of("softmax", x, dim))


def log_softmax(input: Any, dim: int) -> Any:
    """The logarithm of `softmax`, also where that is 0.

    Parameters
    ----------
    input : array_like of float
    dim : int
        The axis along which the exponentials of the result have sum 1.

    Returns
    -------
    array
        Of the shape of `input`.

    Raises
    ------
    ValueError, TypeError
        As `softmax` does.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.log_softmax([0.0, 1000.0], 0)
    array([-1000.,     0.])
    """
    (x,) = floating("log_softmax", input=input)
    return log_shares(x, axis_of("log_softmax", x, dim))


def logsumexp(input: Any, dim: Any, keepdim: bool = False) -> Any:
    """The logarithm of the sum of exponentials along an axis or several.

    Parameters
    ----------
    input : array_like of float
    dim : int or tuple of int
    keepdim : bool
        Whether the axes stay, with length 1.

    Returns
    -------
    array

    Raises
    ------
    ValueError, TypeError
        As `softmax` does.

    Examples
    --------
    >>> from fgrad import nn
    >>> nn.logsumexp([1000.0, 1000.0], 0).round(3)
    np.float64(1000.693)
    """
    (x,) = floating("logsumexp", input=input)
    dims = dim if isinstance(dim, tuple | list) else (dim,)
    axis = tuple(axis_of("logsumexp", x, d) for d in dims)
    total = log_total(x, axis)
    return total if keepdim else np.squeeze(total, axis)


def below_top(x: Any, axis: Any) -> tuple[Any, Any]:
    """How far numbers are below the largest one, and that; an infinite one counts 0."""
    top = np.max(x, axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0)
    return x - top, top


@primitive
def shares(x: Any, axis: Any) -> Any:
    """The softmax."""
    e = np.exp(below_top(x, axis)[0])
    return e / np.sum(e, axis, keepdims=True)


@primitive
def log_shares(x: Any, axis: Any) -> Any:
    """The logarithm of the softmax."""
    z, _ = below_top(x, axis)
    with np.errstate(divide="ignore"):  # log(0): all are -inf
        return z - np.log(np.sum(np.exp(z), axis, keepdims=True))


@primitive
def log_total(x: Any, axis: Any) -> Any:
    """The logarithm of the sum of exponentials; the axes stay, with length 1."""
    z, top = below_top(x, axis)
    with np.errstate(divide="ignore"):  # log(0): all are -inf, or there are none
        return top + np.log(np.sum(np.exp(z), axis, keepdims=True))


def shares_pullback(g: Any, ans: Any, axis: Any) -> Any:
    """The Jacobian of shares p is diag(p) - p pᵀ."""
    weighted = g * ans
    return weighted - ans * np.sum(weighted, axis, keepdims=True)


defvjp(shares, x=shares_pullback)
defvjp(
    log_shares,
    x=lambda g, ans, axis: g - np.exp(ans) * np.sum(g, axis, keepdims=True),
)
defvjp(log_total, x=lambda g, x, axis: g * shares(x, axis))

rule_of(shares).name = "nn.softmax"  # as messages say it
rule_of(log_shares).name = "nn.log_softmax"
rule_of(log_total).name = "nn.logsumexp"


@one_array(shares, log_shares, log_total)
def along(fun: Any, x: Any, axis: Any) -> Any:
    """The axis is one further."""
    return fun(x, shifted(axis, x.ndim - 1))
