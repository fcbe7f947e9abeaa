"""Calls of the extremes of two numbers, and of bounds."""

import numpy as np

from fgrad.primitives import bounds
from tests.samples import fixed, real, sample, spread

for fun in (np.maximum, np.minimum, np.fmax, np.fmin):
    sample(fun, spread(3, 1), np.array([0.0, 1.0]))
    sample(fun, spread(), 0.0)
    sample(fun, spread(2), [0, 1])
    sample(fun, spread(0, 2), spread(2))
    sample(fun, np.array([1.0, -1.0]), np.array([-np.inf, np.inf]), _order=0)
sample(np.fmax, fixed(np.array([np.nan, 1.0])), np.array([2.0, 3.0]))
sample(np.fmin, np.array([2.0, 3.0]), fixed(np.array([np.nan, 1.0])))
sample(np.heaviside, np.array([0.0, 1.0, -1.0]), real(3), _order=0)
sample(np.heaviside, fixed(np.array([0.0, 1.0, -1.0])), real(3))
sample(np.heaviside, fixed(np.array([[0.0], [1.0]])), real(3))
sample(np.heaviside, [0, 1], real(2))
sample(np.heaviside, spread(3), 0.5)

sample(
    bounds.clip.__wrapped__, spread(3, 1), np.array([0.0, -0.5]), np.array([0.5, 1.0])
)
