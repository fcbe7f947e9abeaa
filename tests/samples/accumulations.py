"""Calls of running sums and products."""

import numpy as np

from tests.samples import real, sample

ZEROS = np.array([[1.5, 0.0, -0.5, 0.7], [0.0, 0.3, 0.0, 2.0], [1.0, -0.8, 1.2, 0.4]])

for fun in (np.cumsum, np.cumprod):
    sample(fun, real(5))
    sample(fun, real(2, 3))
    sample(fun, real(2, 3), axis=0)
    sample(fun, real(2, 3, 2), axis=-2)
    sample(fun, real(2, 3), axis=1, dtype=np.complex128)
    sample(fun, real())
    sample(fun, real(1), axis=0)
    sample(fun, real(0))
    sample(fun, real(2, 0), axis=1)
    sample(fun, real(0, 2), axis=1)
sample(np.cumprod, ZEROS)
sample(np.cumprod, ZEROS, axis=0)
sample(np.cumprod, ZEROS, axis=-1)
sample(np.cumprod, np.zeros(3))

if hasattr(np, "cumulative_sum"):
    for fun in (np.cumulative_sum, np.cumulative_prod):
        sample(fun, real(4))
        sample(fun, real(4), include_initial=True)
        sample(fun, real(2, 3), axis=-1)
        sample(fun, real(2, 3), axis=0, include_initial=True)
        sample(fun, real(2, 0), axis=1, include_initial=True)
    sample(np.cumulative_prod, ZEROS, axis=1, include_initial=True)
