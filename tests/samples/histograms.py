"""Calls of histograms."""

import numpy as np

from tests.samples import fixed, positive, sample

DATA = np.array([0.1, 0.73, 1.9, 1.1, 0.52, 1.37])
OTHER = np.array([1.3, 0.33, 0.85, 0.11, 1.72, 0.97])
EDGES = np.array([0.2, 0.8, 1.5, 2.2])
REAL = "histograms order their data"

sample(np.histogram, DATA, 3, _real_only=REAL)
sample(np.histogram, DATA, 3, density=True, _real_only=REAL)
sample(np.histogram, DATA, EDGES, density=True, _real_only=REAL)
sample(np.histogram, DATA, 3, weights=positive(6), _real_only=REAL)
sample(np.histogram, DATA, 3, (0.2, 1.7), weights=positive(6), _real_only=REAL)
sample(np.histogram, DATA, 3, (0.2, 1.7), True, positive(6), _real_only=REAL)
sample(np.histogram, DATA, EDGES, weights=positive(6), _real_only=REAL)
sample(np.histogram, fixed(DATA), 3, weights=positive(6))
sample(np.histogram, DATA, "sturges", _real_only=REAL)
sample(np.histogram_bin_edges, DATA, 4, _real_only=REAL)
sample(np.histogram_bin_edges, DATA, EDGES, _real_only=REAL)
sample(np.histogram_bin_edges, DATA, "sqrt", (0.0, 2.5), _real_only=REAL)
sample(np.histogram2d, DATA, OTHER, 2, _real_only=REAL)
sample(np.histogram2d, DATA, OTHER, EDGES, weights=positive(6), _real_only=REAL)
sample(np.histogram2d, DATA, OTHER, [2, EDGES], density=True, weights=positive(6),
       _real_only=REAL)  # fmt: skip
PLACE = {"number": "NumPy's own function takes a number for a place"}
sample(np.histogramdd, np.stack([DATA, OTHER], 1), 2, _real_only=REAL, _keeps=PLACE)
sample(np.histogramdd, np.stack([DATA, OTHER], 1), (2, 3), ((0.0, 2.0), (0.2, 1.5)),
       True, positive(6), _real_only=REAL, _keeps=PLACE)  # fmt: skip
