"""`numpy.emath`, for arrays and traced arrays alike."""

import numpy as _np

from fgrad._engine.dispatch import lift as _lift

arccos = _lift(_np.emath.arccos)
arcsin = _lift(_np.emath.arcsin)
arctanh = _lift(_np.emath.arctanh)
log = _lift(_np.emath.log)
log2 = _lift(_np.emath.log2)
log10 = _lift(_np.emath.log10)
logn = _lift(_np.emath.logn)
power = _lift(_np.emath.power)
sqrt = _lift(_np.emath.sqrt)
