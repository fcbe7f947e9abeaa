"""Calls of norms and determinants."""

from typing import Any

import numpy as np
import scipy.linalg as sl

from tests.samples import fixed, real, regular, sample, spread


def grown(*shape: int) -> Any:
    """Numbers of which no rows and no columns have the same sum."""
    return 0.3 * real(*shape) + np.arange(1, np.prod(shape) + 1).reshape(shape)


INFINITE = fixed(np.inf), fixed(-np.inf)

for _a in (real(4), spread(3, 2), real(2, 3, 2)):
    sample(sl.norm, _a)
for _ord in (1, -1, 2, -2, *INFINITE, "fro", "nuc"):
    sample(sl.norm, grown(3, 2), _ord)
    sample(sl.norm, grown(2, 3, 2), _ord, axis=(0, 2), keepdims=True)
for _ord in (1, 2, fixed(3.5), *INFINITE):
    sample(sl.norm, grown(2, 3), _ord, axis=1)

for _a in (regular(3, 3), regular(2, 3, 3), regular(1, 1), np.ones((2, 2))):
    sample(sl.det, _a)
