"""Calls of what SciPy computes and a formula differentiates."""

import numpy as np

from fgrad.scipy.stats._by_formula import evaluated
from tests.samples import positive, sample


def several(*arrays):
    """Two results of several arrays."""
    return sum(arrays), np.multiply(*arrays)


def hypotenuse(x, y):
    """One result; the axes of length 1 do not matter."""
    return np.sqrt(x * x + y * y)[None]


sample(
    evaluated.__wrapped__,
    np.hypot,
    hypotenuse,
    positive(3),
    positive(3),
    _real_only="the function of NumPy is for real numbers",
)
sample(evaluated.__wrapped__, several, several, positive(3), positive(3))
