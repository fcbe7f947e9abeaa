"""Calls of the functions that order entries."""

import numpy as np

from fgrad.primitives import sorting
from tests.samples import fixed, real, sample, spread

for kind in (None, "stable", "heapsort"):
    sample(np.sort, spread(5), kind=kind)
for axis in (0, 1, -2, None):
    sample(np.sort, spread(2, 3, 2), axis=axis)
    sample(np.partition, spread(2, 3, 2), 1, axis=axis)
sample(np.sort, spread(4), stable=True)
sample(np.sort, real(0))
sample(np.sort, real(2, 0))
sample(np.sort, real(0, 2))
sample(np.sort, real(1, 3), axis=0)
sample(np.partition, spread(7), 3)
sample(np.partition, spread(9), (1, -2))
sample(np.partition, spread(5), [0, 4], kind="introselect")
sample(np.sort_complex, spread(5))
sample(np.sort_complex, spread(2, 3))

# The two operations of the rules above: rows, and the rows by which they are ordered.
for fun in (sorting.from_sorted.__wrapped__, sorting.into_sorted.__wrapped__):
    sample(fun, real(2, 4), fixed(spread(2, 4)))
    sample(fun, real(2, 4), fixed(np.array([[1.0, 2.0, 1.0, 2.0], [3.0] * 4])))
    sample(fun, real(1, 1), fixed(real(1, 1)))
    sample(fun, real(0, 3), fixed(real(0, 3)))
