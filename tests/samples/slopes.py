"""Calls of the steps that stand in the rules of elementwise functions."""

import numpy as np

from fgrad.primitives import slopes
from tests.samples import cplx, fixed, positive, real, sample

REAL = "it is for real numbers"
AROUND = np.array([0.5 + 2j, -3.0 + 0.5j, -3.0 - 0.5j, 3.0 - 0.5j, 0.1 - 0.2j])

for fun in (slopes.inside, slopes.inverse_complement):
    sample(fun.__wrapped__, real(2, 3, low=-0.7, high=0.7))
    sample(fun.__wrapped__, real(low=-0.7, high=0.7))
    sample(fun.__wrapped__, AROUND)
for fun in (slopes.above, slopes.inverse_circle):
    sample(fun.__wrapped__, real(2, 3))
    sample(fun.__wrapped__, real())
    sample(fun.__wrapped__, AROUND)
sample(slopes.beyond.__wrapped__, 1 + positive(2, 3))
sample(slopes.beyond.__wrapped__, AROUND)
sample(slopes.secant_squared.__wrapped__, AROUND)
sample(slopes.secant_squared.__wrapped__, np.array([0.3 + 5j, 0.2 - 800j]))

for exp in (np.exp, np.exp2):
    sample(slopes.weight.__wrapped__, real(3, 1), real(2), exp, _real_only=REAL)
    sample(slopes.weight.__wrapped__, 1, real(2), exp, _real_only=REAL)

x, y = positive(3, 1), real(2)
sample(slopes.inverted.__wrapped__, x, y, _real_only=REAL)
sample(slopes.inverted.__wrapped__, fixed(x), y, _real_only=REAL)
# Their last argument follows the others: np.hypot and np.absolute test the derivatives.
sample(
    slopes.cosine.__wrapped__,
    x,
    fixed(y),
    fixed(np.hypot(x, y)),
    _real_only=REAL,
    _order=0,
)
z = cplx(2, 3)
sample(slopes.unit.__wrapped__, z, fixed(np.abs(z)), _real_only=REAL, _order=0)
sample(slopes.inverted.__wrapped__, np.zeros(1), np.ones(1), _real_only=REAL)

sample(slopes.direction.__wrapped__, cplx(3))

for _x, _length in (
    (real(2, 3), positive(3)),
    (real(2, 1), positive(2, 3)),
    (real(), positive()),
):
    sample(
        *(slopes.over_length.__wrapped__, _x, _length),
        _keeps={"zero": "a length is 0 only where x is"},
    )

x = real(3, 2)
length = np.linalg.norm(x, axis=0, keepdims=True)
# Its second argument follows the first: np.linalg.norm tests the derivatives.
sample(slopes.heading.__wrapped__, x, fixed(length), (-2,), _order=0, _real_only=REAL)
sample(slopes.signs.__wrapped__, real(2, 3), _real_only=REAL)
