"""Calls of what the derivatives of decompositions are made of."""

import numpy as np

from fgrad.primitives._spectrum import (
    mixed,
    once,
    over,
    over_gaps,
    singular,
    spectral,
)
from tests.samples import fixed, positive, real, regular, sample, spread

PHASES = "the phases of the vectors are arbitrary"

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
