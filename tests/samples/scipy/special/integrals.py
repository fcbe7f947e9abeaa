"""Calls of functions that are integrals."""

import numpy as np
import scipy.special as sp

from tests.samples import positive, real, sample

for _fun in (sp.expi, sp.exp1, sp.sici, sp.shichi, sp.fresnel):
    sample(_fun, positive(2, 3))
sample(sp.expi, np.array([-2.0, -0.5]))
sample(sp.fresnel, real(3))
sample(sp.expn, np.array([[0], [1], [2], [7]]), positive(3))
INTEGRALS = (sp.itj0y0, sp.iti0k0, sp.it2j0y0, sp.it2i0k0)
STRUVE = (sp.itstruve0, sp.itmodstruve0, sp.it2struve0)
FAR = {"scale": "above 30, SciPy's values have few digits, or are wrong"}
for _fun in (*INTEGRALS, *STRUVE):
    sample(_fun, positive(3), _keeps=FAR)
sample(sp.itairy, positive(3), _order=0)  # of six digits
