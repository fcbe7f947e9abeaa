"""`numpy.testing`, which is NumPy's own."""

from numpy import testing as _np
from numpy.testing import *

from fgrad.numpy._namespace import others as _others

__getattr__, __dir__ = _others(_np, globals())
