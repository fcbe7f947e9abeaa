"""Calls of solvers of linear systems, and of inverses."""

import numpy as np
import scipy.linalg as sl

from fgrad.scipy.linalg._systems import factored_solve, pivoted_solve
from tests.samples import real, regular, sample

BATCHES = (
    (regular(3, 3), real(3, 2)),
    (regular(3, 3), real(3)),
    (regular(2, 3, 3), real(3)),
    (regular(2, 3, 3), real(3, 2)),
    (regular(3, 3), real(2, 3, 2)),
    (regular(2, 1, 3, 3), real(2, 3, 2)),
    (regular(1, 1), real(1, 2)),
    (regular(1, 1), real(1)),
)
"""Matrices and right-hand sides."""

for _a, _b in BATCHES:
    sample(sl.solve, _a, _b)
    for _lower in (False, True):
        sample(sl.solve_triangular, _a, _b, lower=_lower)
        sample(sl.cho_solve, (_a, _lower), _b)

sample(factored_solve.__wrapped__, regular(3, 3), real(3, 2), True)
sample(pivoted_solve.__wrapped__, regular(3, 3), real(3, 2), np.array([2, 2, 2]))

for _assume in ("gen", "banded", "diagonal", "tridiagonal"):
    sample(sl.solve, regular(3, 3), real(3, 2), assume_a=_assume)
for _assume in ("sym", "her", "pos"):
    for _lower in (False, True):
        sample(sl.solve, regular(3, 3), real(3), _lower, assume_a=_assume)
for _assume in ("upper triangular", "lower triangular"):
    sample(sl.solve, regular(3, 3), real(3, 2), assume_a=_assume)
    sample(sl.inv, regular(3, 3), assume_a=_assume)
sample(sl.solve, regular(3, 3), real(3, 2), transposed=True, _real_only="by SciPy")
sample(sl.solve, real(1, 1) + 3, real(4, 2))
sample(sl.solve, np.diag([1.0, 2.0, 3.0]), real(3))
sample(sl.solve, np.zeros((0, 0)), np.zeros((0, 2)))

sample(sl.inv, regular(3, 3))
sample(sl.inv, regular(2, 3, 3))
sample(sl.inv, regular(1, 1))
for _assume in ("sym", "her", "pos"):
    for _lower in (False, True):
        sample(sl.inv, regular(3, 3), assume_a=_assume, lower=_lower)

for _trans in (0, 1, 2):
    for _lower in (False, True):
        for _unit in (False, True):
            sample(
                sl.solve_triangular,
                *(regular(3, 3), real(3, 2)),
                trans=_trans,
                lower=_lower,
                unit_diagonal=_unit,
            )

for _trans in ("N", "T", "C"):
    sample(sl.solve_triangular, regular(3, 3), real(3), trans=_trans)
for _trans in (0, 1, 2):
    sample(sl.lu_solve, (regular(3, 3), np.array([2, 2, 2])), real(3, 2), _trans)
    sample(sl.lu_solve, (regular(3, 3), np.array([1, 2, 2])), real(3), _trans)
_stack = regular(2, 3, 3), np.array([[1, 2, 2], [0, 1, 2]])
sample(sl.lu_solve, _stack, real(3, 2))
sample(sl.lu_solve, _stack, real(2, 3, 2))
sample(sl.lu_solve, (regular(3, 3), np.array([2, 1, 2])), real(2, 3, 2))
