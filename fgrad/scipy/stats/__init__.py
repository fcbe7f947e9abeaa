"""`scipy.stats`, for arrays and traced arrays alike.

A distribution is an object, as in SciPy: some of its methods take traced values, too.
Each file has one kind of them; importing it registers the rules.
"""

import scipy.stats as _scipy

from fgrad.numpy._namespace import lifting as _lifting
from fgrad.scipy.stats import (
    _comparisons as _comparisons,
    _continuous as _continuous,
    _discrete as _discrete,
    _multivariate as _multivariate,
    _normality as _normality,
    _refused as _refused,
    _samples as _samples,
)
from fgrad.scipy.stats._families import FAMILIES as _FAMILIES
from fgrad.scipy.stats._kde import gaussian_kde as gaussian_kde

__all__ = list(_scipy.__all__)

globals().update(_FAMILIES)

__getattr__, __dir__ = _lifting(_scipy, globals())
