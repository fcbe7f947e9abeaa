"""Calls of the reductions."""

import numpy as np

from tests.samples import real, sample

sample(np.sum, real(3, 4))
sample(np.sum, real(3, 4), axis=-1, keepdims=True)
sample(np.sum, real(3, 4, 2), axis=(0, -1))
sample(np.sum, real(3, 4), initial=1.5, where=np.arange(4) > 1)
