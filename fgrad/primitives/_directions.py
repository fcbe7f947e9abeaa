"""The derivative of a length: a unit vector, and 0 at length 0."""

from typing import Any

import numpy as np

from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp, rule_of

__all__ = ["over_length"]


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
