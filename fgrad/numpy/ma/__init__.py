"""`numpy.ma`, which is NumPy's own."""

from numpy import ma as _np
from numpy.ma import *

from fgrad.numpy._namespace import others as _others

__getattr__, __dir__ = _others(_np, globals())
