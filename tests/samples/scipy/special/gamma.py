"""Calls of the gamma function and its kin."""

import numpy as np
import scipy.special as sp

from fgrad.scipy.special._gamma import polygamma, psi_difference, zeta_slope
from tests.samples import fixed, positive, real, sample

LEFT = np.array([-0.5, -2.5, 0.7, 30.0])
REAL = "it is for real numbers"

for _fun in (sp.gammaln, sp.gamma, sp.rgamma, sp.psi):
    sample(_fun, positive(2, 3))
    sample(_fun, LEFT)
    sample(_fun, real(0))
sample(sp.rgamma, np.array([0.0, -1.0, -2.0, -5.0, 0.5]))
sample(sp.loggamma, positive(3))
sample(sp.loggamma, np.array([-0.5 + 0.3j, 2.0 - 3j]))
sample(sp.gammaln, np.float64(3.3))
sample(sp.beta, positive(2, 1), positive(3))
sample(sp.beta, 1.5, np.array([0.7, 40.0]))
sample(sp.betaln, positive(2, 1), positive(3))
sample(sp.betaln, np.array([1e3, 0.1, -0.5]), np.array([2.0, 3.0, 0.8]))
POLE = {"zero": "it is a pole of gamma, by which the formula divides"}
sample(sp.poch, positive(3), positive(2, 1), _keeps=POLE)
sample(
    *(sp.poch, np.array([-0.4, 2.2]), 1.6),
    _keeps=POLE,
)
sample(sp.binom, np.array([5.5, 3.2]), np.array([[1.3], [2.1]]))
sample(sp.polygamma, fixed(0), positive(3))
sample(sp.polygamma, fixed(2), np.array([0.9, -0.5, 11.0]))
sample(sp.polygamma, fixed(np.array([0, 1, 3])), positive(2, 1))
sample(sp.multigammaln, np.array([2.2, 5.0]), 3)
sample(sp.multigammaln, 1.3, 1)
sample(sp.comb, np.array([5.5, 3.2]), np.array([1.3, 2.1]))
sample(sp.comb, 5.5, 1.5, repetition=True)
ABOVE_1 = dict.fromkeys(("sign", "scale", "zero"), "the derivative is for x > 1")
sample(sp.zetac, np.array([2.2, 3.5, 9.0]), _keeps=ABOVE_1)
sample(polygamma.__wrapped__, 1, np.array([-3.3 + 1j, 0.4 - 2j, 30 + 1j]))
sample(polygamma.__wrapped__, 2, positive(3))
sample(psi_difference.__wrapped__, positive(3), positive(2, 1), _real_only=REAL)
LEFT_OF_0 = np.array([-0.5])  # between poles, where a stencil cannot follow
sample(
    psi_difference.__wrapped__, LEFT_OF_0, LEFT_OF_0 - 0.5, _real_only=REAL, _order=0
)
sample(zeta_slope.__wrapped__, 2, np.array([1.5, 3.0]), 0.7, _real_only=REAL)
sample(
    *(sp._ufuncs._riemann_zeta, np.array([2.2, 3.5, 9.0])),
    _real_only=REAL,
    _keeps=ABOVE_1,
)
sample(sp._ufuncs._zeta, np.array([2.5, 3.0]), np.array([[0.9], [20.0]]))
