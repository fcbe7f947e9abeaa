"""`numpy.lib.mixins`, which is NumPy's own."""

from numpy.lib import mixins as _np
from numpy.lib.mixins import *

from fgrad.numpy._namespace import others as _others

__getattr__, __dir__ = _others(_np, globals())
