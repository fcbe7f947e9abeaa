"""`numpy.ma.mrecords`, which is NumPy's own."""

from numpy.ma import mrecords as _np
from numpy.ma.mrecords import *

from fgrad.numpy._namespace import others as _others

__getattr__, __dir__ = _others(_np, globals())
