"""Calls of the functions of polynomials, the highest power first."""

import numpy as np

from tests.samples import cplx, fixed, positive, real, sample, spread

SORTED = "the order of complex roots changes with rounding"

# Values and arithmetic

for x in (real(), real(3), real(2, 2), real(0)):
    sample(np.polyval, real(4), x)
sample(np.polyval, real(0), real(2))
sample(np.polyval, real(1), real(2))
sample(np.polyval, cplx(3), real(2))
sample(np.polyval, np.array([1, 2, 3]), real(2))
sample(np.polyval, real(3), np.array([1, 2]))

for fun in (np.polyadd, np.polysub):
    sample(fun, real(3), real(3))
    sample(fun, real(2), real(4))
    sample(fun, real(4), real(1))
    sample(fun, real(4), real())
    sample(fun, real(), real())
    sample(fun, np.array([1, 2, 3]), real(2))
EMPTY = {
    "size 0": "NumPy's own function takes no coefficients for a zero",
    "zero": "NumPy drops leading zeros, which have a derivative",
}
sample(np.polymul, real(3), real(2), _keeps=EMPTY)
sample(np.polymul, real(1), real(4), _keeps=EMPTY)
sample(np.polymul, real(), real(2), _keeps=EMPTY)
sample(np.polymul, fixed(np.array([0.0, 0.0, 1.5, 2.0])), real(3), _keeps=EMPTY)
sample(np.polydiv, real(5), positive(2))
sample(np.polydiv, real(4), positive(4))
sample(np.polydiv, real(2), positive(3))
sample(np.polydiv, real(3), positive())
sample(np.polydiv, np.array([1, 2, 3]), positive(2))
sample(np.polydiv, real(6), fixed(np.array([2.0, 0.0, 1.0])))

# Derivatives, integrals

for m in (0, 1, 2, 5):
    sample(np.polyder, real(4), m)
sample(np.polyder, real(1))
for m, k in ((0, None), (1, None), (3, None), (1, 0.5), (2, 0.5), (2, [0.5, 1.5])):
    sample(np.polyint, real(3), m, k)
sample(np.polyint, np.array([3, 2]), 2, real(2))
sample(np.polyint, real(2), m=1, k=real(3))
sample(np.polyint, real(0))

# Roots: well apart, for their derivatives grow as they meet

sample(np.poly, spread(4))
sample(np.poly, spread(1))
sample(np.poly, cplx(3))
sample(np.poly, spread(3, 3) + np.diag([3.0, -1.0, 0.5]))
sample(np.roots, np.array([1.0, -1.5, -1.3, 0.4]), _real_only=SORTED)
sample(np.roots, np.array([2.0, 0.3, 1.4]), _real_only=SORTED)
sample(np.roots, np.array([1.0, 0.3, 1.4, 0.7, 1.9]), _real_only=SORTED)
sample(np.roots, np.array([2.0, 0.3]))
sample(np.roots, np.array([2.0]))

# Least squares

X = np.array([-1.2, -0.5, 0.1, 0.6, 1.1])

for options in ({}, {"w": positive(5)}, {"full": True}, {"cov": True},
                {"cov": "unscaled"}, {"cov": True, "w": positive(5)},
                {"rcond": fixed(1e-8)}):  # fmt: skip
    sample(np.polyfit, X, real(5), 1, **options)
    sample(np.polyfit, X, real(5, 2), 2, **options)
sample(np.polyfit, X, real(5), 0)
sample(np.polyfit, X[:3], real(3), 2)
sample(np.polyfit, fixed(X), real(5), 2, w=positive(5))
