"""Calls of indexing and functional assignment."""

import operator

import numpy as np

from fgrad._engine.scatter import index_add, index_update, scatter_add
from tests.samples import real, sample

_all = slice(None)
_mask = np.array([True, False, True])
INDICES = [
    1,
    -1,
    np.int64(2),
    (2, 1),
    (1, -1, 0),
    _all,
    slice(1, None),
    slice(None, None, -2),
    slice(2, 2),
    (slice(None, None, 2), 1),
    (_all, _all, 1),
    None,
    (None, 1, None, slice(0, 2)),
    ...,
    (..., 0),
    (0, ..., None),
    (),
    [0, 2, 0],
    np.array([[0, 1], [1, -1]]),
    np.array(1),
    range(2),
    [],
    np.zeros((0, 2), int),
    (_all, [0, 1, 1]),
    ([0, 0, 1], [1, 1, 0]),
    ([0, 0], _all, [1, 1]),
    ([[0], [1]], [0, 1, 1]),
    (_all, [1, 0], [0, 0]),
    (0, _all, [0, 1, 1]),
    (..., [1, 0, 1]),
    (None, [1, 1], ..., 0),
    _mask,
    (_all, [True, False]),
    (_mask, 0),
    (_mask, [1, 0]),
    np.zeros(3, bool),
    (_mask, None),
    True,
    np.False_,
    np.arange(12).reshape(3, 2, 2) % 3 == 0,
    (np.array([[True, False], [True, True], [False, False]]), 1),
    (np.array([0, 2]), None, slice(0, 1)),
]
for _index in INDICES:
    sample(operator.getitem, real(3, 2, 2), _index)
    _shape = np.empty((3, 2, 2))[_index].shape
    sample(index_add, real(3, 2, 2), _index, real(*_shape))
    sample(index_update, real(3, 2, 2), _index, real(*_shape))
sample(operator.getitem, real(), ())
sample(operator.getitem, real(), None)
sample(operator.getitem, real(), ...)
sample(operator.getitem, real(3), 0)

for _fun in (index_add, index_update):
    sample(_fun, real(4), np.array([0, 0, 2]), real())
    sample(_fun, real(4), np.array([[0, 0], [2, 0]]), real(2))
    sample(_fun, real(3, 2), slice(1, 3), real(2, 1))
    sample(_fun, real(3, 2), ([0, 1, 0],), real(3, 1))
    sample(_fun, real(3), [True, False, True], real(1))
    sample(_fun, np.arange(3), [1, 1], real(2))
    sample(_fun, np.arange(3.0), 1, real())
    sample(_fun, real(3), 1, 4)
    sample(_fun, real(3), slice(1, 3), np.array([1, 2]))
    sample(_fun, real(3), slice(1, 3), [real(), 1.0])
    sample(_fun, [1.0, real(), 2.0], 0, real())
    sample(_fun, [[1.0, real()], [2.0, 3.0]], (0, 1), real())
    sample(_fun, real(3).astype(np.complex128), 1, real())
    sample(_fun, real(3), [0], np.complex128(1j + real()))
    sample(_fun, real(), (), real())
    sample(_fun, real(0), [], real(0))
sample(index_update, real(3, 2), 0, real(1, 1, 2))
sample(index_update, real(3, 2), [0, 0], real(1, 2, 2))

sample(np.take, real(3, 2), [0, 3, 3])
sample(np.take, real(3, 2), -1)
sample(np.take, real(3, 2), [[0, -1], [2, 0]], axis=0)
sample(np.take, real(3, 2), 1, axis=-1)
sample(np.take, real(3, 2), [-7, 1, 11], mode="wrap")
sample(np.take, real(3, 2), [-7, 1, 11], 1, mode="wrap")
sample(np.take, real(3, 2), [-7, 1, 11], axis=0, mode="clip")
sample(np.take, real(3, 2), [-7, 1, 11], mode="clip")
sample(np.take, real(3, 2), np.zeros((0,), int), axis=1)
sample(np.take, real(0), np.zeros((0,), int))
sample(np.take, [real(), 1.0], [1, 0, 0])
sample(np.take_along_axis, real(3, 2), np.array([[0, 1], [0, 1]]), 0)
sample(np.take_along_axis, real(3, 2), np.array([[0, 1, 1]]), axis=1)
sample(np.take_along_axis, real(1, 3), np.array([[0], [2]]), axis=-1)
sample(np.take_along_axis, real(2, 2), np.array([0, 3, 0]), axis=None)
sample(np.compress, [True, False, True], real(3, 2), axis=0)
sample(np.compress, [1, 0], real(3, 2), axis=-1)
sample(np.compress, [False, True], real(3, 2))
sample(np.compress, [False], real(3))
sample(np.extract, [[True, False], [False, True]], real(2, 2))
sample(np.extract, np.arange(3) > 0, real(3))
sample(np.delete, real(4), 1)
sample(np.delete, real(2, 3), [0, -1], axis=1)
sample(np.delete, real(2, 3), slice(1, 4))
sample(np.delete, real(3), [True, False, True])
sample(np.delete, real(3), [])
sample(np.insert, real(3), 1, real())
sample(np.insert, real(3), -1, real(2))
sample(np.insert, real(3), [1], real(2))
sample(np.insert, real(3), [2, 0, 0], real(3))
sample(np.insert, real(3), [2, 0], real())
sample(np.insert, real(2, 3), 1, real(2), axis=1)
sample(np.insert, real(2, 3), 1, real(2, 2), axis=1)
sample(np.insert, real(2, 3), [1], real(2, 1), axis=1)
sample(np.insert, real(2, 3), [0, 2], real(2, 2), axis=-1)
sample(np.insert, real(2, 3), [0, 2], real(3), axis=0)
sample(np.insert, real(2, 2), 2, real(2))
sample(np.insert, real(3), slice(0, 2), real(2))
sample(np.insert, real(3), [], real(0))
sample(np.insert, np.arange(3.0), 1, real())
sample(scatter_add, [real(2), real()], [slice(0, 2), 1], (3,))
sample(scatter_add, [real(3, 2), real(2, 2)], [..., [0, 0]], (3, 2))
sample(scatter_add, [real(2), real(3)], [([0, 1], [1, 1]), (_all, 0)], (3, 2))
sample(scatter_add, [real(3, 1)], [(_all, slice(1, 2))], (3, 2))
sample(scatter_add, [real(0), real(2)], [slice(2, 2), _mask], (3,))
