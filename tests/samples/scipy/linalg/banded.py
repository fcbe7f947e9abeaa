"""Calls for matrices that are given by their diagonals."""

from typing import Any

import numpy as np
import scipy.linalg as sl

from fgrad.scipy.linalg._banded import banded_factored_solve, banded_solve
from tests.samples import real, sample


def wide(rows: int, main: int, *shape: int) -> Any:
    """Diagonals, of which the main one is large."""
    return 0.5 * real(*shape[:-1], rows, shape[-1]) + 4 * (
        np.arange(rows)[:, None] == main
    )


for _lower, _upper in ((1, 1), (2, 1), (0, 1), (1, 2), (0, 0), (3, 3)):
    _ab = wide(_lower + _upper + 1, _upper, 4)
    sample(sl.solve_banded, (_lower, _upper), _ab, real(4, 2))
sample(banded_solve.__wrapped__, wide(4, 1, 4), real(4), 2, 1)
sample(sl.solve_banded, (1, 1), wide(3, 1, 2, 4), real(4, 2))
sample(sl.solve_banded, (2, 1), wide(4, 1, 4), real(2, 4, 2))
sample(sl.solve_banded, (2, 1), wide(4, 1, 2, 4), real(4))
sample(sl.solve_banded, (0, 0), wide(1, 0, 1), real(1))

for _lower in (False, True):
    for _rows in (1, 2, 3):
        _ab = wide(_rows, 0 if _lower else _rows - 1, 4)
        sample(sl.cholesky_banded, _ab, lower=_lower)
        sample(sl.solveh_banded, _ab, real(4, 2), lower=_lower)
        sample(sl.cho_solve_banded, (_ab, _lower), real(4, 2))
    sample(banded_factored_solve.__wrapped__, _ab, real(4), _lower)
    _ab = wide(3, 0 if _lower else 2, 2, 4)
    sample(sl.cholesky_banded, _ab, lower=_lower)
    for _b in (real(4), real(4, 2), real(2, 4, 1)):
        sample(sl.solveh_banded, _ab, _b, lower=_lower)
        sample(sl.cho_solve_banded, (_ab, _lower), _b)
