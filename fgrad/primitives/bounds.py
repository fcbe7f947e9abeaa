"""Elementwise functions that pass on one of their arguments: extremes and bounds."""

from typing import Any

import numpy as np

from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp

__all__ = ["clip", "share"]


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


@primitive
def clip(
    a: Any, low: Any, high: Any, *,
    out: Any = None, where: Any = True, dtype: Any = None, casting: Any = "same_kind",
) -> Any:  # fmt: skip
    """`np.clip` with both bounds; if they cross, the upper one wins."""
    return np.clip(a, low, high, out=out, where=where, dtype=dtype, casting=casting)


defvjp(
    clip,
    broadcasts=True,
    masks=True,
    a=lambda g, a, low, high: np.where(np.less(a, low) | np.greater(a, high), 0, g),
    low=lambda g, a, low, high: np.where(
        np.less(a, low) & np.less_equal(low, high), g, 0
    ),
    high=lambda g, a, low, high: np.where(
        np.greater(a, high) | np.greater(low, high), g, 0
    ),
)
