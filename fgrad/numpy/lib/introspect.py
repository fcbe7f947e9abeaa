"""`numpy.lib.introspect`, which is NumPy's own."""

from numpy.lib import introspect as _np
from numpy.lib.introspect import *

from fgrad.numpy._namespace import others as _others

__getattr__, __dir__ = _others(_np, globals())
