"""Calls for eigenvalues and singular values."""

from typing import Any

import numpy as np
import scipy.linalg as sl

from tests.samples import fixed, real, sample


def apart(*shape: int) -> Any:
    """Well-conditioned matrices, whose values are far from each other."""
    n, m = shape[-2:]
    return 0.1 * real(*shape) + (np.arange(n)[:, None] + 1.0) ** 2 * np.eye(n, m)


for _shape in ((3, 3), (4, 2), (2, 4), (2, 3, 3), (1, 1)):
    sample(sl.svdvals, apart(*_shape))
    sample(sl.svd, apart(*_shape), full_matrices=False, _real_only="phases")
    sample(sl.svd, apart(*_shape), compute_uv=False)
FREE = {"length 1": "the vectors that complete a basis are arbitrary"}
sample(sl.svd, apart(3, 3), _real_only="phases", _keeps=FREE)

TURN = np.array([[1.0, -2.0], [1.0, 1.5]])
"""Its eigenvalues are complex."""
PHASES = "the phases of complex vectors are arbitrary"

# Other drivers may change the sign of a vector when an entry changes a little: their
# vectors are in `test_scipy_linalg.py`.
for _lower in (False, True):
    for _a in (apart(3, 3), apart(2, 3, 3), apart(1, 1)):
        sample(sl.eigh, _a, lower=_lower, driver="evd", _real_only=PHASES)
        sample(sl.eigh, _a, lower=_lower, eigvals_only=True)
        sample(sl.eigvalsh, _a, lower=_lower)
    for _type in (1, 2, 3):
        _pair = apart(3, 3), 0.2 * real(3, 3) + 2 * np.eye(3)
        sample(sl.eigh, *_pair, lower=_lower, type=_type, _real_only=PHASES)
        sample(sl.eigh, *_pair, lower=_lower, type=_type, eigvals_only=True)
        sample(sl.eigvalsh, *_pair, lower=_lower, type=_type)
SUBSETS: Any = (
    {"subset_by_index": [1, 2]},
    {"subset_by_value": [fixed(-np.inf), fixed(6.0)]},
)
for _subset in SUBSETS:
    sample(sl.eigh, apart(4, 4), eigvals_only=True, **_subset)
    sample(sl.eigvalsh, apart(4, 4), **_subset)
    sample(sl.eigvalsh, apart(4, 4), 0.2 * real(4, 4) + 2 * np.eye(4), **_subset)
sample(sl.eigvalsh, apart(2, 3, 3), 0.2 * real(3, 3) + 2 * np.eye(3))
sample(sl.eigvalsh, apart(2, 4, 4), subset_by_index=[0, 1])

BANDS = {"size 0": "a matrix has a main diagonal"}
for _lower in (False, True):
    _band = 0.3 * real(2, 4)
    _band[0 if _lower else 1] += np.array([1.0, 4.0, 9.0, 16.0])
    sample(sl.eig_banded, _band, lower=_lower, _real_only=PHASES, _keeps=BANDS)
    sample(sl.eig_banded, _band, lower=_lower, eigvals_only=True, _keeps=BANDS)
    sample(sl.eigvals_banded, _band, lower=_lower, _keeps=BANDS)
sample(sl.eigvals_banded, apart(3, 4), _keeps=BANDS)
for _d, _e in (
    (np.array([1.0, 3.0, 6.0, 10.0]), 0.5 * real(3)),
    (0.3 * real(2, 3) + np.array([4.0, 1.0, 9.0]), 0.5 * real(2, 2)),
    (real(1), real(0)),
):
    sample(sl.eigh_tridiagonal, _d, _e, _real_only="by SciPy")
    sample(sl.eigh_tridiagonal, _d, _e, eigvals_only=True, _real_only="by SciPy")
    sample(sl.eigvalsh_tridiagonal, _d, _e, _real_only="by SciPy")

for _a in (TURN, np.stack([TURN, TURN + 0.3]), apart(1, 1)):
    sample(sl.eig, _a)
for _a in (apart(3, 3), apart(2, 3, 3), apart(1, 1), TURN):
    sample(sl.eigvals, _a)
    sample(sl.eig, _a, right=False)
sample(sl.eigvals, apart(3, 3), 0.1 * real(3, 3) + np.eye(3))

sample(
    sl.matrix_balance, np.array([[1.0, 1e4, 0.3], [1e-4, 2.0, 0.5], [0.2, 300.0, 3]])
)
sample(sl.matrix_balance, apart(3, 3), permute=False)
