"""Calls of powers, roots, fits and weights in the families of `numpy.polynomial`.

As in `series`: one call in each family, and all calls in one of them.
"""

import numpy as np
from numpy.polynomial import chebyshev, polynomial

from fgrad.primitives.series import FAMILIES
from tests.samples import fixed, real, sample, spread

NO_COMPLEX_ORDER = "complex roots are sorted by their real parts first"
FIT = "a fit to complex points is not holomorphic"
IN_FULL = "cheb"

POINTS = np.array([-1.2, -0.5, 0.1, 0.6, 1.1])
WEIGHTS = np.array([0.7, -1.2, 1.0, 1.9, -0.8])

for prefix, module in FAMILIES.items():

    def of(name, prefix=prefix, module=module):
        return getattr(module, prefix + name)

    sample(of("pow"), real(2), 3, maxpower=5)
    sample(of("fromroots"), spread(5), _real_only=NO_COMPLEX_ORDER)
    sample(of("vander2d"), real(2), real(2), [1, 2])
    sample(of("vander3d"), real(2), real(2), real(2), [1, 0, 2])
    sample(
        *(of("fit"), POINTS, real(5, 2), [0, 3]),
        w=WEIGHTS,
        _real_only=FIT,
        _keeps={"scale": "of points that are close to each other, a fit is all noise"},
    )
    if prefix != "poly":
        sample(of("weight"), real(3, low=-0.8, high=0.8))
    if prefix in ("poly", "cheb", "leg"):  # these have powers of their own
        for power in (0, 1, 2, 4):
            sample(of("pow"), real(3), power)
    if prefix != IN_FULL:
        continue

    for n in (1, 2):
        sample(of("fromroots"), spread(n), _real_only=NO_COMPLEX_ORDER)
    sample(of("vander2d"), real(), real(), (0, 2))
    sample(of("fit"), POINTS, real(5), 2, _real_only=FIT)
    sample(of("fit"), POINTS, real(5), 1, full=True, rcond=fixed(1e-9), _real_only=FIT)

sample(chebyshev.chebtrim, np.array([0.5, 1.5, 1e-9]), fixed(1e-5), _order=0)
sample(chebyshev.chebtrim, real(3))
sample(chebyshev.chebtrim, np.array([1e-7]), fixed(1e-5), _order=0)
sample(polynomial.polyvalfromroots, real(2), real(3))
sample(polynomial.polyvalfromroots, real(2, 2), real(3, 2))
sample(polynomial.polyvalfromroots, real(2), real(3, 2), tensor=False)
sample(polynomial.polyvalfromroots, 1.5, [1, 2])
sample(chebyshev.chebinterpolate, np.multiply, 2, (real(),))
