"""Calls of the curves of which activations are made."""

import numpy as np

from fgrad.nn._curves import logistic, normal_cdf, normal_pdf, ramp, soft_ramp
from tests.samples import real, sample

REAL = "it is for real numbers"
POINTS = np.array([-9.0, -1.5, -0.2, 0.1, 0.7, 8.0])

for fun in (ramp, soft_ramp, logistic, normal_cdf, normal_pdf):
    for x in (POINTS, real(2, 3), real(), real(0)):
        sample(fun.__wrapped__, x, _real_only=REAL)
for fun in (soft_ramp, logistic, normal_cdf, normal_pdf):
    sample(fun.__wrapped__, np.array(0.0), _real_only=REAL)
