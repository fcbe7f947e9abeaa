"""Calls for matrices that are arranged from few numbers."""

from typing import Any

import numpy as np
import scipy.linalg as sl

from fgrad.scipy.linalg._structured import toeplitz_product, toeplitz_solve
from tests.samples import real, sample, spread

for _c, _r in ((real(3), real(4)), (real(2, 3), real(4)), (real(3), real(2, 2))):
    sample(sl.toeplitz, _c, _r)
for _c in (real(3), real(2, 3), real(1), real()):
    sample(sl.toeplitz, _c)
    sample(sl.circulant, _c)
sample(sl.hankel, real(3))
sample(sl.hankel, real(3), real(4))
for _mode in ("full", "valid", "same"):
    sample(sl.convolution_matrix, real(3), 4, _mode)
    sample(sl.convolution_matrix, real(2, 3), 4, _mode)
sample(sl.leslie, real(4), real(3))
sample(sl.leslie, real(2, 4), real(3))
sample(sl.diagsvd, real(3), 3, 5)
sample(sl.diagsvd, real(3), 4, 3)
sample(sl.diagsvd, real(2, 3), 3, 3)
sample(sl.block_diag, real(2, 3), real(1, 2), real(3), real())
sample(sl.block_diag, real(0, 3), real(1, 2))
sample(sl.block_diag, real(2, 2, 2), real(1, 2))
for _a in (real(4) + 3, real(2, 4) + 3, real(2) + 3):
    sample(sl.companion, _a)
    sample(sl.fiedler_companion, _a)
sample(sl.fiedler_companion, real(7) + 3)
for _a in (spread(4), spread(2, 3), spread(1)):
    sample(sl.fiedler, _a)
for _a, _b in (
    (real(2, 3), real(4, 3)),
    (real(2, 2, 3), real(1, 3)),
    (real(1, 2, 3), real(2, 2, 3)),
    (real(2, 0), real(3, 0)),
):
    sample(sl.khatri_rao, _a, _b)


def column(*shape: int) -> Any:
    """The first column of a matrix with a large diagonal."""
    return real(*shape) + 6 * (np.arange(shape[-1]) == 0)


for _c, _r, _b in (
    (column(4), real(4), real(4)),
    (column(4), real(4), real(4, 2)),
    (column(2, 4), real(4), real(4, 2)),
    (column(4), real(2, 4), real(4)),
    (column(4), real(4), real(2, 4, 1)),
    (column(1), real(1), real(1)),
):
    sample(toeplitz_solve.__wrapped__, _c, _r, _b)
    sample(sl.solve_toeplitz, (_c, _r), _b)
    sample(toeplitz_product.__wrapped__, _c, _r, _b)
    sample(sl.matmul_toeplitz, (_c, _r), _b)
sample(sl.solve_toeplitz, column(4), real(4))
sample(sl.matmul_toeplitz, column(4), real(4))
sample(sl.matmul_toeplitz, (real(3), real(4)), real(4, 2))

for _c, _b in ((column(4), real(4)), (column(4), real(4, 2)), (column(2, 4), real(4))):
    sample(sl.solve_circulant, _c, _b)
sample(sl.solve_circulant, column(4), real(2, 4), baxis=-1, outaxis=-1)
sample(sl.solve_circulant, column(4), real(4), singular="lstsq")
