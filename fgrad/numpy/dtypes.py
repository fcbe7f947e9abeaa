"""`numpy.dtypes`, which is NumPy's own."""

from numpy import dtypes as _np
from numpy.dtypes import *

from fgrad.numpy._namespace import others as _others

__getattr__, __dir__ = _others(_np, globals())
