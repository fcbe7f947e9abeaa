"""Calls of the functions that arrange entries."""

import numpy as np

from tests.samples import real, sample

sample(np.reshape, real(3, 4), (2, 6))
sample(np.reshape, real(3, 4), (2, -1), order="F")
sample(np.transpose, real(3, 4, 2), (2, 0, 1))
sample(np.transpose, real(3, 4))
sample(np.broadcast_to, real(3, 1), (2, 3, 4))
