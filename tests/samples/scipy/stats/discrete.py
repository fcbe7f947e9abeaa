"""Calls of discrete distributions."""

import numpy as np
import scipy.stats as ss

from fgrad.scipy.stats._discrete import PROBABILITIES, TOTALS
from tests.samples import fixed, sample

REAL = "it is for real numbers"
K = fixed(np.array([2.0, 1.0, 4.0]))
CALLS = [
    (ss.poisson, (np.array([[1.7], [2.3]]),)),
    (ss.nbinom, (3.3, np.array([0.4, 0.6, 0.3]))),
    (ss.betabinom, (fixed(9.0), 1.3, 2.2)),
    (ss.planck, (np.zeros((0, 3)),)),
]

for _dist, _shapes in CALLS:
    for _fun in PROBABILITIES.values():
        sample(_fun.__wrapped__, _dist, K, *_shapes, _real_only=REAL)
    for _name, _fun in TOTALS.items():
        if _name == "entropy" and _dist is ss.planck:
            continue  # SciPy's refuses size 0
        sample(_fun.__wrapped__, _dist, *_shapes, _real_only=REAL)
