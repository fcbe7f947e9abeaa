"""Division by gaps of a spectrum, where equal values make it 0 / 0.

Eigenvectors of equal eigenvalues, and singular vectors of equal singular values, are
not unique, and there is no bound on how fast they rotate. What is computed from them
may have a derivative all the same. If the cotangent of the rotation vanishes, they
take no part in it: 0 / 0 is 0. If not, either the derivative does not exist, or it
depends on more than the vectors (on the derivative of f in ``V f(L) V.T``): there the
quotient is nan, which says so, and not a finite number, which may be wrong.
"""

from typing import Any

import numpy as np

from fgrad._dispatch import primitive
from fgrad._rules import defvjp
from fgrad._trace import strip

__all__ = ["gauge", "over", "over_gaps", "size"]

ROUNDING = 1e4
"""How many machine epsilons, relative to the largest entry, a cotangent's zero has."""
EQUAL = 1e2
"""How many machine epsilons, relative to the largest value, equal values differ."""


def size(x: Any) -> Any:
    """The largest entry of each matrix, as a plain matrix of one entry."""
    return np.max(np.abs(strip(x)), axis=(-2, -1), keepdims=True, initial=0)


def _divided(x: Any, d: Any, x_size: Any, d_size: Any) -> Any:
    zero = np.abs(d) <= EQUAL * np.finfo(d.dtype).eps * d_size
    none = np.abs(x) <= ROUNDING * np.finfo(x.dtype).eps * x_size
    return np.where(zero, np.where(none, 0, np.nan), x / np.where(zero, 1, d))


@primitive
def over(x: Any, d: Any, x_size: Any = None) -> Any:
    """``x / d`` for matrices, where 0 / 0 is 0, and anything else over 0 is nan."""
    return _divided(x, d, size(x) if x_size is None else x_size, size(d))


@primitive
def over_gaps(x: Any, w: Any, phases: bool = True) -> Any:
    """``x[i, j] / (w[j] - w[i])``, where 0 / 0 is 0, and anything else over 0 is nan.

    The diagonal has no gaps. With `phases`, its imaginary part is the cotangent of a
    vector's phase, which is as arbitrary as a rotation among equal values.
    """
    own = np.eye(x.shape[-1], dtype=bool)
    phase = 1j * x.imag if phases and x.dtype.kind == "c" else 0
    rotations = np.where(own, phase, x).astype(x.dtype, copy=False)
    gaps = w[..., None, :] - w[..., :, None]
    return _divided(rotations, gaps, size(x), np.max(np.abs(w), initial=0))


def over_gaps_w_pullback(g: Any, ans: Any, w: Any, phases: bool) -> Any:
    """Each value is in the gaps of a row and of a column."""
    c = -over_gaps(g * ans, w, phases)
    return np.sum(c, axis=-2) - np.sum(c, axis=-1)


def gauge(x: Any) -> Any:
    """0 where the antihermitian part of a matrix is rounding, and nan elsewhere.

    It is the cotangent of a rotation among vectors that any rotation may replace.
    """
    x = strip(x)
    rotation = 0.5 * (x - np.conjugate(x.mT))
    none = size(rotation) <= ROUNDING * np.finfo(x.dtype).eps * size(x)
    return np.where(none, 0, np.nan).astype(x.real.dtype)


defvjp(
    over,
    broadcasts=True,
    neutral=("x_size",),
    x=lambda g, d: over(g, d),
    d=lambda g, ans, d: -over(g * ans, d),
)
defvjp(
    over_gaps,
    x=lambda g, w, phases: over_gaps(g, w, phases),
    w=over_gaps_w_pullback,
)
