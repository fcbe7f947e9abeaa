"""Calls of the functions that join arrays and take them apart."""

import numpy as np

from tests.samples import real, sample

# Joining

sample(np.concatenate, [real(2, 3), real(1, 3)])
sample(np.concatenate, (real(2, 1), real(2, 3)), -1)
sample(np.concatenate, [real(2, 3), real(1, 2)], axis=None)
sample(np.concatenate, [real(2), real(0), real(3)])
sample(np.concatenate, [real(2)])
sample(np.concatenate, real(2, 3))
sample(np.concatenate, real(2, 3, 2), axis=1)
sample(np.concatenate, real(2, 3), axis=None)
sample(np.concatenate, [real(2), np.arange(3), [1.0, real()]])
sample(np.concatenate, [real(2), real(1)], dtype=complex, casting="safe")
sample(np.stack, [real(2, 3), real(2, 3)])
sample(np.stack, [real(2, 3), real(2, 3)], axis=-1)
sample(np.stack, (real(2), np.arange(2)), 1, dtype=complex)
sample(np.stack, [real(), real()])
sample(np.stack, real(2, 3), axis=-1)
sample(np.stack, [real(0), real(0)])
for _fun in (np.hstack, np.vstack, np.dstack, np.column_stack):
    sample(_fun, [real(2), real(2)])
    sample(_fun, (real(2, 2), real(2, 2)))
    sample(_fun, real(2, 3))
    sample(_fun, [real(2), [1.0, real()]])
for _fun in (np.hstack, np.vstack):
    sample(_fun, [real(2), real(2)], dtype=complex, casting="safe")
sample(np.hstack, [real(), real(3)])
sample(np.hstack, [real(2, 1), real(2, 3)])
sample(np.vstack, [real(3), real(2, 3)])
sample(np.dstack, [real(2), real(1, 2, 3)])
sample(np.column_stack, [real(2), real(2, 2)])
sample(np.column_stack, [real(), real()])
sample(np.block, [[real(2, 2), real(2, 1)], [real(1, 2), real(1, 1)]])
sample(np.block, [real(2), real(), 1.0])
sample(np.block, [[real(2)], [real(2)]])
sample(np.block, real(2, 2))
sample(np.block, [[[real(1, 2)]], [[real(1, 2)]]])
sample(np.append, real(2), real(3))
sample(np.append, real(2, 2), real())
sample(np.append, real(2, 2), real(1, 2), axis=0)
sample(np.append, [real(), 1.0], [2.0])

# Taking apart

for _fun in (np.split, np.array_split):
    sample(_fun, real(4, 2), 2)
    sample(_fun, real(2, 6), 3, axis=-1)
    sample(_fun, real(5, 2), [1, 3])
    sample(_fun, real(5), (3, 2, 9))
    sample(_fun, real(5), [-2])
    sample(_fun, real(0, 2), 1)
sample(np.array_split, real(5), 3)
sample(np.array_split, [real(), 1.0], 2)
sample(np.array_split, real(2), indices_or_sections=3, axis=0)
sample(np.hsplit, real(4), 2)
sample(np.hsplit, real(2, 3), [1])
sample(np.vsplit, real(2, 3), 2)
sample(np.dsplit, real(1, 2, 3), [1, 2])
if hasattr(np, "unstack"):
    sample(np.unstack, real(2, 3))
    sample(np.unstack, real(2, 3), axis=-1)
    sample(np.unstack, real(0, 3))
