"""Calls of the functions that a series computes."""

import numpy as np

from fgrad.primitives.bessel import hypergeometric, sinc_derivative
from tests.samples import positive, real, sample

POSITIVE = "it is for real numbers"

sample(np.sinc, real(2, 3))
sample(np.sinc, np.array([0.0, 1e-9, 1e-5, 1e-3, -0.1, 1.0, 3.5, -9.2]))
sample(np.sinc, np.float64(0.0))
sample(np.sinc, real(0))
sample(np.sinc, np.array([0.0, 1e-5j, 0.3 + 1j, 4.0 - 0.2j]))
sample(np.i0, real(2, 3))
sample(np.i0, np.array([0.0, 1e-5, -3.0, 6.5]))
sample(np.i0, np.array(0.7))
sample(hypergeometric.__wrapped__, 2, positive(3), _real_only=POSITIVE)
sample(hypergeometric.__wrapped__, 1, np.array([-3.0, 0.0, 6.5]), _real_only=POSITIVE)
sample(sinc_derivative.__wrapped__, 1, np.array([0.0, 0.1, -0.5, 0.7, 1.0, -7.5, 80.0]))
sample(sinc_derivative.__wrapped__, 4, np.array([0.0, -0.9 + 1j, 1.1, -3.0, 12.0]))
