"""Calls of averages, covariances, differences, integrals and interpolation."""

import numpy as np

from tests.samples import cplx, positive, real, sample

# Averages

sample(np.average, real(3, 4))
sample(np.average, real(3, 4), axis=0, returned=True)
sample(np.average, real(4), weights=positive(4))
sample(np.average, real(3, 4), axis=1, weights=positive(4))
sample(np.average, real(3, 4), axis=-1, weights=positive(3, 4), keepdims=True)
sample(np.average, real(3, 4), weights=positive(3, 4), returned=True)
sample(np.average, real(2, 3, 2), axis=(0, 2), weights=positive(2, 2), returned=True)
sample(np.average, real(2, 3, 2), axis=(2, 0), weights=positive(2, 2))
sample(np.average, np.array([1, 2, 4]), weights=positive(3))

# Covariances

sample(np.cov, real(5))
sample(np.cov, real(3, 4))
sample(np.cov, real(3, 4), rowvar=False)
sample(np.cov, real(2, 4), bias=True)
sample(np.cov, real(2, 4), ddof=2)
sample(np.cov, real(2, 4), ddof=0)
sample(np.cov, real(5), real(5))
sample(np.cov, real(2, 4), real(1, 4))
sample(np.cov, real(4, 2), real(4, 1), rowvar=False)
sample(np.cov, real(2, 4), fweights=np.array([1, 2, 1, 3]))
sample(np.cov, real(2, 4), aweights=positive(4), _real_only="weights are real")
sample(np.cov, real(2, 4), aweights=positive(4), fweights=np.array([1, 2, 1, 3]),
       _real_only="weights are real")  # fmt: skip
sample(np.cov, real(2, 4), aweights=positive(4), ddof=0, _real_only="weights are real")
sample(np.cov, cplx(2, 4))
sample(np.cov, real(2, 3), dtype=np.float64, _real_only="a real dtype")
sample(np.corrcoef, real(3, 5))
sample(np.corrcoef, real(5), real(5))
sample(np.corrcoef, real(5, 2), rowvar=False)
sample(np.corrcoef, cplx(2, 5))
sample(np.corrcoef, real(5))
