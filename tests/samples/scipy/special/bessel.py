"""Calls of Bessel functions and their kin."""

import numpy as np
import scipy.special as sp

from fgrad.scipy.special._bessel import kv_slope
from tests.samples import fixed, positive, real, sample

ORDERS = fixed(np.array([[0.0], [1.0], [2.3]]))
WHOLE = np.array([[0], [1], [3]])
NAN = "SciPy's Mathieu functions are nan in float32"
SCALED = "of complex numbers, the scale is not holomorphic"

for _fun in (sp.j0, sp.j1, sp.i0, sp.i1, sp.i0e, sp.i1e, sp.y0, sp.y1):
    sample(_fun, positive(2, 3))
    sample(_fun, positive(0))
for _fun in (sp.j0, sp.j1, sp.i0, sp.i1):
    sample(_fun, np.array([0.0, -1.3]))
for _fun in (sp.k0, sp.k1, sp.k0e, sp.k1e):
    sample(_fun, positive(3))
for _fun in (sp.jv, sp.yv, sp.iv, sp.hankel1, sp.hankel2, sp.hankel1e, sp.hankel2e):
    sample(_fun, ORDERS, positive(3))
for _fun in (sp.jve, sp.yve, sp.ive):
    sample(_fun, ORDERS, positive(3), _real_only=SCALED)
for _fun in (sp.kv, sp.kve):
    sample(_fun, ORDERS, positive(3))
    sample(
        _fun, np.array([[0.0], [-1.2], [7.5]]), np.array([0.8, 3.0]), _real_only=SCALED
    )
for _fun in (sp.yn, sp.kn):
    sample(_fun, WHOLE, positive(3))
for _fun in (sp.spherical_jn, sp.spherical_yn, sp.spherical_in, sp.spherical_kn):
    sample(_fun, WHOLE, positive(3) + 2)
    sample(_fun, 2, positive(3) + 2, derivative=True)
sample(sp.airy, real(3))
sample(sp.airye, positive(3), _real_only=SCALED)
for _fun in (sp.ber, sp.bei, sp.ker, sp.kei, sp.berp, sp.beip, sp.kerp, sp.keip):
    sample(_fun, positive(3))
sample(sp.kelvin, positive(3))
for _fun in (sp.struve, sp.modstruve):
    sample(_fun, ORDERS, positive(3))
for _fun in (sp.pbdv, sp.pbvv, sp.pbwa):
    sample(_fun, fixed(np.array([[0.5], [1.2]])), positive(3))
for _name in ("cem", "sem", "modcem1", "modcem2", "modsem1", "modsem2"):
    sample(
        getattr(sp, f"mathieu_{_name}"),
        fixed(2.0),
        fixed(1.5),
        positive(3),
        _double_only=NAN,
    )
sample(
    kv_slope.__wrapped__,
    2,
    np.array([0.3, 4.0]),
    np.array([0.2, 9.0]),
    True,
    _real_only=SCALED,
)
sample(
    kv_slope.__wrapped__,
    1,
    np.array([0.3, 4.0]),
    np.array([0.2, 9.0]),
    False,
    _real_only=SCALED,
)
