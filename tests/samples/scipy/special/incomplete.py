"""Calls of the incomplete gamma and beta functions."""

import numpy as np
import scipy.special as sp

from fgrad.scipy.special._incomplete import (
    beta_density,
    betainc_slope,
    gamma_density,
    gammainc_slope,
)
from tests.samples import positive, sample

TINY = {"scale": "the values are below all normal numbers there"}
SHARES = np.array([0.3, 0.5, 0.6])

for _fun in (sp.gammainc, sp.gammaincc):
    sample(_fun, positive(2, 1), positive(3))
    sample(_fun, np.array([0.5, 30.0]), np.array([0.7, 35.0]))
    sample(_fun, positive(0), 1.5)
    sample(_fun, 2.5, 1.5)
for _fun in (sp.gammaincinv, sp.gammainccinv):
    sample(_fun, positive(2, 1), SHARES)
for _fun in (sp.betainc, sp.betaincc):
    sample(_fun, positive(2, 1), positive(3), SHARES)
    sample(_fun, np.array([0.7, 6.0]), np.array([0.8, 4.0]), np.array([0.6, 0.7]))
    sample(_fun, 2.5, 1.5, 0.4)
for _fun in (sp.betaincinv, sp.betainccinv):
    sample(_fun, positive(2, 1), positive(3), SHARES, _keeps=TINY)
REAL = "it is for real numbers"
sample(gamma_density.__wrapped__, positive(2, 1), positive(3), _real_only=REAL)
sample(gammainc_slope.__wrapped__, 2, positive(3), positive(3), _real_only=REAL)
sample(beta_density.__wrapped__, positive(2, 1), positive(3), SHARES, _real_only=REAL)
sample(
    betainc_slope.__wrapped__, 1, 1, positive(3), positive(3), SHARES, _real_only=REAL
)
