"""Calls of `numpy.linalg`: solvers, inverses, powers and determinants."""

import numpy as np

from tests.samples import fixed, real, regular, sample, spread


def of_rank(r, *shape):
    """Matrices whose rank is less than full."""
    return real(*shape[:-1], r) @ real(*shape[:-2], r, shape[-1])


# Systems, inverses, determinants

for fun in (np.linalg.inv, np.linalg.det, np.linalg.slogdet):
    sample(fun, regular(3, 3))
    sample(fun, regular(2, 2, 2))
    sample(fun, real(1, 1) + 3)
    sample(fun, regular(0, 0))
    sample(fun, regular(0, 2, 2))
sample(np.linalg.slogdet, -regular(3, 3))
sample(np.linalg.slogdet, real(2, 2) + np.array([[0.0, 4.0], [-4.0, 0.0]]))
sample(np.linalg.det, np.zeros((1, 1)))
sample(np.linalg.det, np.zeros((2, 2)))
sample(np.linalg.det, np.zeros((3, 3)))
sample(np.linalg.det, np.ones((3, 3)))
sample(np.linalg.det, of_rank(2, 3, 3))
sample(np.linalg.det, of_rank(1, 3, 3))
sample(np.linalg.det, of_rank(2, 4, 4))
sample(np.linalg.det, np.stack([np.diag([1.0, 0.0]), regular(2, 2)]))
sample(np.linalg.det, np.diag([1.0, 1e-9, 2.0]))

for shapes in (
    [(3, 3), (3,)],
    [(3, 3), (3, 2)],
    [(2, 2, 2), (2,)],
    [(2, 2, 2), (2, 2, 1)],
    [(2, 2), (3, 2, 2)],
    [(2, 1, 2, 2), (3, 2, 1)],
    [(1, 2, 2), (2, 2, 2)],
    [(0, 0), (0,)],
    [(2, 2), (2, 0)],
):
    sample(np.linalg.solve, regular(*shapes[0]), real(*shapes[1]))
sample(np.linalg.solve, regular(2, 2), [1, 2])
sample(np.linalg.solve, [[3, 1], [1, 2]], real(2))

for shape in ((3, 3), (3, 2), (2, 3), (2, 3, 2), (2, 0), (1, 1)):
    sample(np.linalg.pinv, regular(*shape))
sample(np.linalg.pinv, np.diag([3.0, 2.0]) + 0.1 * real(2, 2), rcond=fixed(1e-3))
sample(np.linalg.pinv, np.diag([3.0, 2.0, 0.5]), rcond=fixed(0.3))
sample(
    np.linalg.pinv, np.diag([3.0, 2.0, 0.5])[:, :2] + 0.1 * real(3, 2), rtol=fixed(0.8)
)
sample(np.linalg.pinv, np.array([[3, 0, 0.2], [0.5, 2, 0]]), rtol=fixed(0.8))
sample(np.linalg.pinv, regular(2, 3, 3), rcond=fixed(np.array([1e-3, 1e-4])))
sample(np.linalg.pinv, regular(3, 3), hermitian=True)
sample(
    np.linalg.pinv,
    np.diag([3.0, -2.0, 0.5]) + 0.1 * real(3, 3),
    rcond=fixed(0.4),
    hermitian=True,
)

for shapes in ([(4, 2), (4,)], [(4, 2), (4, 3)], [(2, 3), (2,)], [(2, 2), (2, 1)]):
    sample(np.linalg.lstsq, regular(*shapes[0]), real(*shapes[1]))
sample(
    np.linalg.lstsq,
    np.diag([3.0, 2.0, 0.5]) + 0.01 * real(3, 3),
    real(3),
    rcond=fixed(0.4),
)
sample(np.linalg.lstsq, regular(3, 2), [1, 2, 3], rcond=-1)

for n in (0, 1, 2, 3, 5, 8, -1, -3):
    sample(np.linalg.matrix_power, regular(2, 2), n)
sample(np.linalg.matrix_power, regular(2, 2, 2), 6)
sample(np.linalg.matrix_power, regular(2, 2, 2), 0)
sample(np.linalg.tensorinv, regular(4, 4).reshape(2, 2, 4), ind=2)
sample(np.linalg.tensorinv, regular(4, 4).reshape(4, 2, 2), ind=1)
sample(np.linalg.tensorsolve, regular(4, 4).reshape(2, 2, 4), real(2, 2))
sample(np.linalg.tensorsolve, regular(4, 4).reshape(4, 2, 2), real(2, 2), axes=(0,))
sample(np.linalg.tensorsolve, regular(2, 2), real(2))

# Compositions of decompositions and norms

for shape in (
    (3, 3),
    (3, 2),
    (2, 3),
    (4, 2),
    (2, 4),
    (2, 2, 3),
    (1, 1),
    (1, 3),
    (0, 2),
):
    sample(np.linalg.svdvals, regular(*shape))
for order in ("fro", "nuc", 1, -1, 2, -2, *map(fixed, (np.inf, -np.inf))):
    sample(np.linalg.matrix_norm, regular(2, 3), ord=order)
sample(np.linalg.matrix_norm, regular(2, 3))
sample(np.linalg.matrix_norm, spread(2, 2, 3), keepdims=True)
sample(np.linalg.vector_norm, spread(2, 3))
sample(np.linalg.vector_norm, spread(2, 3), keepdims=True, ord=3)
sample(np.linalg.vector_norm, spread(2, 3), axis=-1, keepdims=True)
sample(np.linalg.vector_norm, spread(2, 2, 3), axis=(-1, 0), ord=1)
sample(
    np.linalg.vector_norm,
    spread(2, 2, 3),
    axis=(2, 0),
    ord=fixed(np.inf),
    keepdims=True,
)
