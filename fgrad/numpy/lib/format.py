"""`numpy.lib.format`, which is NumPy's own."""

from numpy.lib import format as _np
from numpy.lib.format import *

from fgrad.numpy._namespace import others as _others

__getattr__, __dir__ = _others(_np, globals())
