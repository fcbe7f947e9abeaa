"""`numpy.lib.array_utils`, which is NumPy's own."""

from numpy.lib import array_utils as _np
from numpy.lib.array_utils import *

from fgrad.numpy._namespace import others as _others

__getattr__, __dir__ = _others(_np, globals())
