"""Calls of the decompositions of matrices."""

import numpy as np

from tests.samples import real, regular, sample

PHASES = "the phases of the vectors are arbitrary"

for options in ({}, {"UPLO": "U"}, {"UPLO": "l"}):
    sample(np.linalg.eigvalsh, regular(3, 3), **options)
    sample(np.linalg.eigh, regular(3, 3), _real_only=PHASES, **options)
for shape in ((2, 2, 2), (1, 1), (0, 0), (0, 2, 2)):
    sample(np.linalg.eigvalsh, regular(*shape))
    sample(np.linalg.eigh, regular(*shape), _real_only=PHASES)
sample(np.linalg.eigvalsh, np.diag([1.0, 1.0, 3.0]), _order=0)

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
