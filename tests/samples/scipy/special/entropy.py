"""Calls of products with logarithms, powers and losses."""

import numpy as np
import scipy.special as sp

from fgrad.scipy.special._entropy import exprel_slope, log_quotient
from tests.samples import positive, real, sample

for _fun in (sp.xlogy, sp.xlog1py):
    sample(_fun, real(2, 1), positive(3))
    sample(_fun, 0.0, positive(3))
    sample(_fun, np.array([0.3, 0.7]), 1.5)
for _fun in (sp.rel_entr, sp.kl_div, sp.boxcox, sp.boxcox1p, sp.powm1):
    sample(_fun, positive(2, 1), positive(3))
    sample(_fun, positive(0), 1.5)
sample(sp.kl_div, 1.5, np.array([1.5, 1.6]))
sample(sp.boxcox, positive(3), np.array([0.0, 1e-9, -2.0]))
for _fun in (sp.inv_boxcox, sp.inv_boxcox1p):
    sample(_fun, positive(2, 1), positive(3))
    sample(_fun, positive(3), np.array([0.0, 1e-9, -0.2]))
sample(sp.entr, positive(2, 3))
sample(sp.exprel, np.array([-3.0, 0.0, 1e-9, 2.0, 30.0]))
sample(sp.spence, np.array([0.2, 1.0, 1.0 + 1e-9, 3.0]))
sample(sp.huber, np.array([1.0, 2.0]), np.array([[0.3], [-3.2], [5.0]]))
sample(sp.pseudo_huber, positive(2, 1), real(3))
for _fun in (sp.cbrt, sp.log1p):
    sample(_fun, positive(3))
for _fun in (sp.exp2, sp.exp10, sp.expm1, sp.cosm1, sp.sindg, sp.cosdg, sp.tandg):
    sample(_fun, real(2, 3))
sample(sp.cotdg, np.array([30.0, 100.0]))
sample(sp.radian, real(3), real(2, 1), real(3))
REAL = "it is for real numbers"
sample(exprel_slope.__wrapped__, 1, real(3), _real_only=REAL)
sample(log_quotient.__wrapped__, 2, np.array([0.0, -0.5, 0.29, 4.0]), _real_only=REAL)
