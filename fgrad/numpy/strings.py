"""`numpy.strings`, which is NumPy's own."""

from numpy import strings as _np
from numpy.strings import *

from fgrad.numpy._namespace import others as _others

__getattr__, __dir__ = _others(_np, globals())
