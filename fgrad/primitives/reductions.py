"""Reductions along axes."""

import numpy as np

from fgrad._rules import defvjp
from fgrad.primitives._axes import restore


def sum_pullback(g, like, axis=None, keepdims=False, where=True):
    """Every summed entry gets the cotangent of its sum."""
    g = np.broadcast_to(restore(g, like, axis, keepdims), like.shape)
    return g if where is True else np.where(where, g, 0)


defvjp(np.sum, a=sum_pullback, initial=lambda g: np.sum(g))
