"""Calls of the logistic function, its inverse, and sums of exponentials."""

import numpy as np
import scipy.special as sp

from tests.samples import fixed, positive, real, sample

SHAPES = ((2, 3), (0,), ())

for _fun in (sp.expit, sp.log_expit):
    for _shape in SHAPES:
        sample(_fun, real(*_shape))
    sample(_fun, np.array([-30.0, 0.0, 30.0]))
sample(sp.logit, np.array([0.3, 0.5, 0.7]))
for _fun in (sp.softmax, sp.log_softmax):
    sample(_fun, real(2, 3))
    sample(_fun, real(2, 3), axis=1)
    sample(_fun, real(2, 3, 2), axis=(0, -1))
REAL = "the absolute value of a sum has another derivative"
sample(sp.logsumexp, real(2, 3))
sample(sp.logsumexp, real(2, 3), axis=1)
sample(sp.logsumexp, real(2, 3, 2), axis=(0, -1), keepdims=True)
sample(sp.logsumexp, real(2, 3), axis=0, b=positive(2, 3), _real_only=REAL)
sample(sp.logsumexp, real(3), b=positive(2, 1), _real_only=REAL)
sample(
    sp.logsumexp,
    real(3),
    b=fixed(np.array([1.0, -3.0, 2])),
    return_sign=True,
    _real_only=REAL,
)
sample(sp.logsumexp, real(), _real_only=REAL)
if hasattr(sp, "softplus"):
    sample(sp.softplus, real(2, 3))
