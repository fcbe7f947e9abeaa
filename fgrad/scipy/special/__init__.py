"""`scipy.special`, for arrays and traced arrays alike.

Each file has the rules of one family of functions; importing it registers them. The
numbers in them, such as DLMF 5.2.2, are those of formulas in the NIST Digital Library
of Mathematical Functions, https://dlmf.nist.gov.
"""

import scipy.special as _scipy

from fgrad.numpy._namespace import lifting as _lifting
from fgrad.scipy.special import (  # pyright: ignore[reportUnusedImport] (registers)
    _bessel,  # noqa: F401
    _distributions,  # noqa: F401
    _elliptic,  # noqa: F401
    _entropy,  # noqa: F401
    _errors,  # noqa: F401
    _gamma,  # noqa: F401
    _hypergeometric,  # noqa: F401
    _incomplete,  # noqa: F401
    _integrals,  # noqa: F401
    _logistic,  # noqa: F401
    _orthogonal,  # noqa: F401
)

__all__ = list(_scipy.__all__)

__getattr__, __dir__ = _lifting(_scipy, globals())
