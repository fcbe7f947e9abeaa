"""Calls of the error function and its kin."""

import numpy as np
import scipy.special as sp

from fgrad.scipy.special._errors import dawsn_slope, erfcx_slope, faddeeva_slope
from tests.samples import cplx, positive, real, sample

for _fun in (sp.erf, sp.erfc, sp.erfcx, sp.erfi, sp.dawsn, sp.ndtr, sp.log_ndtr):
    sample(_fun, real(2, 3))
    sample(_fun, np.float64(0.0))
    sample(_fun, real(0))
sample(sp.erfcx, np.array([-3.0, 0.49, 0.51, 20.0, 1e3]))
sample(sp.log_ndtr, np.array([-30.0, -3.0, 0.0, 6.0]))
sample(sp.dawsn, np.array([-30.0, 9.9, 10.1, 0.0]))
sample(sp.erfinv, np.array([-0.5, 0.0, 0.6]))
sample(sp.erfcinv, np.array([0.5, 1.0, 1.5]))
sample(sp.ndtri, np.array([0.3, 0.5, 0.7]))
sample(sp.ndtri_exp, np.array([-50.0, -2.0, -0.7]))
sample(sp.wofz, cplx(3))
sample(sp.wofz, np.array([12.0 + 3j, -1j]))
sample(
    *(sp.voigt_profile, real(3), positive(2, 1), 0.7),
    _keeps={"zero": "a width of 0 is an edge, though SciPy takes negative ones"},
)
sample(sp.owens_t, real(3), real(2, 1))
REAL = "the samples of the functions themselves have complex numbers"
sample(erfcx_slope.__wrapped__, 2, np.array([-1.0, 0.3, 7.0]), _real_only=REAL)
sample(dawsn_slope.__wrapped__, 2, np.array([-1.0, 0.3, 17.0]), _real_only=REAL)
sample(faddeeva_slope.__wrapped__, 2, np.array([-1.0 + 1j, 0.3 - 1j, 17.0 + 1j]))
