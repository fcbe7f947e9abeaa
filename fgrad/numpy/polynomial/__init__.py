"""`numpy.polynomial`, for arrays and traced arrays alike."""

from numpy import polynomial as _np
from numpy.polynomial import set_default_printstyle as set_default_printstyle

from fgrad.numpy._namespace import others as _others
from fgrad.numpy.polynomial import (
    chebyshev as chebyshev,
    hermite as hermite,
    hermite_e as hermite_e,
    laguerre as laguerre,
    legendre as legendre,
    polynomial as polynomial,
    polyutils as polyutils,
)
from fgrad.numpy.polynomial.chebyshev import Chebyshev as Chebyshev
from fgrad.numpy.polynomial.hermite import Hermite as Hermite
from fgrad.numpy.polynomial.hermite_e import HermiteE as HermiteE
from fgrad.numpy.polynomial.laguerre import Laguerre as Laguerre
from fgrad.numpy.polynomial.legendre import Legendre as Legendre
from fgrad.numpy.polynomial.polynomial import Polynomial as Polynomial

__getattr__, __dir__ = _others(_np, globals())
