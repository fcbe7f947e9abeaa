"""Calls of moments of standardised distributions."""

import numpy as np
import scipy.stats as ss

from fgrad.scipy.stats._moments import MOMENTS
from tests.samples import sample

REAL = "it is for real numbers"

for _fun in MOMENTS.values():
    for _dist, _shapes in [
        (ss.gamma, (np.array([1.7, 2.3]),)),
        (ss.beta, (1.3, np.array([[0.6], [2.0]]))),
        (ss.triang, (0.3,)),
    ]:
        sample(_fun.__wrapped__, _dist, *_shapes, _real_only=REAL)
for _name in ("mean", "var"):  # SciPy's entropy refuses size 0
    sample(MOMENTS[_name].__wrapped__, ss.lomax, np.array([]), _real_only=REAL)
