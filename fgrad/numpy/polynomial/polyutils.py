"""`numpy.polynomial.polyutils`: `trimcoef` is lifted, the rest is NumPy's own."""

from numpy.polynomial import polyutils as _np

from fgrad.numpy._namespace import lift as _lift, others as _others

trimcoef = _lift(_np.trimcoef)

__getattr__, __dir__ = _others(_np, globals())
