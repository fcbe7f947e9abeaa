"""`numpy.version`, which is NumPy's own."""

from numpy import version as _np
from numpy.version import *

from fgrad.numpy._namespace import others as _others

__getattr__, __dir__ = _others(_np, globals())
