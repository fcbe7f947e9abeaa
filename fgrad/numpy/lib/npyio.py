"""`numpy.lib.npyio`, which is NumPy's own."""

from numpy.lib import npyio as _np
from numpy.lib.npyio import *

from fgrad.numpy._namespace import others as _others

__getattr__, __dir__ = _others(_np, globals())
