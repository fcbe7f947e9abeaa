"""Calls of Cholesky's decomposition."""

import numpy as np

from fgrad.primitives.cholesky import in_blocks
from tests.samples import real, regular, sample

for options in ({}, {"upper": True}):
    sample(np.linalg.cholesky, 3 * regular(3, 3), **options)
    sample(np.linalg.cholesky, 3 * regular(2, 2, 2), **options)
sample(np.linalg.cholesky, regular(1, 1))
sample(np.linalg.cholesky, regular(0, 0))
sample(in_blocks, np.tril(regular(3, 3)), real(3, 3))
