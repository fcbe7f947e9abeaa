"""`numpy.typing`, which is NumPy's own."""

from numpy import typing as _np
from numpy.typing import *

from fgrad.numpy._namespace import others as _others

__getattr__, __dir__ = _others(_np, globals())
