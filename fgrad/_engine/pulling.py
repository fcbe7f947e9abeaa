"""Another way to run a pullback, where the usual one fails."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad._engine.box import primal
from fgrad._engine.dispatch import traced
from fgrad._engine.rules import Pullback
from fgrad._engine.scatter import Scatter, index_add
from fgrad._engine.trace import again

__all__ = ["pulled_again"]


def pulled_again(
    error: Exception, pullback: Pullback, parent: Any, g: Any, residuals: Any
) -> Any:
    """Run a pullback in another way, if the trace of its values stopped it.

    Python's numbers raise where NumPy's give inf; so NumPy's take their place.
    """
    if isinstance(error, ArithmeticError):
        return pullback.fun(*map(_of_numpy, (g, *residuals)))

    def zero(parent: Any) -> Any:
        return None if parent is None else np.zeros(parent.shape, parent.dtype)

    def dense(g: Any, *residuals: Any) -> Any:
        c = pullback.fun(g, *residuals)
        if type(c) is Scatter:
            return traced(index_add)(zero(parent), c.index, c.g)
        if type(parent) is not tuple:
            return zero(parent) if c is None else c
        pairs = zip(c, parent, strict=True)
        return tuple(zero(one) if part is None else part for part, one in pairs)

    return again(error, repr(pullback), dense, (g, *residuals), {})


def _of_numpy(value: Any) -> Any:
    """A Python number as a NumPy number, also in a box; anything else as it is."""
    return value * np.float64(1) if type(primal(value)) in (float, complex) else value
