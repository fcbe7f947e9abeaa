"""Division by gaps of a spectrum, where equal values may make it 0 / 0."""

from typing import Any

import numpy as np

from fgrad._rules import defvjp
from fgrad._trace import primitive

__all__ = ["gaps", "over_gaps", "rotation"]

NOISE = 1e4
"""How many machine epsilons of the largest entry count as rounding."""


def _noise(x: Any) -> Any:
    """Below this, entries of a stack of matrices are nothing but rounding."""
    return NOISE * np.finfo(x.dtype).eps * np.max(np.abs(x), (-2, -1), initial=0)


@primitive
def over_gaps(x: Any, gap: Any, scale: Any) -> Any:
    """``x / gap``, where 0 / 0 is 0 and anything else over 0 is nan.

    Eigenvectors of equal eigenvalues are not unique, and how they move is unbounded.
    What is computed from them may nevertheless have a derivative. If the cotangent
    of their rotation vanishes, they don't take part in it, and 0 is right. If not,
    the derivative either does not exist, or it is a limit of 0 / 0 that cannot be known
    from the eigenvectors alone; nan says so.

    Parameters
    ----------
    x : array, shape (..., n, n)
    gap : array of float, shape (..., n, n)
        Zero, up to rounding, where there is no gap.
    scale : array of float, shape (..., 1, 1)
        The size of the spectrum, for what is rounding in `gap`.
    """
    equal = np.abs(gap) <= 10 * np.finfo(gap.dtype).eps * scale
    none = np.abs(x) <= _noise(x)[..., None, None]
    return np.where(equal, np.where(none, 0.0, np.nan), x / np.where(equal, 1.0, gap))


defvjp(
    over_gaps,
    x=lambda g, gap, scale: over_gaps(g, gap, scale),
    gap=lambda g, ans, gap, scale: -over_gaps(g * ans, gap, scale),
    scale=lambda like: np.zeros(like.shape, like.dtype),
) if False else None
