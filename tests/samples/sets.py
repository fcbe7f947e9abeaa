"""Calls of the set functions."""

import numpy as np

from tests.samples import fixed, real, sample, spread

ROWS = np.array([[0.5, 1.5], [-0.7, 2.0], [0.1, -0.3]])

sample(np.unique, spread(5))
sample(np.unique, spread(2, 3))
sample(np.unique, spread(4), True, True, True)
sample(np.unique, spread(4), return_inverse=True)
sample(np.unique, ROWS, axis=0)
sample(np.unique, ROWS, axis=1, return_index=True, return_counts=True)
sample(np.unique, np.array([1.0, np.nan, 0.5, np.nan]), _order=0)
sample(np.unique, np.array([1.0, np.nan, 0.5, np.nan]), equal_nan=False, _order=0)
sample(np.unique, real(0))
for fun in (np.unique_all, np.unique_counts, np.unique_inverse):
    sample(fun, spread(5))
    sample(fun, spread(2, 3))
HASHED = "NumPy gives complex values in an arbitrary order"
sample(np.unique_values, spread(5), _real_only=HASHED)
sample(np.unique_values, spread(2, 3), _real_only=HASHED)
sample(np.union1d, np.array([0.3, -1.2]), np.array([0.7, 2.1, -0.4]))
sample(np.setdiff1d, np.array([0.3, -1.2, 1.4]), np.array([0.7, 2.1]))
sample(
    np.setdiff1d, np.array([0.3, -1.2, 1.4]), np.array([0.7, 2.1]), assume_unique=True
)
sample(np.setxor1d, np.array([0.3, -1.2, 1.4]), np.array([0.7, 2.1]))
sample(np.setxor1d, np.array([0.3, -1.2, 1.4]), np.array([0.7]), assume_unique=True)
sample(np.intersect1d, np.array([0.3, -1.2]), np.array([0.7, 2.1]))
sample(np.intersect1d, np.array([0.25, -1.2]), fixed(np.array([0.25, 2.0])), _order=0)
sample(np.intersect1d, np.array([0.25, -1.2]), fixed(np.array([0.25, 2.0])),
       return_indices=True, _order=0)  # fmt: skip
sample(np.trim_zeros, np.array([0.0, 0.5, 0.0, -0.7, 0.0]), _order=0)
sample(np.trim_zeros, np.array([0.0, 0.5, 0.0, -0.7, 0.0]), "f", _order=0)
sample(np.trim_zeros, np.array([0.0, 0.5, 0.0, -0.7, 0.0]), trim="B", _order=0)
sample(np.trim_zeros, real(3), _keeps={"number": "it is of sequences"})
sample(np.trim_zeros, np.zeros(2), _order=0)
