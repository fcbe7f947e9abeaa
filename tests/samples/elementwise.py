"""Calls of the elementwise functions."""

import numpy as np

from fgrad._box import astype

from tests.samples import positive, real, sample

for fun in (np.add, np.subtract, np.multiply):
    sample(fun, real(3, 4), real(3, 4))
    sample(fun, real(3, 1), real(4))
    sample(fun, real(), real(2))
    sample(fun, real(0, 2), real(2))
sample(np.divide, real(3, 1), positive(2))
for fun in (np.sin, np.cos, np.exp, np.tanh, np.negative, np.conjugate, np.real, np.imag):
    sample(fun, real(2, 3))
    sample(fun, real())
sample(np.log, positive(3))
sample(astype, real(3), np.float32, _order=0, _real_only="the cast to a real dtype drops the imaginary part")
