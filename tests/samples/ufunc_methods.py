"""Calls of the methods of the binary ufuncs."""

import numpy as np

from fgrad.derived.ufunc_methods import BINARY, LOGARITHMIC, SCANNED
from fgrad.primitives import ufunc_methods as primitives
from tests.samples import positive, real, sample, spread

KINKS = (np.maximum, np.minimum, np.fmax, np.fmin)
REAL = "NumPy orders complex numbers by their real parts first"

for ufunc in BINARY:
    if ufunc in KINKS:
        a, b = spread(2, 3), spread(3) + 0.1
    else:
        a, b = positive(2, 3), positive(3)
    only = REAL * (ufunc in KINKS)
    sample(ufunc.outer, a, b, _real_only=only)
    sample(ufunc.outer, a[0, 0], b, _real_only=only)
    if ufunc not in SCANNED:
        continue
    sample(ufunc.reduceat, a, [0, 2, 1], axis=1, _real_only=only)
    sample(ufunc.accumulate, a, _real_only=only)
    sample(ufunc.accumulate, a, axis=-1, _real_only=only)
    sample(ufunc.accumulate, b[:1], _real_only=only)
    sample(ufunc.reduce, a, _real_only=only)
    sample(ufunc.reduce, a, axis=-1, keepdims=True, _real_only=only)
    sample(ufunc.reduce, b, None, _real_only=only)
sample(np.add.reduceat, real(5), np.array([3, 1, 1, 2]))
sample(
    np.add.reduce,
    real(2, 3),
    (0, 1),
    None,
    None,
    True,
    1.5,
    np.array([True, False, True]),
)
sample(np.add.reduce, real(2, 3), axis=None)
sample(np.maximum.reduce, spread(2, 3), axis=None, initial=0.1, _real_only=REAL)
sample(np.multiply.reduce, np.array([0.0, 1.5, 0.0]))
sample(np.add.accumulate, real(3), dtype=np.complex128)
for ufunc in LOGARITHMIC:
    sample(ufunc.reduce, real(2, 3), axis=None)
    sample(ufunc.reduce, real(2, 3), axis=(0, 1), keepdims=True)
    sample(ufunc.reduce, real(2, 3), axis=1, where=np.array([True, False, True]))
    sample(ufunc.reduce, np.array([1.0, -np.inf, 2.0]), _order=0)
    sample(primitives.log_sum.__wrapped__, ufunc, real(2, 3), 1, {})
    sample(primitives.shares.__wrapped__, ufunc, real(2, 3), 1, True, _real_only=REAL)
    sample(
        primitives.shares.__wrapped__,
        ufunc,
        np.array([[0.3, 9.0, 1.2], [0.3, 0.7, 0.7]]),
        None,
        np.array([True, False, True]),
        _real_only=REAL,
    )
sample(primitives.accumulate.__wrapped__, np.hypot, real(4), 0, None)
sample(
    primitives.running_extreme.__wrapped__, np.fmin, spread(4), 0, None, _real_only=REAL
)
sample(primitives.add_reduceat.__wrapped__, real(5), [0, 3, 2], 0, None)
