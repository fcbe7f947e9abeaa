"""Calls of distributions and their inverses."""

import numpy as np
import scipy.special as sp

from tests.samples import fixed, positive, sample

P = np.array([0.3, 0.5, 0.6])
EXTREME = {"scale": "the values are 0 or beyond all numbers there"}
DIGITS = "SciPy's inverse has eight digits there"
COUNTS = np.array([[0], [1], [3]])

for _fun in (sp.gdtr, sp.gdtrc):
    sample(_fun, positive(2, 1), positive(3), positive(3))
for _fun in (sp.chdtr, sp.chdtrc):
    sample(_fun, positive(2, 1), positive(3))
for _fun in (sp.pdtr, sp.pdtrc):
    sample(_fun, fixed(COUNTS * 1.0), positive(3))
for _fun in (sp.fdtr, sp.fdtrc):
    sample(_fun, positive(2, 1), positive(3), positive(3))
for _fun in (sp.bdtr, sp.bdtrc):
    sample(_fun, fixed(COUNTS * 1.0), 5, P)
for _fun in (sp.nbdtr, sp.nbdtrc, sp.nbdtri):
    sample(_fun, COUNTS, 5, P)
sample(sp.bdtri, fixed(COUNTS * 1.0), 5, P)
sample(sp.pdtri, COUNTS, P)
sample(sp.gdtria, P, positive(2, 1), positive(3), _keeps=EXTREME)
sample(sp.gdtrib, positive(2, 1), P, positive(3))
sample(sp.gdtrix, positive(2, 1), positive(3), P, _keeps=EXTREME)
sample(sp.chdtri, positive(2, 1), P)
sample(sp.chdtriv, P, positive(2, 1))
sample(sp.pdtrik, np.array([0.6, 0.7]), 1.5)
sample(sp.btdtria, P, positive(2, 1), np.array([0.3, 0.5, 0.6]))
sample(sp.btdtrib, positive(2, 1), P, np.array([0.3, 0.5, 0.6]))
sample(sp.fdtri, positive(2, 1), positive(3), P, _keeps=EXTREME)
sample(sp.fdtridfd, 2.0, np.array([0.6, 0.7]), 1.5, _order=0)  # 12 digits
sample(
    sp.stdtr, np.array([[0.7], [3.0], [80.0]]), np.array([-5.0, -0.3, 0.01, 2.0, 9.0])
)
sample(sp.stdtrit, np.array([[1.7], [3.0]]), np.array([0.3, 0.6]), _keeps=EXTREME)
sample(sp.stdtridf, 0.8, np.array([1.3, 1.2]), _order=0)  # bends too much
sample(sp.bdtrik, np.array([0.6, 0.7]), 7.0, 0.4)
sample(
    *(sp.bdtrin, 2.0, np.array([0.6, 0.3]), 0.4),
    _keeps={"scale": DIGITS, "axes": DIGITS},
)
sample(sp.nbdtrik, np.array([0.6, 0.7]), 7.0, 0.4)
sample(
    *(sp.nbdtrin, 2.0, np.array([0.6, 0.3]), 0.4),
    _keeps={"scale": DIGITS, "axes": DIGITS},
)
sample(sp.nrdtrimn, P + 0.03, positive(2, 1), positive(3))
sample(sp.nrdtrisd, positive(2, 1), np.array([0.15, 0.25, 0.8]), positive(3))
sample(sp.chndtr, positive(3), fixed(3.0), positive(2, 1))
sample(sp.chndtrix, P, fixed(3.0), positive(2, 1))
sample(sp.chndtrinc, np.array([2.0, 3.0]), fixed(3.0), 0.4, _keeps=EXTREME)
sample(
    *(sp.tklmbda, np.array([-0.7, 0.2, 0.5]), np.array([[0.3], [-0.5], [1.2]])),
    _keeps={"scale": "SciPy's inverse has eight digits there"},
)
