"""Calls of the functions that a hypergeometric function computes."""

import numpy as np

from fgrad.primitives.bessel import hypergeometric
from tests.samples import fixed, positive, real, sample

sample(np.sinc, real(2, 3))
sample(np.sinc, np.array([0.0, 1e-9, 1e-5, 1e-3, -0.1, 1.0, 3.5, -9.2]))
sample(np.sinc, np.float64(0.0))
sample(np.sinc, real(0))
sample(np.sinc, np.array([0.0, 1e-5j, 0.3 + 1j, 4.0 - 0.2j]))
sample(np.i0, real(2, 3))
sample(np.i0, np.array([0.0, 1e-5, -3.0, 6.5]))
sample(np.i0, np.array(0.7))
sample(
    hypergeometric.__wrapped__, 2, positive(3), _real_only="integer b is for positive z"
)
sample(
    hypergeometric.__wrapped__, fixed(2.5), np.array([0.0, -1e-3, -3.0, -7.5, -80.0])
)
sample(hypergeometric.__wrapped__, fixed(4.5), np.array([0.0, -5.0 + 1j, -30.0, 12.0]))
