"""Calls of the parts, absolute values and angles of numbers."""

import numpy as np

from tests.samples import cplx, positive, real, sample, spread

for fun in (np.conjugate, np.real, np.imag):
    sample(fun, real(2, 3))
    sample(fun, real())
    sample(fun, cplx(2))
    sample(fun, real(0, 1))
sample(np.absolute, spread(2, 3))
sample(np.absolute, spread())
sample(np.absolute, cplx(2, 3))
sample(np.absolute, cplx())
sample(np.absolute, cplx(0, 3))
sample(np.fabs, spread(2, 3))
sample(np.copysign, spread(2, 1), np.array([2.0, -3.0]))
sample(np.copysign, spread(2), [2, -3])
sample(np.copysign, 2, spread(3))
sample(np.hypot, real(3, 1), real(2))
sample(np.hypot, 3, real(2))
sample(np.hypot, real(2), [1, 2])
sample(np.arctan2, real(3, 1), positive(2))
sample(np.arctan2, real(2), -positive(2))
sample(np.arctan2, 3, real(2))
sample(np.arctan2, real(2), [1, 2])
sample(np.angle, np.exp(real(2, 3, low=-0.7, high=0.7) + 1j * real(2, 3)))
sample(np.angle, cplx(), deg=True)
sample(np.angle, spread(3))
sample(np.angle, spread(2), deg=True)
sample(np.unwrap, spread(2, 4) * 5)
sample(np.unwrap, spread(4, 2) * 5, axis=0, discont=4.0)
sample(np.unwrap, spread(4) * 5, period=4.0)
sample(np.unwrap, np.array([0.1, 3.9, 7.7]), period=4)
sample(np.unwrap, spread(1))
