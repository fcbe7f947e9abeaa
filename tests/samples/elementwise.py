"""Calls of the elementwise functions."""

import numpy as np

from fgrad._engine.doors import astype
from tests.samples import cplx, fixed, positive, real, sample, spread

CAST = "the cast to a real dtype drops the imaginary part"
DOMAIN = "the result is complex because the argument is real"
PARTS = "the parts of a complex number are replaced one by one"
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
for fun in (np.positive, np.negative, np.square):
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

# Signs --------------------------------------------------------------------------------

sample(np.sign, spread(2, 3))
sample(np.sign, spread())
sample(np.sign, cplx(2, 3))
sample(np.sign, cplx())
sample(np.sign, cplx(0, 3))

# Clipping, replacing, casting ---------------------------------------------------------

sample(np.real_if_close, real(3), _real_only="no complex number is close to these")
sample(np.real_if_close, cplx(3))
sample(np.real_if_close, fixed(real(2) + 0j))

sample(np.clip, spread(2, 4), -0.5, 0.5)
sample(np.clip, spread(4), -0.5, None)
sample(np.clip, spread(4), None, np.array([0.0, 1.0, 0.5, 0.5]))
sample(np.clip, spread(4), a_min=np.array([[0.0], [0.5]]), a_max=1.5)
sample(np.clip, spread(3, 1), np.array([0.0, -0.5]), np.array([0.5, 1.0]))
sample(np.clip, spread(3), 1.0, 0.0)
sample(np.clip, spread(), -0.1, 0.1)
sample(np.clip, spread(0), -0.1, 0.1)
sample(np.clip, spread(3), [0, 0, 0], [1, 1, 1])
sample(np.clip, [1, 2, 3], spread(3), spread() + 2.5)
sample(np.clip, spread(3), -0.5, 0.5, dtype=np.float64)
if np.lib.NumpyVersion(np.__version__) >= "2.1.0":
    sample(np.clip, spread(4), min=-0.5, max=0.5)
    sample(np.clip, spread(4), max=np.array([0.5]))
    sample(np.clip, spread(4))

HOLES = np.array([1.5, np.nan, np.inf, -np.inf, np.nan])
sample(np.nan_to_num, real(3))
sample(np.nan_to_num, real())
sample(np.nan_to_num, cplx(2))
sample(np.nan_to_num, fixed(HOLES), nan=real(), posinf=real(), neginf=real())
sample(np.nan_to_num, fixed(HOLES), True, real(5), real(5), real(5), _real_only=PARTS)
sample(
    np.nan_to_num,
    fixed(np.array([complex(1, np.nan), complex(-np.inf, np.nan), complex(2, np.inf)])),
    nan=real(),
    posinf=real(),
    neginf=real(),
    _real_only=PARTS,
)
sample(np.nan_to_num, np.array([np.inf, 1.5]), posinf=fixed(np.nan), _order=0)
sample(np.nan_to_num, [1, 2], nan=real(), _order=0)

if hasattr(np, "astype"):
    sample(np.astype, real(3), np.float64, copy=False, _real_only=CAST)
    sample(np.astype, real(3), np.complex128)

# Complex where the argument needs it --------------------------------------------------

for fun in (np.emath.sqrt, np.emath.log, np.emath.log2, np.emath.log10):
    sample(fun, positive(3))
    sample(fun, positive())
    sample(fun, np.array([-1.5, 2.0]), _real_only=DOMAIN)
sample(np.emath.logn, positive(3) + 1, positive(3))
sample(np.emath.logn, 2, -positive(3), _real_only=DOMAIN)
sample(np.emath.power, positive(3), real(3))
sample(np.emath.power, np.array([-1.5, 2.0]), fixed(0.5), _real_only=DOMAIN)
sample(np.emath.power, [-2, 3], real(2), _real_only=DOMAIN)
sample(np.emath.power, positive(2), [-1, 2])
for fun in (np.emath.arccos, np.emath.arcsin, np.emath.arctanh):
    sample(fun, real(3, low=-0.8, high=0.8))
    sample(fun, np.array([-1.5, 0.3, 2.0]), _real_only=DOMAIN)
