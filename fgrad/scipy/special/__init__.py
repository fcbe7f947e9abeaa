"""`scipy.special`, for arrays and traced arrays alike.

Each file has the rules of one family of functions; importing it registers them. The
numbers in them, such as DLMF 5.2.2, are those of formulas in the NIST Digital Library
of Mathematical Functions, https://dlmf.nist.gov.
"""

import fgrad.scipy._special as _scipy
from fgrad.numpy._namespace import lifting as _lifting
from fgrad.scipy.special import (
    _bessel as _bessel,
    _distributions as _distributions,
    _elliptic as _elliptic,
    _entropy as _entropy,
    _errors as _errors,
    _gamma as _gamma,
    _hypergeometric as _hypergeometric,
    _incomplete as _incomplete,
    _integrals as _integrals,
    _kolmogorov as _kolmogorov,
    _logistic as _logistic,
    _orthogonal as _orthogonal,
)

__all__ = list(_scipy.__all__)

__getattr__, __dir__ = _lifting(_scipy, globals())
