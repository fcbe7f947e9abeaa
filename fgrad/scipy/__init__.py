"""SciPy, for arrays and traced arrays alike: the modules for which fgrad has rules.

What a module has besides is SciPy's own, and so is every call without traced values.
SciPy is optional: ``pip install 'fgrad[scipy]'``.
"""

import typing as _typing

from fgrad._engine.later import LATER as _LATER

try:
    import scipy as _scipy
except ImportError as error:
    raise ImportError("fgrad.scipy needs SciPy: pip install scipy") from error

from fgrad.numpy._namespace import others as _others

if _typing.TYPE_CHECKING:
    from fgrad.scipy import linalg as linalg, special as special, stats as stats

_other, __dir__ = _others(_scipy, globals())


def __getattr__(name: str) -> _typing.Any:
    """Load a module when it is first asked for, as SciPy does."""
    later = _LATER.get(f"fgrad.scipy.{name}")
    return later() if later else _other(name)
