"""`numpy.ctypeslib`, which is NumPy's own."""

from numpy import ctypeslib as _np
from numpy.ctypeslib import *

from fgrad.numpy._namespace import others as _others

__getattr__, __dir__ = _others(_np, globals())
