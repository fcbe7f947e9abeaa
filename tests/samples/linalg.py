"""Calls of `numpy.linalg`: solvers, decompositions, norms."""

import numpy as np

from fgrad.primitives._spectrum import (
    mixed,
    once,
    over,
    over_gaps,
    singular,
    spectral,
)
from fgrad.primitives.triangular import solve_lower
from tests.samples import fixed, positive, real, sample, spread


def regular(*shape):
    """Well-conditioned matrices with a spectrum that is spread out."""
    n, m = shape[-2:]
    return 0.25 * real(*shape) + (1.5 + 1.5 * np.arange(n))[:, None] * np.eye(n, m)


def of_rank(r, *shape):
    """Matrices whose rank is less than full."""
    return real(*shape[:-1], r) @ real(*shape[:-2], r, shape[-1])


INFINITE = (np.inf, -np.inf)
PHASES = "the phases of the vectors are arbitrary"

# Systems, inverses, determinants

for fun in (np.linalg.inv, np.linalg.det, np.linalg.slogdet):
    sample(fun, regular(3, 3))
    sample(fun, regular(2, 2, 2))
    sample(fun, real(1, 1) + 3)
    sample(fun, regular(0, 0))
    sample(fun, regular(0, 2, 2))
sample(np.linalg.slogdet, -regular(3, 3))
sample(np.linalg.slogdet, real(2, 2), _order=1)
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

for shapes in (
    [(2, 3), (3, 2)],
    [(2, 3), (3, 2), (2, 3)],
    [(3,), (3, 2), (2,)],
    [(3,), (3, 2), (2, 2), (2, 1)],
    [(1, 3), (3, 2), (2, 2), (2,)],
    [(2,), (2,)],
):
    sample(np.linalg.multi_dot, [real(*shape) for shape in shapes])

for n in (0, 1, 2, 3, 5, 8, -1, -3):
    sample(np.linalg.matrix_power, regular(2, 2), n)
sample(np.linalg.matrix_power, regular(2, 2, 2), 6)
sample(np.linalg.matrix_power, regular(2, 2, 2), 0)
sample(np.linalg.tensorinv, regular(4, 4).reshape(2, 2, 4), ind=2)
sample(np.linalg.tensorinv, regular(4, 4).reshape(4, 2, 2), ind=1)
sample(np.linalg.tensorsolve, regular(4, 4).reshape(2, 2, 4), real(2, 2))
sample(np.linalg.tensorsolve, regular(4, 4).reshape(4, 2, 2), real(2, 2), axes=(0,))
sample(np.linalg.tensorsolve, regular(2, 2), real(2))

# Decompositions

for options in ({}, {"UPLO": "U"}, {"UPLO": "l"}):
    sample(np.linalg.eigvalsh, regular(3, 3), **options)
    sample(np.linalg.eigh, regular(3, 3), _real_only=PHASES, **options)
for shape in ((2, 2, 2), (1, 1), (0, 0), (0, 2, 2)):
    sample(np.linalg.eigvalsh, regular(*shape))
    sample(np.linalg.eigh, regular(*shape), _real_only=PHASES)
sample(np.linalg.eigvalsh, np.diag([1.0, 1.0, 3.0]), _order=0)
for options in ({}, {"upper": True}):
    sample(np.linalg.cholesky, 3 * regular(3, 3), **options)
    sample(np.linalg.cholesky, 3 * regular(2, 2, 2), **options)
sample(np.linalg.cholesky, regular(1, 1))
sample(np.linalg.cholesky, regular(0, 0))

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
    a = regular(*shape)
    sample(np.linalg.svdvals, a)
    sample(np.linalg.svd, a, compute_uv=False)
    sample(np.linalg.svd, a, full_matrices=False, _real_only=PHASES)
for shape in ((3, 3), (3, 2), (2, 3), (2, 2, 3), (2, 1, 2)):
    sample(np.linalg.svd, regular(*shape), _real_only=PHASES)
a = np.diag([3.0, -2.0, 1.0]) + 0.2 * real(3, 3)
sample(np.linalg.svd, a, hermitian=True, _real_only=PHASES)
sample(np.linalg.svd, a, compute_uv=False, hermitian=True)

for shape in ((3, 3), (3, 2), (2, 3), (2, 3, 2), (2, 2, 3), (1, 1), (3, 1), (1, 3)):
    for mode in ("reduced", "r"):
        sample(np.linalg.qr, regular(*shape), mode=mode)
for shape in ((3, 3), (2, 3), (2, 2, 2)):
    sample(np.linalg.qr, regular(*shape), mode="complete")
sample(np.linalg.qr, regular(3, 2), mode="complete", _real_only=PHASES)
sample(np.linalg.qr, regular(2, 2, 1), mode="complete", _real_only=PHASES)

turning = np.array([[1.0, -2.0], [1.0, 1.5]])
for a in (
    3 * regular(3, 3),
    regular(2, 2, 2),
    regular(1, 1),
    regular(0, 0),
    turning,
    np.kron(np.diag([1.0, 3.0]), turning)[:3, :3] + 0.1 * real(3, 3),
):
    sample(np.linalg.eig, a)
    sample(np.linalg.eigvals, a)

# Norms

for order in (None, 1, 2, 3, 0, -1, *map(fixed, (2.0, 1.5, 0.5, -2.5, *INFINITE))):
    sample(np.linalg.norm, 4 * spread(4), order)
    sample(np.linalg.norm, 4 * spread(2, 3), ord=order, axis=-1)
    sample(np.linalg.norm, 4 * spread(2, 3), ord=order, axis=(0,), keepdims=True)
for order in (None, "fro", "nuc", 1, -1, 2, -2, *map(fixed, INFINITE)):
    sample(np.linalg.norm, regular(3, 2), order)
    sample(np.linalg.norm, regular(2, 3), order, keepdims=True)
    a = spread(2, 2, 3) * np.array([1.0, 1.37, 1.91])
    sample(np.linalg.norm, a.transpose(2, 0, 1), order, axis=(2, 0))
    sample(
        np.linalg.norm,
        regular(1, 2, 2).transpose(1, 0, 2),
        order,
        axis=(0, -1),
        keepdims=True,
    )
    sample(np.linalg.matrix_norm, regular(2, 3), ord="fro" if order is None else order)
sample(np.linalg.norm, spread(2, 2, 2))
sample(np.linalg.norm, spread(2, 1, 2), keepdims=True)
sample(np.linalg.norm, real())
sample(np.linalg.norm, np.array([0.0, 1.0, -2.0]), fixed(1.5), _order=0)
sample(np.linalg.norm, np.array([0.0, 1.0, -2.0]), 3, _order=1)
sample(np.linalg.norm, np.array([0.0, 1.0, -2.0]))
sample(np.linalg.norm, np.zeros(0))
sample(np.linalg.norm, np.zeros((0, 2)), 1, axis=0)
sample(np.linalg.norm, np.zeros((0, 2)), 2, axis=0)
if np.lib.NumpyVersion(np.__version__) >= "2.3.0":
    sample(np.linalg.norm, np.zeros((0, 2)), fixed(np.inf), axis=0)
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

for order in (None, 2, -2, 1, -1, "fro", "nuc", *map(fixed, INFINITE)):
    sample(np.linalg.cond, regular(3, 3), order)
sample(np.linalg.cond, regular(3, 2))
sample(np.linalg.cond, regular(2, 2, 2), 1)
sample(np.linalg.cond, regular(2, 2, 2))

# Division by the gaps of a spectrum

sample(over.__wrapped__, real(2, 3), positive(2, 3), "svd")
sample(over.__wrapped__, real(2, 2, 3), positive(2, 1, 3), "svd", x_size=fixed(4.0))
sample(over_gaps.__wrapped__, real(3, 3), 4 * spread(3), "eigh", _real_only=PHASES)
sample(
    over_gaps.__wrapped__, real(2, 2, 2), 4 * spread(2, 2), "eigh", _real_only=PHASES
)

# Weighted vectors: derivatives are of the whole, through the decomposition

sample(once.__wrapped__, real(3, 3), fixed(np.zeros((1, 3))), "eigh")
sample(mixed.__wrapped__, real(3, 3), fixed(spread(3)), "eigh")
for shape in ((3, 3), (2, 2, 2)):
    a = regular(*shape)
    w, v = np.linalg.eig(a)
    vectors = fixed(w), fixed(v), fixed(np.linalg.inv(v))
    sample(spectral.__wrapped__, [fixed(a), real(*shape[:-1])], *vectors)
for shape in ((3, 3), (2, 3), (3, 2), (2, 2, 2)):
    a = regular(*shape)
    u, s, vh = map(fixed, np.linalg.svd(a, full_matrices=False))
    weights = real(*s.value.shape)
    sample(
        singular.__wrapped__, [fixed(a), weights], u, s, vh, _real_only="weights are"
    )
for _transposed in (False, True):
    sample(
        solve_lower.__wrapped__,
        np.tril(regular(3, 3)),
        real(3, 2),
        _transposed,
        _order=2,
    )
sample(solve_lower.__wrapped__, np.tril(regular(2, 3, 3)), real(2, 3, 2))
