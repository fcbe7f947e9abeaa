"""Calls of least squares and pseudo-inverses."""

import scipy.linalg as sl

from fgrad.scipy.linalg._least_squares import least_squares
from tests.samples import real, regular, sample

for _a, _b in (
    (regular(4, 2), real(4)),
    (regular(4, 2), real(4, 3)),
    (regular(2, 4), real(2, 3)),
    (regular(3, 3), real(3)),
):
    sample(least_squares.__wrapped__, _a, _b)
    sample(sl.lstsq, _a, _b)
sample(sl.lstsq, regular(2, 4, 2), real(4, 3))
sample(sl.lstsq, regular(4, 2), real(2, 4, 3))
sample(sl.lstsq, regular(2, 4, 2), real(4))
sample(sl.lstsq, regular(4, 2), real(4), lapack_driver="gelss")

for _shape in ((3, 3), (4, 2), (2, 4), (2, 3, 2), (1, 1)):
    sample(sl.pinv, regular(*_shape))
sample(sl.pinv, regular(4, 2), return_rank=True)
for _lower in (False, True):
    sample(sl.pinvh, regular(3, 3), lower=_lower)
    sample(sl.pinvh, regular(2, 3, 3), lower=_lower, return_rank=True)
