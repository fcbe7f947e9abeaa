"""`scipy.linalg`, for arrays and traced arrays alike.

Each file has the rules of one kind of function; importing it registers them. A value is
always SciPy's own.
"""

import scipy.linalg as _scipy

from fgrad.numpy._namespace import lifting as _lifting
from fgrad.scipy.linalg import (
    _banded,
    _equations,
    _factors,
    _functions,
    _least_squares,
    _measures,
    _refused,
    _spectra,
    _structured,
    _systems,
    _vmap as _vmap,
)

__all__ = list(_scipy.__all__)

_TABLES = (
    *(_banded, _equations, _factors, _functions, _least_squares),
    *(_measures, _refused, _spectra, _structured, _systems),
)

__getattr__, __dir__ = _lifting(_scipy, globals())
