"""Calls of functions of matrices."""

from typing import Any

import numpy as np
import scipy.linalg as sl

from tests.samples import real, regular, sample


def near_one(*shape: int) -> Any:
    """Matrices that have a logarithm."""
    return 0.2 * real(*shape) + (1.5 + 0.5 * np.arange(shape[-1])) * np.eye(shape[-1])


JORDAN = np.array([[2.0, 1.0, 0.0], [0.0, 2.0, 1.0], [0.0, 0.0, 2.0]])

for _fun in (sl.expm, sl.sqrtm):
    for _a in (near_one(3, 3), near_one(2, 2, 2), near_one(1, 1), np.eye(2), JORDAN):
        sample(_fun, _a)
# Of others SciPy warns in float32.
sample(
    *(sl.logm, np.eye(2)),
    _keeps=dict.fromkeys(
        ("sign", "zero"), "such eigenvalues have no principal logarithm"
    ),
)
sample(sl.expm, np.zeros((0, 0)))
sample(sl.expm, np.zeros((2, 2)))

for _fun in (sl.cosm, sl.sinm, sl.tanm, sl.coshm, sl.sinhm, sl.tanhm):
    for _a in (0.3 * real(3, 3), 0.3 * real(2, 2, 2), 0.3 * real(1, 1)):
        sample(_fun, _a)

for _a in (regular(3, 3), np.array([[1.0, 0.3], [0.2, -2.0]]), real(2, 2, 2) + 2):
    sample(sl.signm, _a)

for _a in (near_one(3, 3), near_one(2, 2, 2)):
    sample(sl.expm_frechet, _a, real(*_a.shape))
    sample(sl.expm_frechet, _a, real(*_a.shape), compute_expm=False)
sample(sl.expm_frechet, real(3, 3), real(3, 3), "blockEnlarge", check_finite=False)

for _t in (0.5, -0.3, 1.7):
    sample(sl.fractional_matrix_power, near_one(2, 2), _t, _real_only="SciPy")
for _t in (2, -1, 0):
    sample(sl.fractional_matrix_power, near_one(3, 3), _t)


def cube(w: Any) -> Any:
    """An elementwise function for `funm`."""
    return w**3 - np.exp(w)


for _a in (near_one(3, 3), near_one(2, 2, 2), near_one(1, 1)):
    sample(sl.funm, _a, cube)

for _side in ("right", "left"):
    for _shape in ((3, 3), (3, 2), (2, 3), (2, 3, 3), (1, 1)):
        sample(sl.polar, regular(*_shape), side=_side)
sample(sl.polar, np.eye(2))
sample(sl.orthogonal_procrustes, real(4, 3), real(4, 3))
sample(sl.orthogonal_procrustes, real(3, 4, 3), real(4, 3))
