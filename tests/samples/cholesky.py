"""Calls of Cholesky's decomposition."""

import numpy as np

from tests.samples import regular, sample

for options in ({}, {"upper": True}):
    sample(np.linalg.cholesky, 3 * regular(3, 3), **options)
    sample(np.linalg.cholesky, 3 * regular(2, 2, 2), **options)
sample(np.linalg.cholesky, regular(1, 1))
sample(np.linalg.cholesky, regular(0, 0))
