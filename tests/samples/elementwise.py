"""Calls of the elementwise functions."""

import numpy as np

from fgrad._engine.doors import astype
from fgrad.primitives import bounds
from fgrad.primitives.bessel import hypergeometric, sinc_derivative
from tests.samples import cplx, fixed, positive, real, sample, spread

CAST = "the cast to a real dtype drops the imaginary part"
POSITIVE = "it is for real numbers"
BRANCH = "the sample lies on a branch cut of the complex function"

# Arithmetic ---------------------------------------------------------------------------

for fun in (np.add, np.subtract, np.multiply):
    sample(fun, real(3, 4), real(3, 4))
    sample(fun, real(3, 1), real(4))
    sample(fun, real(), real(2))
    sample(fun, real(0, 2), real(2))
    sample(fun, real(2, 1), [1, 2])
    sample(fun, 2, real(2))
    sample(fun, cplx(2, 1), real(2))
    sample(fun, real(2, 1), fixed(cplx(2)))
    sample(fun, real(2), real(2), dtype=np.float64, _real_only=CAST)
sample(np.divide, real(3, 1), positive(2))
sample(np.divide, real(2), cplx(2))
sample(np.divide, cplx(2), positive(2))
sample(np.divide, 2, positive())
sample(np.divide, [1, 2], positive(2))
sample(np.divide, positive(1), [1, 2])
for fun in (np.positive, np.negative, np.square, np.conjugate, np.real, np.imag):
    sample(fun, real(2, 3))
    sample(fun, real())
    sample(fun, cplx(2))
    sample(fun, real(0, 1))
sample(np.square, np.zeros(2))
sample(np.reciprocal, positive(3))
sample(np.reciprocal, cplx(2))
sample(np.sqrt, positive(3))
sample(np.sqrt, cplx(2))
sample(np.cbrt, positive(3) * [1, -1, 1])
sample(astype, real(3), np.float64, _real_only=CAST)
sample(astype, real(3), np.complex128)
sample(astype, real(3), np.float32, _order=0, _real_only=CAST)

for fun in (np.remainder, np.fmod, np.divmod):
    sample(fun, spread(2, 1) * 3, np.array([1.1, -1.7, 2.3]))
    sample(fun, real(low=2.1, high=2.9), 1.0)
    sample(fun, [5, -5], np.array([1.3, 1.7]))
    sample(fun, spread(2), np.array([np.inf, 1.7]), _order=0)
sample(np.modf, spread(2, 3))
sample(np.modf, spread())
sample(np.frexp, np.array([0.3, -5.2, 0.04]))
sample(np.frexp, np.float64(0.3))
sample(np.ldexp, real(2, 1), np.array([1, -2, 3]))
sample(np.ldexp, real(), 2)

# Powers -------------------------------------------------------------------------------

for fun in (np.power, np.float_power):
    sample(fun, positive(3, 1), real(2))
    sample(fun, positive(), real())
    sample(fun, positive(0, 2), real(2))
    sample(fun, cplx(2), cplx(2))
    sample(fun, positive(2), cplx(2))
    sample(fun, cplx(2), 2)
    sample(fun, 3, real(2))
    sample(fun, [1, 2], real(2))
    sample(fun, real(3), [0, 1, 3])
    sample(fun, positive(2), -2)
    sample(fun, real(2), np.array([0, 2], np.uint8))
    sample(fun, 30 + positive(3), np.array([0, 1, 2], np.uint8))
    sample(fun, np.array([0.0, 0.0, 0.0, 0.0, -1.5]), np.arange(5))
    sample(fun, np.array([0.0, 0.0, 0.0, 0.0, -1.5]), fixed(np.arange(5.0)))
    sample(fun, fixed(np.zeros(2)), positive(2))
    sample(fun, fixed(np.array([-2.0, -0.5])), cplx(2))
    for n in (0, 1, 2, 3, 2.0, 3.0, True):
        sample(fun, np.array([0.0, 1.5, -1.5]), fixed(n))
        sample(fun, np.array([0.0j, 1.5j, -1.5]), fixed(n))
    sample(fun, fixed(np.array([-2.0, -0.5])), 0.3 + 0.2j)
sample(np.power, positive(2), real(2), dtype=np.float64, _real_only=CAST)
sample(np.power, -positive(2), fixed(0.5), dtype=np.complex128, _real_only=BRANCH)

# Exponentials and logarithms ----------------------------------------------------------

for fun in (np.exp, np.exp2, np.expm1):
    sample(fun, real(2, 3))
    sample(fun, real())
    sample(fun, real(0))
    if fun is not np.exp2:
        sample(fun, cplx(2))
for fun in (np.log, np.log2, np.log10, np.log1p):
    sample(fun, positive(2, 3))
    sample(fun, positive())
    sample(fun, positive(0))
    if fun is not np.log1p:
        sample(fun, np.array([0.5 + 1j, -2.0 + 0.5j, -1.0 - 0.7j]))
sample(np.log1p, real(3, low=-0.5, high=0.5))
for fun in (np.logaddexp, np.logaddexp2):
    sample(fun, real(3, 1), real(2))
    sample(fun, real(), real())
    sample(fun, 1, real(2))
    sample(fun, real(2), [1, 2])
    sample(fun, np.array([1000.0, 1.0, 1000.5]), np.array([1.0, 1000.0, 1000.0]))
    sample(fun, np.array([0.0, 2.0]), np.array([0.0, 2.0]))
    sample(fun, fixed(np.array([-np.inf, 0.0])), real(2))

# Trigonometric and hyperbolic functions -----------------------------------------------

for fun in (np.sin, np.cos, np.tan, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh):
    sample(fun, real(2, 3, low=-1.2, high=1.2))
    sample(fun, real(low=-1.2, high=1.2))
    sample(fun, real(0))
    sample(fun, real(2, low=-0.9, high=0.9) + 0.4j)
sample(np.tanh, np.array([-300.0, 20.0, 5.0]))
sample(np.tanh, np.array([5.0 + 1j, -20.0 + 2j]))
sample(np.arcsinh, np.array([-20.0, 0.0, 20.0]))
for fun in (np.arcsin, np.arccos, np.arctanh):
    sample(fun, real(3, low=-0.8, high=0.8))
    sample(fun, real(low=-0.8, high=0.8))
    sample(fun, np.array([0.5 + 2j, -3.0 + 0.5j, -3.0 - 0.5j, 3.0 - 0.5j]))
sample(np.arcsin, np.array([0.2, -3.0, 3.0]), dtype=np.complex128, _real_only=BRANCH)
sample(np.arccos, np.array([0.2, -3.0, 3.0]), dtype=np.complex128, _real_only=BRANCH)
sample(np.arccosh, 1.5 + positive(3))
sample(np.arccosh, np.array([0.5 + 2j, -3.0 + 0.5j, -3.0 - 0.5j, 3.0 - 0.5j]))
for fun in (np.deg2rad, np.rad2deg, np.degrees, np.radians):
    sample(fun, real(2, 3))
    sample(fun, real())

# Extremes and bounds ------------------------------------------------------------------

for fun in (np.maximum, np.minimum, np.fmax, np.fmin):
    sample(fun, spread(3, 1), np.array([0.0, 1.0]))
    sample(fun, spread(), 0.0)
    sample(fun, spread(2), [0, 1])
    sample(fun, spread(0, 2), spread(2))
    sample(fun, np.array([1.0, -1.0]), np.array([-np.inf, np.inf]), _order=0)
sample(np.fmax, fixed(np.array([np.nan, 1.0])), np.array([2.0, 3.0]))
sample(np.fmin, np.array([2.0, 3.0]), fixed(np.array([np.nan, 1.0])))
sample(np.heaviside, np.array([0.0, 1.0, -1.0]), real(3), _order=0)
sample(np.heaviside, fixed(np.array([0.0, 1.0, -1.0])), real(3))
sample(np.heaviside, fixed(np.array([[0.0], [1.0]])), real(3))
sample(np.heaviside, [0, 1], real(2))
sample(np.heaviside, spread(3), 0.5)

sample(
    bounds.clip.__wrapped__, spread(3, 1), np.array([0.0, -0.5]), np.array([0.5, 1.0])
)

# Parts, absolute values, angles -------------------------------------------------------

for fun in (np.absolute, np.sign):
    sample(fun, spread(2, 3))
    sample(fun, spread())
    sample(fun, cplx(2, 3))
    sample(fun, cplx())
    sample(fun, cplx(0, 3))
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
sample(np.angle, cplx(2, 3))
sample(np.angle, cplx(), deg=True)
sample(np.angle, spread(3))
sample(np.angle, spread(2), deg=True)
sample(np.unwrap, spread(2, 4) * 5)
sample(np.unwrap, spread(4, 2) * 5, axis=0, discont=4.0)
sample(np.unwrap, spread(4) * 5, period=4.0)
sample(np.unwrap, np.array([0.1, 3.9, 7.7]), period=4)
sample(np.unwrap, spread(1))

# Series -------------------------------------------------------------------------------

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
