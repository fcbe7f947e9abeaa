"""Running averages of gradients and of their squares.

Moments of float16 gradients are float32: the square of 1e-4 would be 0 in float16, and
so would ``eps``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad import tree
from fgrad._engine.box import Box, space

__all__ = ["average", "cast", "corrected", "filled", "root", "squared"]


def cast(value: Any, like: Any) -> Any:
    """The value in the dtype of a leaf, which settings may have widened."""
    dtype = space(like)[1]
    if space(value)[1] == dtype:
        return value
    return value.astype(dtype) if hasattr(value, "astype") else dtype.type(value)


def filled(params: Any, value: float = 0.0, *, real: bool = False) -> Any:
    """Constant moments like the parameters; real numbers, for squares, if `real`."""

    def full(leaf: Any) -> Any:
        shape, dtype = space(leaf)
        if real and dtype.kind == "c":
            dtype = np.finfo(dtype).dtype
        return np.full(shape, value, np.float32 if dtype == np.float16 else dtype)[()]

    return tree.map(full, params)


def average(decay: Any, old: Any, new: Any) -> Any:
    """The exponential average of trees: each step forgets the part ``1 - decay``."""

    def mixed(o: Any, n: Any) -> Any:
        return cast(decay * o + (1 - decay) * _wide(n), o)

    return tree.map(mixed, old, new)


def squared(grads: Any) -> Any:
    """The squares of the absolute values."""
    return tree.map(_squared, grads)


def _squared(g: Any) -> Any:
    g = _wide(g)
    return g.real * g.real + g.imag * g.imag if np.iscomplexobj(g) else g * g


def _wide(g: Any) -> Any:
    """A gradient in the precision of its moments."""
    return cast(g, np.float32()) if space(g)[1] == np.float16 else g


def corrected(moment: Any, decay: Any, count: Any) -> Any:
    """An average that began at 0, divided by the sum of its weights."""
    weights = 1 - decay**count
    return tree.map(lambda m: cast(m / weights, m), moment)


def root(v: Any) -> Any:
    """The square root of a second moment, with derivative 0 where it is 0.

    As a function of the gradients, it is a length, sqrt(c1 * g1**2 + c2 * g2**2 + ...):
    where all of them are 0 it has a kink, and fgrad gives all lengths the derivative 0
    there. ``m / (root(v) + eps)`` then has its exact derivative, that of ``m / eps``.
    """
    if type(v) is not Box:  # nobody asks for a derivative
        return np.sqrt(v)
    nothing = np.equal(v, 0)
    return np.where(nothing, 0, np.sqrt(np.where(nothing, 1, v)))
