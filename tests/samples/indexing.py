"""Calls of indexing and functional assignment."""

import operator

import numpy as np

from fgrad._scatter import index_add, index_update
from tests.samples import real, sample

sample(operator.getitem, real(3, 4), (slice(None, None, 2), np.array([0, 1, 1])))
sample(operator.getitem, real(3, 4), 1)
sample(index_add, real(4), np.array([0, 0, 2]), real(3))
sample(index_add, real(4), np.array([0, 0, 2]), real())
sample(index_update, real(4), slice(1, 3), real(2))
sample(np.where, np.array([True, False, True]), real(2, 3), real(3))
sample(np.concatenate, [real(2, 3), real(1, 3)])
sample(np.concatenate, [real(2, 3), real(1, 3)], axis=None)
sample(np.stack, [real(2, 3), real(2, 3)], axis=-1)
sample(np.array, [[real(), 1.0], [real(), real()]])
sample(np.split, real(5, 2), [1, 3])
sample(np.split, real(2, 6), 3, axis=-1)
sample(np.moveaxis, real(2, 3, 4), 0, -1)
