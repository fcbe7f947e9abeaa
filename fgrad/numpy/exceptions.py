"""`numpy.exceptions`, which is NumPy's own."""

from numpy import exceptions as _np
from numpy.exceptions import *

from fgrad.numpy._namespace import others as _others

__getattr__, __dir__ = _others(_np, globals())
