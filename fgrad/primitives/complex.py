"""Absolute values, signs, angles: functions of the parts of complex numbers."""

from typing import Any

import numpy as np

from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp

__all__ = ["direction"]


def nonzero(x: Any) -> Any:
    """`x` with inf in place of 0: what is divided by it is 0 there, in all orders."""
    return np.where(np.equal(x, 0), np.inf, x)


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
    return g * (np.conjugate(x) / nonzero(ans) if np.iscomplexobj(x) else np.sign(x))


defvjp(np.absolute, x=absolute_pullback)
defvjp(np.fabs, x=lambda g, x: g * np.sign(x))
defvjp(
    np.copysign,
    x1=lambda g, x1, x2: g * np.sign(x1) * np.copysign(1, x2),
    x2=lambda g: np.zeros_like(g),  # constant almost everywhere
)
defvjp(
    np.hypot,
    x1=lambda g, ans, x1: g * (x1 / nonzero(ans)),
    x2=lambda g, ans, x2: g * (x2 / nonzero(ans)),
)


# Angles -------------------------------------------------------------------------------


def inverted(x: Any, x1: Any, x2: Any) -> Any:
    """``x / (x1**2 + x2**2)`` without overflow, and 0 at the origin."""
    radius = nonzero(np.hypot(x1, x2))
    return x / radius / radius


defvjp(
    np.arctan2,
    x1=lambda g, x1, x2: g * inverted(x2, x1, x2),
    x2=lambda g, x1, x2: -g * inverted(x1, x1, x2),
)


# As NumPy unwraps, whole periods are added; how many is constant almost everywhere.
defvjp(
    np.unwrap,
    neutral=("axis",),
    p=lambda g: g,
    discont=lambda g, like: np.zeros(like.shape),
    period=lambda g, ans, p, period: np.sum(g * np.rint((ans - p) / period)),
)


@primitive
def direction(x: Any, *, dtype: Any = None, where: Any = True) -> Any:
    """The sign of a complex number, ``x / |x|``."""
    return np.sign(x, dtype=dtype, where=where)


def direction_pullback(g: Any, ans: Any, x: Any) -> Any:
    """Only turning `x` turns its direction: i Im(g s) conj(s) / |x| for s = x / |x|."""
    return 1j * np.imag(g * ans) * np.conjugate(ans) / nonzero(np.absolute(x))


defvjp(direction, x=direction_pullback)
