"""Calls of the derivative of a length."""

from fgrad.primitives._directions import over_length
from tests.samples import positive, real, sample

sample(over_length.__wrapped__, real(2, 3), positive(3))
sample(over_length.__wrapped__, real(2, 1), positive(2, 3))
sample(over_length.__wrapped__, real(), positive())
