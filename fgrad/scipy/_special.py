"""`scipy.special`, where a ufunc is a ufunc also in SciPy's array-API mode.

There, most names are functions that choose a library by the arrays of a call, and for
NumPy's call a ufunc, or a function. Rules belong to what computes.
"""

import inspect as _inspect
import typing as _typing

import scipy.special as _scipy

from fgrad.numpy._namespace import others as _others

_CHOOSE = {"scipy.special", "scipy.special._support_alternative_backends"}
"""Where functions that choose are from, by the version of SciPy."""

_other, __dir__ = _others(_scipy, globals())


def __getattr__(name: str) -> _typing.Any:
    """What computes, under SciPy's name."""
    thing = _other(name)
    if _inspect.isfunction(thing) and thing.__module__ in _CHOOSE:
        thing = getattr(thing, "__wrapped__", thing)
    globals()[name] = thing
    return thing
