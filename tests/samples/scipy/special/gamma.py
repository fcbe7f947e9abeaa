"""Calls of the gamma function and its kin."""

import numpy as np
import scipy.special as sp

from tests.samples import positive, sample

sample(sp.gammaln, positive(2, 3), _order=1)
sample(sp.gammaln, np.array([-0.5, -2.3, 0.1, 30.0]), _order=1)
