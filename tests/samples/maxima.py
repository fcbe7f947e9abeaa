"""Calls of the largest entries of windows."""

import numpy as np

from fgrad.nn._maxima import chosen, placed, window_maxima
from tests.samples import FITTED, real, sample, spread
from tests.samples.windows import FULL, LINE, PLAIN

ORDERED = "complex numbers have no order"
HALVES = np.array([[0, 1, 2], [2, 0, 1]])

sample(window_maxima.__wrapped__, spread(2, 3, 3), PLAIN, _real_only=ORDERED)
sample(window_maxima.__wrapped__, spread(4, 5), FULL, _real_only=ORDERED)
sample(window_maxima.__wrapped__, spread(2, 5), LINE, _real_only=ORDERED)
sample(window_maxima.__wrapped__, spread(0, 5), LINE, _real_only=ORDERED)
sample(chosen.__wrapped__, real(2, 5), HALVES, LINE, _keeps=FITTED)
sample(placed.__wrapped__, real(2, 3), HALVES, LINE, (5,))
