"""Calls of hypergeometric functions."""

import numpy as np
import scipy.special as sp

from tests.samples import fixed, positive, real, sample

ORDERS = fixed(np.array([[1.5], [0.7]]))

sample(sp.hyp0f1, ORDERS, real(3))
sample(sp.hyp1f1, ORDERS, fixed(2.2), real(3))
sample(sp.hyp2f1, ORDERS, fixed(2.2), fixed(3.1), np.array([-0.8, 0.1, 0.7]))
sample(
    *(sp.hyperu, ORDERS, fixed(2.2), positive(3)),
    _keeps={"scale": "SciPy's values have eight digits there"},
)
sample(sp.wright_bessel, ORDERS, fixed(2.2), positive(3))
if hasattr(sp, "log_wright_bessel"):
    sample(sp.log_wright_bessel, ORDERS, fixed(2.2), positive(3))
sample(sp.wrightomega, np.array([-2.0, 0.0, 3.0]))
if hasattr(sp._ufuncs, "_lambertw"):
    sample(sp._ufuncs._lambertw, positive(3) + 0j, 0, fixed(1e-8))
    sample(sp._ufuncs._lambertw, np.array([0.3, -0.1 + 1j]), -1, fixed(1e-8))
