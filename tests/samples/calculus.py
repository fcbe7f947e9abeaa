"""Calls of differences, integrals, gradients on a grid and interpolation."""

import numpy as np

from tests.samples import cplx, fixed, positive, real, sample

# Differences

sample(np.diff, real(5))
sample(np.diff, real(2, 4), n=2)
sample(np.diff, real(3, 2), axis=0)
sample(np.diff, real(3, 2), axis=0, prepend=1.5, append=real(2, 2))
sample(np.diff, real(2, 3), n=3, prepend=real(2, 1))
sample(np.diff, real(3), n=0)
sample(np.diff, real(2), n=3)
sample(np.ediff1d, real(5))
sample(np.ediff1d, real(2, 3), to_end=real(2), to_begin=1.5)
sample(np.ediff1d, real(3), to_begin=real(2))

# Integrals

sample(np.trapezoid, real(5))
sample(np.trapezoid, real(3, 4), dx=0.3)
sample(np.trapezoid, real(3, 4), x=real(4))
sample(np.trapezoid, real(3, 4), x=real(3), axis=0)
sample(np.trapezoid, real(2, 3), x=real(2, 3), axis=-2)
sample(np.trapezoid, real(2, 1, 3), x=real(2, 3), axis=-1)
sample(np.trapezoid, real(1))

# Gradients on a grid

GRID = np.array([0.0, 0.7, 1.1, 2.3])
sample(np.gradient, real(5))
sample(np.gradient, real(3, 4))
sample(np.gradient, real(4, 3), axis=0)
sample(np.gradient, real(3, 4), axis=(-1, 0), edge_order=2)
sample(np.gradient, real(3, 4), positive(), edge_order=2)
sample(np.gradient, real(3, 4), positive(), positive())
sample(np.gradient, real(4), GRID)
sample(np.gradient, real(4), GRID, edge_order=2)
sample(
    np.gradient,
    real(2, 4),
    positive(),
    GRID,
    _real_only="a complex grid is nearly singular",
)
sample(np.gradient, real(4, 2), GRID, axis=0)
sample(np.gradient, real(4), fixed(np.arange(4.0)))
sample(np.gradient, real(2))

# Interpolation

POINTS = np.array([-0.9, 0.3, 1.4, 3.1, 0.35])
FLOAT = "the coordinates of an interpolation are real"
sample(np.interp, POINTS, GRID, real(4), _real_only=FLOAT)
sample(
    np.interp,
    POINTS.reshape(5, 1),
    GRID,
    real(4),
    left=0.3,
    right=-0.4,
    _real_only=FLOAT,
)
sample(np.interp, 0.9, GRID, real(4), _real_only=FLOAT)
sample(np.interp, POINTS, GRID, cplx(4), _real_only=FLOAT)
sample(np.interp, POINTS, GRID, real(4), period=2.9, _real_only=FLOAT)
around = np.array([-0.12, 0.02, 5.7])  # between the last entry and the first
sample(np.interp, around, GRID + 0.2, real(4), period=2.9, _real_only=FLOAT)
sample(np.interp, POINTS, GRID[::-1].copy(), real(4), period=-2.9, _real_only=FLOAT)
sample(np.interp, np.array([-1.0, 1.0]), np.array([0.5]), real(1), _real_only=FLOAT)
sample(np.interp, real(0), GRID, real(4), _real_only=FLOAT)
