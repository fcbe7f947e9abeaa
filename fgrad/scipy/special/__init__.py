"""`scipy.special`, for arrays and traced arrays alike.

Each file has the rules of one family of functions; importing it registers them. The
numbers in them, such as DLMF 5.2.2, are those of formulas in the NIST Digital Library
of Mathematical Functions, https://dlmf.nist.gov.
"""

import scipy.special as _scipy

from fgrad.numpy._namespace import lifting as _lifting
from fgrad.scipy.special import _gamma  # noqa: F401 # pyright: ignore[reportUnusedImport] (registers the rules)

__all__ = list(_scipy.__all__)

__getattr__, __dir__ = _lifting(_scipy, globals())
