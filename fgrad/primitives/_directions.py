"""The derivative of a length: a unit vector, and 0 at length 0."""

from typing import Any

import numpy as np

from fgrad._engine.box import primal, values
from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp, rule_of

__all__ = ["over_length", "unit_size"]


def unit_size(x: Any, length: Any, axis: Any, where: Any = True) -> Any:
    """What to divide x by where the squares in its length do not fit, or ``None``.

    NumPy's length is inf or 0 there, or has lost digits. The derivative of a length
    is the same for a multiple of x.
    """
    size = primal(length)
    limits = np.finfo(size.dtype)
    wrong = (size < np.sqrt(limits.tiny) / limits.eps) | (size == np.inf)
    if not np.any(values(wrong)):
        return None
    top = np.abs(primal(x))
    top = np.max(top, axis=axis, keepdims=True, initial=0, where=primal(where))
    wrong = wrong & (top > 0) & (top < np.inf)
    return np.where(wrong, top, 1) if np.any(values(wrong)) else None


@primitive
def over_length(x: Any, length: Any) -> Any:
    """``x / length``, and 0 where the length is 0 and x is finite."""
    zero = np.equal(length, 0)
    return np.where(zero, 0 * x, x / np.where(zero, 1, length))


rule_of(over_length).name = "the derivative of a norm or a standard deviation"

# At length 0 the second derivative is not finite, and 0 / 0 says so.
defvjp(
    over_length,
    broadcasts=True,
    x=lambda g, length: g / length,
    length=lambda g, ans, length: -g * (ans / length),
)
