"""Elementwise functions that pass on one of their arguments: extremes and bounds."""

from typing import Any

import numpy as np

from fgrad._rules import defvjp
from fgrad.errors import MissingRuleError

__all__ = ["share"]


def share(ans: Any, x: Any, other: Any) -> Any:
    """How much of `ans` is `x`: all, nothing, or half on a tie with the other."""
    return np.where(np.equal(x, other), 0.5, np.equal(x, ans))


for extreme in (np.maximum, np.minimum, np.fmax, np.fmin):
    defvjp(
        extreme,
        masks=True,
        x1=lambda g, ans, x1, x2: g * share(ans, x1, x2),
        x2=lambda g, ans, x1, x2: g * share(ans, x2, x1),
    )

defvjp(
    np.heaviside,
    masks=True,
    x1=lambda g: None,  # constant almost everywhere
    x2=lambda g, x1: g * np.equal(x1, 0),
)


# `clip`: an argument has derivative 1 on the closed interval, 0 outside. The bounds come
# as `a_min` and `a_max` or, in the words of the array API standard, `min` and `max`; if
# they cross, the upper one wins.


def bounds(a_min: Any, a_max: Any, min: Any, max: Any, where: Any) -> tuple[Any, Any]:
    """The bounds, however they were given."""
    if where is not True:
        raise MissingRuleError("no derivative rule for np.clip(..., where=...)")
    low = a_min if min is None else min
    high = a_max if max is None else max
    return -np.inf if low is None else low, np.inf if high is None else high


def clip_pullback(
    g: Any, a: Any, a_min: Any = None, a_max: Any = None,
    min: Any = None, max: Any = None, where: Any = True,
) -> Any:  # fmt: skip
    """Entries inside the closed interval pass."""
    low, high = bounds(a_min, a_max, min, max, where)
    return np.where(np.less(a, low) | np.greater(a, high), 0, g)


def low_pullback(
    g: Any, a: Any, a_min: Any = None, a_max: Any = None,
    min: Any = None, max: Any = None, where: Any = True,
) -> Any:  # fmt: skip
    """Entries below the lower bound are the lower bound."""
    low, high = bounds(a_min, a_max, min, max, where)
    return np.where(np.less(a, low) & np.less_equal(low, high), g, 0)


def high_pullback(
    g: Any, a: Any, a_min: Any = None, a_max: Any = None,
    min: Any = None, max: Any = None, where: Any = True,
) -> Any:  # fmt: skip
    """Entries above the upper bound are the upper bound."""
    low, high = bounds(a_min, a_max, min, max, where)
    return np.where(np.greater(a, high) | np.greater(low, high), g, 0)


defvjp(
    np.clip,
    broadcasts=True,
    masks=True,
    a=clip_pullback,
    a_min=low_pullback,
    min=low_pullback,
    a_max=high_pullback,
    max=high_pullback,
)
