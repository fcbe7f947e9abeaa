"""`numpy.lib.recfunctions`, which is NumPy's own."""

from numpy.lib import recfunctions as _np
from numpy.lib.recfunctions import *

from fgrad.numpy._namespace import others as _others

__getattr__, __dir__ = _others(_np, globals())
