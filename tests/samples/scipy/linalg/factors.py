"""Calls of decompositions into triangular and orthogonal factors."""

from typing import Any

import numpy as np
import scipy.linalg as sl

from fgrad.scipy.linalg._factors import orthogonal, packed_cholesky
from tests.samples import real, regular, sample

FREE = {"length 1": "most of the vectors that complete a basis are arbitrary"}
PHASE = "the phase of a vector that completes a basis is arbitrary"


def mixed(*shape: int) -> Any:
    """Well-conditioned matrices, whose rows change places."""
    return regular(*shape)[..., ::-1, :]


BLOCKS = 0.1 * real(4, 4) + np.array(
    [[0.1, 2.0, 0, 0], [2.0, -0.1, 0, 0], [0, 0, 3.0, 0], [0, 0, 0, -1.0]]
)
"""The first two rows of the diagonal factor of this matrix are a block."""

for _lower in (False, True):
    for _a in (regular(3, 3), regular(2, 3, 3), regular(1, 1), np.zeros((0, 0))):
        sample(sl.cholesky, _a, lower=_lower)
        sample(packed_cholesky.__wrapped__, _a, _lower)
        sample(sl.cho_factor, _a, _lower)
    for _a in (regular(3, 3), BLOCKS, regular(2, 3, 3), regular(1, 1)):
        sample(sl.ldl, _a, _lower, False)
        sample(sl.ldl, _a, _lower, _real_only="SciPy warns of complex diagonals")

for _shape in ((1, 3), (3, 1)):
    sample(sl.lu_factor, mixed(*_shape))
for _shape in ((3, 3), (4, 2), (2, 4), (2, 3, 3), (1, 1)):
    sample(sl.lu_factor, mixed(*_shape))
    sample(sl.lu, mixed(*_shape))
    sample(sl.lu, mixed(*_shape), permute_l=True)
    sample(sl.lu, mixed(*_shape), p_indices=True)
    sample(sl.qr, regular(*_shape), mode="economic")
    sample(sl.rq, mixed(*_shape), mode="economic")
    sample(sl.qr, regular(*_shape), mode="r")
    sample(sl.rq, mixed(*_shape), mode="r")
    sample(sl.qr, regular(*_shape), mode="economic", pivoting=True)
sample(sl.qr, regular(3, 3), mode="r", pivoting=True)
sample(orthogonal.__wrapped__, regular(4, 2), "economic")
for _shape in ((3, 3), (2, 3, 3), (1, 1), (2, 4)):
    sample(sl.qr, regular(*_shape), _keeps=FREE)
for _shape in ((3, 3), (2, 3, 3), (1, 1), (4, 2)):
    sample(sl.rq, mixed(*_shape))
sample(sl.qr, regular(3, 2), _real_only=PHASE)
sample(sl.rq, regular(2, 3), _real_only=PHASE)
