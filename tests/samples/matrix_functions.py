"""Calls of the operations that `fgrad.linalg` consists of."""

from collections.abc import Callable
from typing import Any

import numpy as np

from fgrad.primitives.matrix_functions import (
    corner,
    hermitian_corner,
    lyapunov,
    unitary_factor,
)
from tests.samples import real, sample


def near_one(*shape: int) -> Any:
    """Matrices that have a logarithm."""
    return 0.2 * real(*shape) + (1.5 + 0.5 * np.arange(shape[-1])) * np.eye(shape[-1])


def powers(p: float) -> Callable[[Any, int], Any]:
    """The derivatives of a power."""

    def derivative(x: Any, k: int) -> Any:
        return np.prod(p - np.arange(k)) * x ** (p - k)

    return derivative


JORDAN = np.array([[2.0, 1.0, 0.0], [0.0, 2.0, 1.0], [0.0, 0.0, 2.0]])

for name in ("expm", "logm", "sqrtm"):
    for a in (near_one(3, 3), near_one(2, 2, 2), near_one(1, 1), np.eye(2), JORDAN):
        sample(corner.__wrapped__, [a], name)
        sample(corner.__wrapped__, [a, real(*a.shape)], name)
    sample(corner.__wrapped__, [near_one(2, 2), real(2, 2), 9 * real(2, 2)], name)
    for shape in ((0, 0), (0, 2, 2)):
        sample(corner.__wrapped__, [np.zeros(shape)], name)

for power in (0.5, -1.0, 3.0):
    f = powers(power)
    for a in (near_one(3, 3), near_one(2, 2, 2), near_one(1, 1), np.eye(2)):
        sample(hermitian_corner.__wrapped__, [a], f)
        sample(hermitian_corner.__wrapped__, [a, real(*a.shape)], f)
    equal = np.diag([1.0, 2.0, 2.0])
    sample(hermitian_corner.__wrapped__, [equal, real(3, 3), real(3, 3)], f)
    for shape in ((0, 0), (0, 2, 2)):
        sample(hermitian_corner.__wrapped__, [np.zeros(shape)], f)

for p in (near_one(3, 3), near_one(2, 2, 2), np.eye(2), np.zeros((0, 0))):
    sample(lyapunov.__wrapped__, p, real(*p.shape))

for shape in ((2, 2), (3, 2), (2, 3, 2), (1, 1), (3, 0), (0, 2, 2)):
    sample(unitary_factor.__wrapped__, real(*shape) + 2 * np.eye(*shape[-2:]))
sample(unitary_factor.__wrapped__, np.eye(3))
sample(unitary_factor.__wrapped__, np.diag([2.0, 2.0, 1.0]))
