"""Calls of the functions that apply a function along axes."""

import numpy as np

from tests.samples import real, sample

for _axis in (0, -1):
    sample(np.apply_along_axis, np.sum, _axis, real(2, 3))
    sample(np.apply_along_axis, np.cos, _axis, real(2, 3))
    sample(np.apply_along_axis, np.diag, _axis, real(2, 1, 2))
sample(
    np.apply_along_axis,
    lambda x, a, b: [a * x[0], x[-1] * b],
    0,
    real(2, 2),
    real(),
    b=real(),
)
sample(np.apply_along_axis, np.diff, axis=0, arr=real(3))
NO_AXES = {"number": "NumPy's own function takes the axes of a number"}
FLIP = lambda x, axis: np.flip(x, axis)  # noqa: E731
sample(np.apply_over_axes, np.sum, real(2, 3, 2), [0, -1], _keeps=NO_AXES)
sample(np.apply_over_axes, np.sum, real(2, 3), 1, _keeps=NO_AXES)
sample(np.apply_over_axes, FLIP, real(2, 3), (0, 1), _keeps=NO_AXES)
sample(np.fromfunction, lambda i, j, a: a * i + j * a * a, (2, 2), a=real())
