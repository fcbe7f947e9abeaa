"""Calls of the solver of triangular systems."""

import numpy as np

from fgrad.primitives.triangular import solve_lower
from tests.samples import real, regular, sample

for _transposed in (False, True):
    sample(
        solve_lower.__wrapped__,
        np.tril(regular(3, 3)),
        real(3, 2),
        _transposed,
        _order=2,
    )
sample(solve_lower.__wrapped__, np.tril(regular(2, 3, 3)), real(2, 3, 2))
