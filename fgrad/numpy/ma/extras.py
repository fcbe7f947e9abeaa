"""`numpy.ma.extras`, which is NumPy's own."""

from numpy.ma import extras as _np
from numpy.ma.extras import *

from fgrad.numpy._namespace import others as _others

__getattr__, __dir__ = _others(_np, globals())
