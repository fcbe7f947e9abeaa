"""`numpy.rec`, which is NumPy's own."""

from numpy import rec as _np
from numpy.rec import *

from fgrad.numpy._namespace import others as _others

__getattr__, __dir__ = _others(_np, globals())
