"""Calls of solvers of matrix equations."""

import scipy.linalg as sl

from fgrad.scipy.linalg._equations import sylvester
from tests.samples import real, regular, sample

SQUARE = dict.fromkeys(
    ("length 1", "size 0"), "a column, or a matrix without rows, is not square"
)

for _fun in (sylvester.__wrapped__, sl.solve_sylvester):
    for _a, _b, _q in (
        (regular(3, 3), regular(2, 2), real(3, 2)),
        (regular(2, 3, 3), regular(3, 3), real(3, 3)),
        (regular(1, 1), regular(1, 1), real(1, 1)),
    ):
        sample(_fun, _a, _b, _q, _keeps=SQUARE)

for _a, _q in (
    (regular(3, 3), real(3, 3)),
    (regular(2, 3, 3), real(3, 3)),
    (regular(1, 1), real(1, 1)),
):
    sample(sl.solve_continuous_lyapunov, _a, _q)
    for _method in (None, "direct", "bilinear"):
        _small = 0.05 * real(*_a.shape)
        sample(sl.solve_discrete_lyapunov, _small, _q, method=_method, _keeps=SQUARE)
