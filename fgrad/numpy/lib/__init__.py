"""What of `numpy.lib` computes with arrays."""

from fgrad.numpy import emath as scimath
from fgrad.numpy.lib import stride_tricks

__all__ = ["scimath", "stride_tricks"]
