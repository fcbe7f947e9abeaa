"""Calls of convolution, correlation and weighted counting."""

import numpy as np

from tests.samples import cplx, real, sample

for fun in (np.convolve, np.correlate):
    for mode in ("full", "same", "valid"):
        for n, m in ((5, 3), (3, 5), (4, 2), (2, 5), (4, 4), (1, 3)):
            sample(fun, real(n), real(m), mode=mode)
        sample(fun, cplx(3), real(2), mode=mode)
        sample(fun, real(2), cplx(4), mode=mode)
    sample(fun, real(5), real(3))
sample(np.convolve, real(), real(3))
sample(np.bincount, np.array([0, 2, 2, 1]), real(4))
sample(np.bincount, np.array([0, 2, 2, 1]), weights=real(4), minlength=5)
sample(np.bincount, np.array([], int), weights=real(0))
