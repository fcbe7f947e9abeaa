"""`numpy.emath`, which is `numpy.lib.scimath`, for arrays and traced arrays alike."""

from numpy.lib import scimath as _np

from fgrad.numpy._namespace import lift as _lift, others as _others

arccos = _lift(_np.arccos)
arcsin = _lift(_np.arcsin)
arctanh = _lift(_np.arctanh)
log = _lift(_np.log)
log2 = _lift(_np.log2)
log10 = _lift(_np.log10)
logn = _lift(_np.logn)
power = _lift(_np.power)
sqrt = _lift(_np.sqrt)

__getattr__, __dir__ = _others(_np, globals())
