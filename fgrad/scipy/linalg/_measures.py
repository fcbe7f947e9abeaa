"""What a matrix measures: norms and determinants."""

import numpy as np
import scipy.linalg as sl

from fgrad.primitives.linalg import det_pullback
from fgrad.scipy.linalg._operation import operation, pulled

__all__: list[str] = []


def norm_pullback(g, a, ord=None, axis=None, keepdims=False):
    """As of NumPy's, whose values differ in the last digit."""
    if not a.size:  # SciPy's is 0, for all orders
        return np.zeros_like(a)
    return pulled(g, lambda a: np.linalg.norm(a, ord, axis, keepdims), a)


operation(sl.norm, a=norm_pullback)
operation(sl.det, a=lambda g, ans, a: det_pullback(g, ans, a))
