"""Gradients that are not longer than they should be."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from fgrad import tree
from fgrad._transforms import stop_gradient
from fgrad._words.callsite import at
from fgrad.errors import InputTypeError
from fgrad.optim._checks import in_range
from fgrad.optim._moments import cast
from fgrad.optim._transformation import GradientTransformation, stateless

__all__ = ["clip", "clip_by_global_norm", "global_norm"]


def clip(max_delta: float) -> GradientTransformation:
    """Each entry of the gradients, brought into ``[-max_delta, max_delta]``.

    Parameters
    ----------
    max_delta : float
        Finite and not negative.

    Returns
    -------
    GradientTransformation

    Raises
    ------
    SettingError
        If `max_delta` is out of range.
    InputTypeError
        By ``update``, if a gradient is complex: complex numbers have no order.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> part = optim.clip(1.0)
    >>> part.update(np.array([-3.0, 0.5]), ())[0]
    array([-1. ,  0.5])
    """
    return stateless(partial(_clipped, in_range("max_delta of clip", max_delta)))


def _clipped(bound: Any, grads: Any, params: Any) -> Any:
    def clipped(g: Any) -> Any:
        if np.iscomplexobj(g):
            raise InputTypeError(
                at(
                    "clip takes real gradients, since complex numbers have no order. "
                    "Use clip_by_global_norm"
                )
            )
        return cast(np.clip(g, -bound, bound), g)

    return tree.map(clipped, grads)


def clip_by_global_norm(max_norm: float) -> GradientTransformation:
    """The gradients, shortened together if their common length is above a bound.

    Parameters
    ----------
    max_norm : float
        Finite and not negative.

    Returns
    -------
    GradientTransformation

    Raises
    ------
    SettingError
        If `max_norm` is out of range.

    Notes
    -----
    Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks
    (2013), algorithm 1. The length is right where squares overflow, see `global_norm`.

    Examples
    --------
    >>> from fgrad import optim
    >>> part = optim.clip_by_global_norm(1.0)
    >>> part.update({"a": 30.0, "b": 40.0}, ())[0]
    {'a': np.float64(0.6), 'b': np.float64(0.8)}
    """
    bound = in_range("max_norm of clip_by_global_norm", max_norm)
    return stateless(partial(_shortened, bound))


def _shortened(bound: Any, grads: Any, params: Any) -> Any:
    norm = global_norm(grads)
    long = norm > bound
    factor = np.where(long, bound / np.where(long, norm, 1), 1)
    return tree.map(lambda g: cast(factor * g, g), grads)


def global_norm(grads: Any) -> Any:
    """The length of all arrays of a tree together, as of one vector.

    Parameters
    ----------
    grads : tree of array_like of float or complex

    Returns
    -------
    scalar
        The root of the sum of the squared absolute values. It is right where squares
        over- or underflow. Its derivative is 0 where all numbers are 0.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> optim.global_norm({"a": np.array([3e300]), "b": [4e300]})
    np.float64(5e+300)
    """
    leaves = tree.leaves(grads)
    if not leaves:
        return np.float64(0)
    sizes = [np.max(np.abs(stop_gradient(leaf)), initial=0) for leaf in leaves]
    largest = np.max(np.stack(sizes))
    # A power of two, so that nothing is rounded.
    scale = np.ldexp(largest.dtype.type(1), np.frexp(largest)[1] - 1)
    parts = [np.linalg.norm(np.ravel(leaf) / scale) for leaf in leaves]
    return scale * np.linalg.norm(np.stack(parts))
