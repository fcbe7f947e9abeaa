"""Calls of the norms of vectors and matrices, and of condition numbers."""

import numpy as np

from tests.samples import fixed, real, regular, sample, spread

INFINITE = (np.inf, -np.inf)


def no_zeros(*shape):
    """Regular matrices whose entries are away from the kink of the absolute value."""
    a = regular(*shape)
    return a + 0.1 * np.sign(a)


for order in (None, 1, 2, 3, 0, -1, *map(fixed, (2.0, 1.5, 0.5, -2.5, *INFINITE))):
    sample(np.linalg.norm, 4 * spread(4), order)
    sample(np.linalg.norm, 4 * spread(2, 3), ord=order, axis=-1)
    sample(np.linalg.norm, 4 * spread(2, 3), ord=order, axis=(0,), keepdims=True)
for order in (None, "fro", "nuc", 1, -1, 2, -2, *map(fixed, INFINITE)):
    sample(np.linalg.norm, no_zeros(3, 2), order)
    sample(np.linalg.norm, no_zeros(2, 3), order, keepdims=True)
    a = spread(2, 2, 3) * np.array([1.0, 1.37, 1.91])
    sample(np.linalg.norm, a.transpose(2, 0, 1), order, axis=(2, 0))
    sample(
        np.linalg.norm,
        no_zeros(1, 2, 2).transpose(1, 0, 2),
        order,
        axis=(0, -1),
        keepdims=True,
    )
sample(np.linalg.norm, spread(2, 2, 2))
sample(np.linalg.norm, spread(2, 1, 2), keepdims=True)
sample(np.linalg.norm, real())
sample(np.linalg.norm, np.array([0.0, 1.0, -2.0]), fixed(1.5), _order=0)
sample(np.linalg.norm, np.array([0.0, 1.0, -2.0]), 3, _order=1)
sample(np.linalg.norm, np.array([0.0, 1.0, -2.0]))
sample(np.linalg.norm, np.zeros(0))
sample(np.linalg.norm, np.zeros((0, 2)), 1, axis=0)
sample(np.linalg.norm, np.zeros((0, 2)), 2, axis=0)
if np.lib.NumpyVersion(np.__version__) >= "2.3.0":
    sample(np.linalg.norm, np.zeros((0, 2)), fixed(np.inf), axis=0)
for order in (None, 2, -2, 1, -1, "fro", "nuc", *map(fixed, INFINITE)):
    sample(np.linalg.cond, regular(3, 3), order)
sample(np.linalg.cond, regular(3, 2))
sample(np.linalg.cond, regular(2, 2, 2), 1)
sample(np.linalg.cond, regular(2, 2, 2))
