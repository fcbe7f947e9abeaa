"""Calls of elliptic integrals and functions."""

import numpy as np
import scipy.special as sp

from fgrad.scipy.special._elliptic import carlson
from tests.samples import positive, sample

M = np.array([-3.0, 0.0, 0.4, 0.7])
REAL = "the derivatives are for real numbers"

for _fun in (sp.ellipk, sp.ellipe):
    sample(_fun, M)
    sample(_fun, np.float64(0.3))
sample(sp.ellipkm1, np.array([0.3, 0.4]))
for _fun in (sp.ellipkinc, sp.ellipeinc):
    sample(_fun, np.array([[0.3], [-1.2], [2.5], [7.0]]), M)
sample(sp.ellipj, np.array([[0.3], [-1.2]]), np.array([0.1, 0.4, 0.9]))
for _fun in (sp.elliprf, sp.elliprd, sp.elliprg):
    sample(_fun, positive(2, 1), positive(3), positive(3), _real_only=REAL)
sample(sp.elliprc, positive(2, 1), positive(3), _real_only=REAL)
sample(
    *(sp.elliprj, positive(2, 1), positive(3), positive(3), 1.3),
    _real_only=REAL,
    _keeps={"sign": "the derivatives are for a positive p"},
)
sample(sp.agm, positive(3), positive(2, 1))
for _exponents in ((0, 0.5, 1.5, 0.5, 0), (0, 0.5, 0.5, 1.5, 0)):
    _fun = carlson(_exponents).__wrapped__
    sample(_fun, positive(2, 1), positive(3), positive(3), 1.0, _real_only=REAL)
