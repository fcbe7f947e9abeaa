"""Functions that arrange the same entries differently."""

import numpy as np

from fgrad._rules import defvjp


def broadcast_to_pullback(g, like):
    """Sum over the axes along which the array was repeated."""
    lead = g.ndim - like.ndim
    axes = [lead + i for i, n in enumerate(like.shape) if n == 1]
    return np.reshape(np.sum(g, axis=(*range(lead), *axes)), like.shape)


defvjp(np.broadcast_to, array=broadcast_to_pullback)
defvjp(np.reshape, a=lambda g, like, order: np.reshape(g, like.shape, order=order))
defvjp(
    np.transpose,
    a=lambda g, axes: np.transpose(g, None if axes is None else np.argsort(axes)),
)
