"""`numpy.lib`: what of it computes with arrays is lifted, the rest is NumPy's own."""

from numpy import lib as _np

from fgrad.numpy._namespace import others as _others
from fgrad.numpy.lib import scimath as scimath, stride_tricks as stride_tricks

__getattr__, __dir__ = _others(_np, globals())
