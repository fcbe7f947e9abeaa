"""`numpy.f2py`, which is NumPy's own."""

from numpy import f2py as _np
from numpy.f2py import *

from fgrad.numpy._namespace import others as _others

__getattr__, __dir__ = _others(_np, globals())
