"""Samples of the distributions of Kolmogorov and Smirnov."""

import numpy as np
import scipy.special as sp

from tests.samples import sample

sample(sp.kolmogorov, np.array([0.5, 0.8, 0.95, 1.7]))
sample(sp.kolmogi, np.array([0.3, 0.5, 0.6]))
