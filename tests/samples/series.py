"""Calls of the functions of `numpy.polynomial`: the lowest power first.

One table makes the rules of all six families. So there is one call of each function in
each family, and all calls in one of them.
"""

import numpy as np

from fgrad.primitives.series import FAMILIES, INTEGRAL
from tests.samples import fixed, real, sample

SORTED = "complex roots change their order with rounding"
IN_FULL = "cheb"

for prefix, module in FAMILIES.items():

    def of(name, prefix=prefix, module=module):
        return getattr(module, prefix + name)

    sample(of("val"), real(2), real(3, 2))
    sample(of("vander"), real(2), 3)
    sample(of("der"), real(2, 3), 2, 0.5, axis=-1)
    sample(of("der"), real(4), 2)
    sample(of("int"), real(3), 2, real(2), 0.5, 1.5)
    sample(INTEGRAL[prefix].__wrapped__, real(2, 3), real(3), 0.2, 1.3, 0)
    for fun in (of("add"), of("sub")):
        sample(fun, real(3), real(2))
    sample(of("mul"), real(3), real(2))
    sample(of("mulx"), real(5))
    sample(of("line"), real(), real(), _keeps={"number": "both are numbers"})
    if prefix != "poly":
        sample(of("2poly"), real(5))
        sample(getattr(module, "poly2" + prefix), real(5))
    sample(of("roots"), np.array([0.4, -1.3, -1.5, 1.0]), _real_only=SORTED)
    sample(of("val2d"), real(2), real(2), real(2, 3))
    sample(of("val3d"), real(2), real(2), real(2), real(2, 3, 1))
    sample(of("grid2d"), real(2), real(3), real(2, 3))
    sample(of("grid3d"), real(2), real(1), real(), real(2, 2, 2))
    if prefix != IN_FULL:
        continue

    val, der, integral = of("val"), of("der"), of("int")
    for x in (real(), real(3), real(2, 2), real(0)):
        sample(val, x, real(4))
    for n in (1, 2, 3):
        sample(val, real(2), real(n))
    sample(val, real(2), real())
    sample(val, real(2), real(3, 2), tensor=False)
    sample(val, real(2, 2), real(3, 1), tensor=False)
    sample(val, real(2), real(3, 3, 1), False)
    sample(val, real(), real(3, 2), tensor=False)
    sample(val, real(2), np.array([1, 2, 3]))
    sample(val, np.array([1, 2]), real(3))
    for deg in (0, 1):
        sample(of("vander"), real(2), deg)
    sample(of("vander"), real(), 2)
    sample(of("vander"), real(2, 2), 2)
    sample(of("vander"), real(0), 2)
    for m in (0, 1, 4):
        sample(der, real(4), m)
    for m in (0, 1, 2, 4):
        sample(der, real(3), m, 1.5)
    sample(der, real(2, 3), 1, axis=1)
    sample(der, real())
    for m in (0, 1, 2):
        sample(integral, real(3), m)
    sample(integral, real(3), 1, 0.5)
    sample(integral, real(3), 3, [0.3], lbnd=-0.5)
    sample(integral, real(2, 3), 1, scl=0.7, axis=1)
    sample(integral, real(2, 3), 2, axis=-1)
    sample(INTEGRAL[prefix].__wrapped__, real(2, 3), 0.5, 0.2, 1.3, 1)
    for fun in (of("add"), of("sub")):
        sample(fun, real(2), real(3))
        sample(fun, real(), real(2))
        sample(fun, fixed(np.array([1.0, 2.0, 0.0])), real(2))
    sample(of("mul"), real(1), real(3))
    sample(of("mul"), fixed(np.array([1.0, 2.0, 0.0])), real(2))
    for n in (1, 2):
        sample(of("mulx"), real(n))
        sample(of("2poly"), real(n))
        sample(getattr(module, "poly2" + prefix), real(n))
    sample(of("line"), real(), 2)
    sample(of("roots"), np.array([0.4, -1.3]))
    sample(of("roots"), np.array([0.4]))
