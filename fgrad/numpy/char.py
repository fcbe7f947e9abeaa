"""`numpy.char`, which is NumPy's own."""

from numpy import char as _np
from numpy.char import *

from fgrad.numpy._namespace import others as _others

__getattr__, __dir__ = _others(_np, globals())
