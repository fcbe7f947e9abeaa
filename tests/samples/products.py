"""Calls of the products of vectors, matrices and tensors."""

import numpy as np

from tests.samples import real, sample

for fun in (np.matmul, np.dot):
    sample(fun, real(2, 3), real(3, 4))
    sample(fun, real(2, 3), real(3))
    sample(fun, real(3), real(3, 2))
    sample(fun, real(3), real(3))
    sample(fun, real(2, 2, 3), real(3, 2))
    sample(fun, real(2, 2, 3), real(3))
    sample(fun, real(2, 3), real(2, 3, 2))
    sample(fun, real(3), real(2, 3, 2))
    sample(fun, real(2, 2, 3), real(2, 3, 1))
    sample(fun, real(0, 3), real(3, 2))
    sample(fun, real(2, 0), real(0, 3))
    sample(fun, real(2, 0), real(0))
    sample(fun, real(1, 1), real(1, 1))
    sample(fun, real(2, 2), [[1, 2], [3, 4]])
    sample(fun, [real(), 1.0], real(2, 2))
    sample(fun, real(2, 2), np.array([[1, 2], [3, 4]]))
    sample(fun, [1, 2], real(2, 2))
sample(np.matmul, real(2, 1, 2, 2), real(3, 2, 1))
sample(np.matmul, real(1, 2, 3), real(2, 3, 2))
sample(np.matmul, real(2, 1, 2, 2), real(3, 2, 1))
sample(np.matmul, real(3, 2), real(4, 3), axes=[(1, 0), (1, 0), (1, 0)])
sample(np.matmul, real(2, 2, 3), real(3, 2), axes=[(0, 2), (0, 1), (0, -1)])
sample(np.matmul, real(2, 2, 3), real(2), axes=[(2, 0), (0,), 0])
sample(np.matmul, real(3), real(3), axes=[0, 0, ()])
sample(
    np.matmul,
    real(2, 2),
    real(2, 2),
    dtype=np.float64,
    order="F",
    _real_only="the dtype is real",
)
sample(np.dot, real(), real(2, 2))
sample(np.dot, real(3), real())
sample(np.dot, real(), real())
sample(np.dot, real(2, 1, 2), real(1, 2, 3))
sample(np.dot, real(3), real(2, 1, 3, 2))

for shapes in ([(3,), (3,)], [(2, 2), (4,)], [(), ()], [(0,), (0,)], [(2, 3), (2, 3)]):
    sample(np.vdot, *(real(*shape) for shape in shapes))
for shapes in ([(3,), (2,)], [(2, 2), (3,)], [(), (2,)], [(0,), (2,)], [(1,), (1, 2)]):
    sample(np.outer, *(real(*shape) for shape in shapes))
for shapes in (
    [(3,), (3,)],
    [(2, 3), (2, 3)],
    [(2, 3), (3,)],
    [(3,), (2, 2, 3)],
    [(2, 1, 3), (2, 3)],
    [(), (2, 2)],
    [(3,), ()],
    [(), ()],
    [(2, 0), (3, 0)],
):
    sample(np.inner, *(real(*shape) for shape in shapes))

sample(np.vecdot, real(3), real(3))
sample(np.vecdot, real(2, 3), real(2, 3))
sample(np.vecdot, real(2, 1, 3), real(2, 3))
sample(np.vecdot, real(3), real(2, 3))
sample(np.vecdot, real(3, 2), real(3, 2), axis=0)
sample(np.vecdot, real(2, 3, 1), real(2, 3, 2), axis=-2, keepdims=True)
sample(np.vecdot, real(3, 2), real(2, 3), axes=[0, 1])
sample(np.vecdot, real(3, 2), real(2, 3), axes=[(0,), (1,), ()])
sample(np.vecdot, real(3, 2), real(2, 3), axes=[0, -1, 0], keepdims=True)
sample(np.vecdot, real(3), real(3), keepdims=True)
sample(np.vecdot, real(3, 2), real(2, 3), axes=[0, 1], keepdims=True)
sample(np.vecdot, real(3), [[1, 2, 3]])
sample(np.vecdot, real(2, 0), real(0))

if hasattr(np, "matvec"):
    for shapes in ([(2, 3), (3,)], [(2, 2, 3), (2, 3)], [(2, 3), (2, 3)]):
        sample(np.matvec, *(real(*shape) for shape in shapes))
    sample(np.matvec, real(2, 2, 3), real(3))
    sample(np.matvec, real(1, 2, 3), real(2, 1, 3))
    sample(np.matvec, real(3, 2, 2), real(3, 2), axes=[(1, 0), 0, 0])
    sample(np.matvec, real(2, 0), real(0))
    for shapes in ([(3,), (3, 2)], [(2, 3), (2, 3, 2)], [(2, 3), (3, 2)]):
        sample(np.vecmat, *(real(*shape) for shape in shapes))
    sample(np.vecmat, real(3), real(2, 3, 2))
    sample(np.vecmat, real(2, 1, 3), real(1, 3, 2))
    sample(np.vecmat, real(3, 2), real(2, 2, 3), axes=[0, (2, 0), 0])
    sample(np.vecmat, real(0), real(0, 2))

for fun in (np.tensordot, np.linalg.tensordot):
    sample(fun, real(2, 3), real(2, 3))
    sample(fun, real(2, 3), real(3, 2), axes=1)
    sample(fun, real(2), real(3), axes=0)
    sample(fun, real(2, 1, 3), real(3, 2), axes=([2, 0], [0, 1]))
    sample(fun, real(2, 3, 1), real(3, 2), axes=((0, -2), (-1, 0)))
    sample(fun, real(3, 2), real(2, 3), axes=(0, 1))
    sample(fun, real(2, 3, 2), real(2, 2, 3), axes=[(0, 2, 1), (1, 0, 2)])
    sample(fun, real(2, 0), real(0, 3), axes=1)
    sample(fun, real(2, 2), [[1], [2]], axes=1)

for fun in (np.cross, np.linalg.cross):
    sample(fun, real(3), real(3))
    sample(fun, real(2, 3), real(3))
    sample(fun, real(2, 1, 3), real(1, 3))
    sample(fun, real(3, 2), real(3, 1), axis=0)
    sample(fun, real(3), [1, 2, 3])
    sample(fun, real(0, 3), real(3))
sample(np.cross, real(3, 2), real(2, 3), axisa=0, axisb=-1, axisc=0)
sample(np.cross, real(3, 2), real(3), axisa=0)
sample(np.cross, real(3), real(1, 3, 2), axisb=1, axisc=1)

for shapes in (
    [(2,), (3,)],
    [(2, 2), (1, 3)],
    [(), (2, 2)],
    [(2,), (2, 2)],
    [(2, 1, 2), (2, 1)],
    [(0, 2), (2, 2)],
):
    sample(np.kron, *(real(*shape) for shape in shapes))
sample(np.kron, real(2), [1.0, 2.0])

sample(np.trace, real(3, 3))
sample(np.trace, real(2, 4), offset=1)
sample(np.trace, real(4, 2), offset=-2)
sample(np.trace, real(2, 2), offset=5)
sample(np.trace, real(2, 3, 2), axis1=-1, axis2=0)
sample(np.trace, real(2, 2, 3), offset=1, axis1=1, axis2=2)
sample(np.trace, real(0, 0))
sample(np.trace, real(2, 2), dtype=np.float64, _real_only="the dtype is real")
sample(np.linalg.trace, real(2, 2, 2))
sample(
    np.linalg.trace,
    real(2, 2, 3),
    offset=1,
    dtype=np.float64,
    _real_only="the dtype is real",
)
sample(np.linalg.diagonal, real(2, 2, 3))
sample(np.linalg.diagonal, real(3, 3), offset=-1)
sample(np.linalg.matrix_transpose, real(2, 2, 3))
sample(np.linalg.matmul, real(2, 2, 3), real(3, 2))
sample(np.linalg.outer, real(3), real(2))
sample(np.linalg.vecdot, real(2, 3), real(2, 3))
sample(np.linalg.vecdot, real(3, 2), real(3, 2), axis=0)

for shapes in (
    [(2, 3), (3, 2)],
    [(2, 3), (3, 2), (2, 3)],
    [(3,), (3, 2), (2,)],
    [(3,), (3, 2), (2, 2), (2, 1)],
    [(1, 3), (3, 2), (2, 2), (2,)],
    [(2,), (2,)],
):
    sample(np.linalg.multi_dot, [real(*shape) for shape in shapes])
