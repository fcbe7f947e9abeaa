"""`numpy.testing.overrides`, which is NumPy's own."""

from numpy.testing import overrides as _np
from numpy.testing.overrides import *

from fgrad.numpy._namespace import others as _others

__getattr__, __dir__ = _others(_np, globals())
