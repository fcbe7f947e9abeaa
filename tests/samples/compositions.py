"""Calls of the derived elementwise functions."""

import numpy as np

from tests.samples import cplx, fixed, positive, real, sample, spread

DOMAIN = "the result is complex because the argument is real"
CAST = "the cast to a real dtype drops the imaginary part"
PARTS = "the parts of a complex number are replaced one by one"

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
