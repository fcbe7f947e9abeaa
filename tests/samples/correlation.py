"""Calls of the three products of images, kernels and maps."""

from fgrad.nn._correlation import correlated, matched, spread
from tests.samples import real, sample
from tests.samples.windows import FULL, LINE, PLAIN, WIDE

for n in (2, 0):
    sample(correlated.__wrapped__, real(n, 4, 4, 5), real(2, 2, 3, 2), FULL, 2)
    sample(spread.__wrapped__, real(n, 2, 3, 4), real(2, 2, 3, 2), FULL, 2, (4, 5))
    sample(matched.__wrapped__, real(n, 4, 4, 5), real(n, 2, 3, 4), FULL, 2)
sample(correlated.__wrapped__, real(1, 1, 3, 3), real(2, 1, 2, 2), PLAIN, 1)
sample(spread.__wrapped__, real(1, 2, 2, 2), real(2, 1, 2, 2), PLAIN, 1, (3, 3))
sample(matched.__wrapped__, real(1, 1, 3, 3), real(1, 2, 2, 2), PLAIN, 1)
sample(correlated.__wrapped__, real(2, 1, 5), real(1, 1, 3), LINE, 1)
sample(spread.__wrapped__, real(2, 1, 2), real(1, 1, 4), WIDE, 1, (5,))
sample(matched.__wrapped__, real(2, 2, 5), real(2, 2, 3), LINE, 2)
