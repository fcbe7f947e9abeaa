"""`scipy.linalg`, for arrays and traced arrays alike."""

import scipy.linalg as _scipy

from fgrad.numpy._namespace import lifting as _lifting

__all__ = list(_scipy.__all__)

__getattr__, __dir__ = _lifting(_scipy, globals())
