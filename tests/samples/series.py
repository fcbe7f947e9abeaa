"""Calls of the functions of `numpy.polynomial`: the lowest power first."""

import numpy as np
from numpy.polynomial import chebyshev, polynomial

from fgrad.primitives.series import FAMILIES, INTEGRAL
from tests.samples import fixed, real, sample, spread

SORTED = "complex roots change their order with rounding"
AXES = ({}, {"axis": -1}, {"axis": 0})

for prefix, module in FAMILIES.items():

    def of(name, prefix=prefix, module=module):
        return getattr(module, prefix + name)

    val, der, integral = of("val"), of("der"), of("int")
    for x in (real(), real(3), real(2, 2), real(0)):
        sample(val, x, real(4))
    for n in (1, 2, 3):
        sample(val, real(2), real(n))
    sample(val, real(2), real())
    sample(val, real(2), real(3, 2))
    sample(val, real(2), real(3, 2), tensor=False)
    sample(val, real(2, 2), real(3, 1), tensor=False)
    sample(val, real(2), real(3, 3, 1), False)
    sample(val, real(), real(3, 2), tensor=False)
    sample(val, real(2), np.array([1, 2, 3]))
    sample(val, np.array([1, 2]), real(3))
    for deg in (0, 1, 3):
        sample(of("vander"), real(2), deg)
    sample(of("vander"), real(), 2)
    sample(of("vander"), real(2, 2), 2)
    sample(of("vander"), real(0), 2)
    for m in (0, 1, 2, 4):
        sample(der, real(4), m)
        sample(der, real(3), m, 1.5)
    sample(der, real(2, 3), 1, axis=1)
    sample(der, real(2, 3), 2, 0.5, -1)
    sample(der, real())
    for m in (0, 1, 2):
        sample(integral, real(3), m)
    sample(integral, real(3), 1, 0.5)
    sample(integral, real(3), 2, real(2), 0.5, 1.5)
    sample(integral, real(3), 3, [0.3], lbnd=-0.5)
    sample(integral, real(2, 3), 1, scl=0.7, axis=1)
    sample(integral, real(2, 3), 2, axis=-1)
    sample(integral, fixed(np.zeros(1)), 1, 0.5, _real_only="NumPy drops Im k")
    sample(INTEGRAL[prefix].__wrapped__, real(2, 3), 0.5, 0.2, 1.3, 1)
    sample(INTEGRAL[prefix].__wrapped__, real(2, 3), real(3), 0.2, 1.3, 0)
    for fun in (of("add"), of("sub")):
        sample(fun, real(3), real(2))
        sample(fun, real(2), real(3))
        sample(fun, real(), real(2))
        sample(fun, fixed(np.array([1.0, 2.0, 0.0])), real(2))
    sample(of("mul"), real(3), real(2))
    sample(of("mul"), real(1), real(3))
    sample(of("mul"), fixed(np.array([1.0, 2.0, 0.0])), real(2))
    sample(of("roots"), np.array([0.4, -1.3, -1.5, 1.0]), _real_only=SORTED)
    sample(of("roots"), np.array([0.4, -1.3]))
    sample(of("roots"), np.array([0.4]))
    sample(of("val2d"), real(2), real(2), real(2, 3))
    sample(of("val3d"), real(2), real(2), real(2), real(2, 3, 1))
    sample(of("grid2d"), real(2), real(3), real(2, 3))
    sample(of("grid3d"), real(2), real(1), real(), real(2, 2, 2))

NO_COMPLEX_ORDER = "complex roots are sorted by their real parts first"
for prefix, module in FAMILIES.items():

    def of(name, prefix=prefix, module=module):
        return getattr(module, prefix + name)

    for n in (1, 2, 5):
        sample(of("mulx"), real(n))
        if prefix != "poly":
            sample(of("2poly"), real(n))
            sample(getattr(module, "poly2" + prefix), real(n))
    sample(of("line"), real(), real())
    sample(of("line"), real(), 2)
    for power in (0, 1, 2, 4):
        sample(of("pow"), real(3), power)
    sample(of("pow"), real(2), 3, maxpower=5)
    for n in (1, 2, 5):
        sample(of("fromroots"), spread(n), _real_only=NO_COMPLEX_ORDER)
    sample(of("vander2d"), real(2), real(2), [1, 2])
    sample(of("vander2d"), real(), real(), (0, 2))
    sample(of("vander3d"), real(2), real(2), real(2), [1, 0, 2])
    FIT = "a fit to complex points is not holomorphic"
    sample(of("fit"), spread(5), real(5), 2, _real_only=FIT)
    sample(of("fit"), spread(5), real(5, 2), [0, 3], w=real(5), _real_only=FIT)
    sample(
        of("fit"), spread(5), real(5), 1, full=True, rcond=fixed(1e-9), _real_only=FIT
    )
    if prefix != "poly":
        sample(of("weight"), real(3, low=-0.8, high=0.8))
sample(chebyshev.chebtrim, np.array([0.5, 1.5, 1e-9]), fixed(1e-5), _order=0)
sample(chebyshev.chebtrim, real(3))
sample(chebyshev.chebtrim, np.array([1e-7]), fixed(1e-5), _order=0)
sample(polynomial.polyvalfromroots, real(2), real(3))
sample(polynomial.polyvalfromroots, real(2, 2), real(3, 2))
sample(polynomial.polyvalfromroots, real(2), real(3, 2), tensor=False)
sample(polynomial.polyvalfromroots, 1.5, [1, 2])
sample(chebyshev.chebinterpolate, np.multiply, 2, (real(),))
