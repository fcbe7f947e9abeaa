"""Random draws take a generator, which every call changes: `test_random` tests them."""

import numpy as np

import fgrad.numpy.random  # noqa: F401 (it registers the draws)
from fgrad._engine.rules import DERIVED
from tests.samples import SAMPLES

for fun in DERIVED:
    owners = (np.random.Generator, np.random.RandomState, np.random)
    if any(getattr(owner, fun.__name__, None) is fun for owner in owners):
        SAMPLES[fun] = []
