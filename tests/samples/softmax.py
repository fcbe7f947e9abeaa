"""Calls of the softmax, and of the logarithm of a sum of exponentials."""

import numpy as np

from fgrad.nn._softmax import log_shares, log_total, shares
from tests.samples import real, sample

REAL = "it is for real numbers"

for fun in (shares, log_shares, log_total):
    sample(fun.__wrapped__, real(4), 0, _real_only=REAL)
    sample(fun.__wrapped__, real(2, 3), -1, _real_only=REAL)
    sample(fun.__wrapped__, real(2, 3), 0, _real_only=REAL)
    sample(fun.__wrapped__, real(2, 1), 1, _real_only=REAL)
    sample(fun.__wrapped__, real(0, 3), 1, _real_only=REAL)
    sample(fun.__wrapped__, np.array([1000.0, 999.0, 0.0]), 0, _real_only=REAL)
sample(log_total.__wrapped__, real(2, 3, 2), (0, 2), _real_only=REAL)
