"""Arrays from existing data, and numbers between two ends."""

import numpy as np

from fgrad._engine.dispatch import traced
from fgrad._engine.rules import defvjp

# The same entries in other memory

defvjp(np.asarray, a=lambda g: g)
defvjp(np.asanyarray, a=lambda g: g)
defvjp(np.ascontiguousarray, a=lambda g, like: np.reshape(g, like.shape))
defvjp(np.asfortranarray, a=lambda g, like: np.reshape(g, like.shape))
defvjp(np.asarray_chkfinite, a=lambda g: g)
defvjp(
    np.require, neutral=("requirements",), a=lambda g, like: np.reshape(g, like.shape)
)
defvjp(np.copy, a=lambda g: g)

asarray = traced(np.asarray)

# Numbers between two ends


def fractions(num, endpoint):
    """How far each number is on its way from start to stop."""
    return np.arange(num) / max(num - bool(endpoint), 1)


def per_step(num, endpoint):
    """The part of the way that is one step; 0 where NumPy's step is nan."""
    steps = num - bool(endpoint)
    return 1 / steps if steps > 0 else 0


def linspace_pullback(g, weights, step_weight, retstep, axis):
    """Weighted sum over the numbers, and over the step if there is one."""
    samples, step = g if retstep else (g, 0)
    return (
        np.sum(np.moveaxis(samples, axis, -1) * weights, axis=-1) + step * step_weight
    )


def geomspace_pullback(g, ans, weights, axis):
    """Weighted sum over the logarithms of the numbers."""
    return np.sum(np.moveaxis(g * ans, axis, -1) * weights, axis=-1)


defvjp(
    np.linspace,
    broadcasts=True,
    start=lambda g, num, endpoint, retstep, axis: linspace_pullback(
        g, 1 - fractions(num, endpoint), -per_step(num, endpoint), retstep, axis
    ),
    stop=lambda g, num, endpoint, retstep, axis: linspace_pullback(
        g, fractions(num, endpoint), per_step(num, endpoint), retstep, axis
    ),
)
defvjp(
    np.geomspace,
    broadcasts=True,
    start=lambda g, ans, start, num, endpoint, axis: (
        geomspace_pullback(g, ans, 1 - fractions(num, endpoint), axis) / start
    ),
    stop=lambda g, ans, stop, num, endpoint, axis: (
        geomspace_pullback(g, ans, fractions(num, endpoint), axis) / stop
    ),
)
