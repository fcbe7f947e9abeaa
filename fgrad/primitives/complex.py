"""Absolute values, signs, angles: functions of the parts of complex numbers."""

from typing import Any

import numpy as np

from fgrad._engine.box import primal
from fgrad._engine.rules import defvjp
from fgrad.primitives.slopes import cosine, inverted, nonzero, unit

# Parts --------------------------------------------------------------------------------

defvjp(np.conjugate, x=lambda g: np.conjugate(g))
defvjp(np.real, val=lambda g: g)
defvjp(np.imag, val=lambda g: -1j * g)
defvjp(
    np.angle,
    z=lambda g, z, deg: -1j * (np.rad2deg(g) if deg else g) / nonzero(z),
)

# Absolute values ----------------------------------------------------------------------


def absolute_pullback(g: Any, ans: Any, x: Any) -> Any:
    """conj(x) / |x|, and 0 at 0."""
    if np.iscomplexobj(x):
        return g * np.conjugate(unit(x, primal(ans)))
    return g * np.sign(x)


defvjp(np.absolute, x=absolute_pullback)
defvjp(np.fabs, x=lambda g, x: g * np.sign(x))
defvjp(
    np.copysign,
    x1=lambda g, x1, x2: g * np.sign(x1) * np.copysign(1, x2),
    x2=lambda g: np.zeros_like(g),  # constant almost everywhere
)
defvjp(
    np.hypot,
    x1=lambda g, ans, x1, x2: g * cosine(x1, x2, primal(ans)),
    x2=lambda g, ans, x1, x2: g * cosine(x2, x1, primal(ans)),
)


# Angles -------------------------------------------------------------------------------


defvjp(
    np.arctan2,
    x1=lambda g, x1, x2: g * inverted(x2, x1),
    x2=lambda g, x1, x2: -g * inverted(x1, x2),
)


# As NumPy unwraps, whole periods are added; how many is constant almost everywhere.
defvjp(
    np.unwrap,
    neutral=("axis",),
    p=lambda g: g,
    discont=lambda g, like: np.zeros(like.shape),
    period=lambda g, ans, p, period: np.sum(g * np.rint((ans - p) / period)),
)
