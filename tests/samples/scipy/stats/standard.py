"""Calls of standardised distributions; test_scipy_stats.py has all distributions."""

import numpy as np
import scipy.stats as ss

from fgrad.scipy.stats._standard import OPERATIONS
from tests.samples import real, sample

REAL = "it is for real numbers"
POINTS = 0.5 + 0.2 * real(3)
CALLS = [
    (ss.norm, ()),  # no shapes
    (ss.gamma, (np.array([[1.7], [2.3]]),)),  # a probability by a special function
    (ss.lomax, (1.3,)),  # by its logarithm
]

EDGE = {"zero": "it is the edge of what is possible"}

for _name, _fun in OPERATIONS.items():
    for _dist, _shapes in CALLS:
        _points = np.abs(POINTS) % 1 if _name in ("ppf", "isf") else POINTS
        sample(
            *(_fun.__wrapped__, _dist, _points, *_shapes),
            _real_only=REAL,
            _keeps=EDGE if _shapes else None,
        )
    sample(_fun.__wrapped__, ss.beta, real(0), 1.3, 2.0, _real_only=REAL)
    sample(_fun.__wrapped__, ss.powernorm, 0.4, np.array([0.9]), _real_only=REAL)
    if not _name.startswith("log") and _name not in ("ppf", "isf"):
        _points = np.array([-1.2, 0.4, 2.0])  # also outside of the support
        sample(
            *(_fun.__wrapped__, ss.beta, _points, 1.3, 2.1),
            _real_only=REAL,
            _keeps=EDGE,
        )
        # by an integral
        sample(_fun.__wrapped__, ss.rel_breitwigner, POINTS, 1.7, _real_only=REAL)
