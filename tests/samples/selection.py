"""Calls of the functions that choose between arrays or functions."""

import numpy as np

from fgrad.primitives.selection import filled
from tests.samples import fixed, real, sample

_condition = np.array([True, False, True])
sample(np.where, _condition, real(2, 3), real(3))
sample(np.where, _condition, real(), real(3))
sample(np.where, _condition[:, None], real(2), 0)
sample(np.where, True, real(2), real(2))
sample(np.where, [1, 0, 2], 1.5, real(3))
sample(np.where, np.zeros((0, 1), bool), real(2), real())
sample(np.where, real(3), real(3), real(3))
sample(np.where, real(3) > 0, [real(), 1.0, 2.0], np.arange(3))
sample(np.choose, [0, 2, 1, 0], [real(4), real(4), real(4)])
sample(np.choose, [[0], [1]], (real(2), real()))
sample(np.choose, 1, [real(2), real(2, 1)])
sample(np.choose, [0, 1], real(2, 2))
sample(np.choose, [-1, 5, 1], [real(3), real(3)], mode="wrap")
sample(np.choose, [-1, 5, 1], [real(3), real(3)], mode="clip")
sample(np.choose, [0, 1], [real(2), np.arange(2)])
sample(np.select, [_condition, ~_condition], [real(3), real(3)])
sample(np.select, [_condition, [True, True, False]], [real(3), real(2, 3)], real())
sample(np.select, [_condition], [real()], default=real(2, 1))
sample(np.select, [False, _condition], [real(), 1.0])
sample(np.select, [_condition, _condition], [np.arange(3), real(3)], 7)
_x = np.array([-1.5, 0.3, 2.5, 0.7])
sample(np.piecewise, _x, [_x < 0, _x > 2], [np.sin, np.exp])
sample(np.piecewise, _x, [_x < 0, _x > 2], [real(), np.exp, lambda x: x * x])
sample(
    np.piecewise, _x, _x < 0, [lambda x, a, b: a * x + b * x * x, 1.0], real(), b=real()
)
sample(np.piecewise, _x, [_x < 0, _x < 2], [-1.0, np.tanh])
sample(np.piecewise, _x, [_x < 9, _x < 2], [np.sin, np.cos])
sample(np.piecewise, _x, [_x > 9], [np.sin, np.cos])
sample(np.piecewise, np.float64(1.3), [False, True], [np.sin, np.cos])
sample(np.piecewise, np.float64(1.3), True, [np.sin, np.cos])
sample(np.piecewise, _x.reshape(2, 2), [_x.reshape(2, 2) > 0.5], [np.sin])

_holes = fixed(np.array([1.0, np.nan, 2.0]))
sample(filled.__wrapped__, real(3), 0.0)
sample(filled.__wrapped__, _holes, real())
sample(filled.__wrapped__, _holes, real(2, 3))
