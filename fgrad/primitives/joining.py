"""Functions that join arrays, and those that take them apart."""

import numpy as np

from fgrad._rules import defvjp


def concatenate_pullback(g, like, axis=0):
    """Cut the cotangent where the arrays were joined."""
    if axis is None:
        ends = np.cumsum([part.size for part in like])
        parts = np.split(g, ends[:-1])
        return [np.reshape(c, part.shape) for c, part in zip(parts, like, strict=True)]
    ends = np.cumsum([part.shape[axis] for part in like])
    return np.split(g, ends[:-1], axis)


def stack_pullback(g, axis=0):
    """One slice for each array."""
    return list(np.moveaxis(g, axis, 0))


defvjp(np.concatenate, sequences=("arrays",), arrays=concatenate_pullback)
defvjp(np.stack, sequences=("arrays",), arrays=stack_pullback)
