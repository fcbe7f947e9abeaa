"""SciPy's array-API mode: one namespace for traced arrays and NumPy's.

With ``SCIPY_ARRAY_API=1``, SciPy asks the arrays of a call for their namespace, works
with the functions in it, and refuses two of them. `fgrad.numpy` takes NumPy's arrays,
too, so it is the namespace of both. SciPy has no place where this could be said: `meet`
makes one. SciPy also looks in a namespace for the functions of `scipy.special`: this
module is `fgrad.numpy` with these.
"""

import sys
import typing as _typing

import numpy as _np

import fgrad.numpy as _numpy
from fgrad._engine.box import Box as _Box
from fgrad._engine.later import LATER as _LATER
from fgrad.numpy._namespace import others as _others

NUMPYS = (_np.ndarray, _np.generic)

_other, __dir__ = _others(_numpy, globals())


def __getattr__(name: str) -> _typing.Any:
    """What `fgrad.numpy` has, and `special`."""
    return _LATER["fgrad.scipy.special"]() if name == "special" else _other(name)


def meet() -> None:
    """Let the arrays of a call of SciPy's be NumPy's and traced ones."""
    asked = sys.modules["scipy._lib.array_api_compat"]
    theirs = asked.array_namespace
    if theirs.__module__ == __name__:
        return

    def array_namespace(*arrays: _typing.Any, **options: _typing.Any) -> _typing.Any:
        if not any(type(array) is _Box for array in arrays):
            return theirs(*arrays, **options)
        rest = [a for a in arrays if not issubclass(type(a), NUMPYS)]
        found = theirs(*rest, **options)
        return sys.modules[__name__] if found is _numpy else found

    asked.array_namespace = array_namespace
