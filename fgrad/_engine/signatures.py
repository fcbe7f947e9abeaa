"""What functions are called, and what their parameters are called."""

import inspect
import re
import sys
from collections.abc import Callable
from functools import partial
from types import MethodType
from typing import Any

import numpy as np

__all__ = [
    "NO_VALUE",
    "REQUIRED",
    "aliases_of",
    "function_name",
    "keywords_of",
    "of_array_package",
    "parameters_of",
    "rest_of",
]

REQUIRED = inspect.Parameter.empty
NO_VALUE: Any = getattr(np, "_NoValue")  # noqa: B009 (private, but in every default)

_UFUNC_OPTIONS = {
    "out": None,
    "where": True,
    "casting": "same_kind",
    "order": "K",
    "dtype": None,
    "subok": True,
    "signature": None,
}
_GUFUNC_OPTIONS = _UFUNC_OPTIONS | {
    "axes": NO_VALUE,
    "axis": NO_VALUE,
    "keepdims": False,
}

_C_SIGNATURES: dict[str, dict[str, Any]] = {
    "array": {"object": REQUIRED, "dtype": None, "copy": True, "order": "K",
              "subok": False, "ndmin": 0, "ndmax": 0, "like": None},
    "arange": {"start": REQUIRED, "stop": None, "step": 1, "dtype": None,
               "device": None, "like": None},
    "asarray": {"a": REQUIRED, "dtype": None, "order": None, "device": None,
                "copy": None, "like": None},
    "asanyarray": {"a": REQUIRED, "dtype": None, "order": None, "device": None,
                   "copy": None, "like": None},
    "ascontiguousarray": {"a": REQUIRED, "dtype": None, "like": None},
    "asfortranarray": {"a": REQUIRED, "dtype": None, "like": None},
    "bincount": {"x": REQUIRED, "weights": None, "minlength": 0},
    "concatenate": {"arrays": REQUIRED, "axis": 0, "out": None, "dtype": None,
                    "casting": "same_kind"},
    "dot": {"a": REQUIRED, "b": REQUIRED, "out": None},
    "inner": {"a": REQUIRED, "b": REQUIRED},
    "vdot": {"a": REQUIRED, "b": REQUIRED},
    "where": {"condition": REQUIRED, "x": None, "y": None},
}  # fmt: skip
"""Parameters of functions written in C, which NumPy before 2.4 cannot tell."""


ARRAY_PACKAGES = {"numpy": "np", "scipy": "scipy"}
"""Packages whose functions take what can be made an array, and what we call them."""

UFUNC_MODULES = ("numpy", "scipy.special")
"""Where ufuncs are found, which do not know their module."""


def of_array_package(fun: Callable[..., Any]) -> bool:
    """Whether a function takes what can be made an array; a user's may take all."""
    if isinstance(fun, np.ufunc) or isinstance(_owner(fun), np.ufunc):
        return True
    return (getattr(fun, "__module__", None) or "").partition(".")[0] in ARRAY_PACKAGES


def function_name(fun: Callable[..., Any]) -> str:
    """The public name of a function: ``np.linalg.eigh``, ``loss``."""
    if isinstance(fun, np.ufunc):
        return _ufunc_name(fun)
    owner = _owner(fun)
    if isinstance(owner, np.ufunc):
        return f"{_ufunc_name(owner)}.{fun.__name__}"
    if isinstance(fun, partial):
        return f"partial({function_name(fun.func)})"
    name = getattr(fun, "__qualname__", None) or type(fun).__qualname__
    package, _, rest = (getattr(fun, "__module__", None) or "").partition(".")
    if package not in ARRAY_PACKAGES:
        return name.rpartition("<locals>.")[2]
    public = [part for part in rest.split(".") if part and not part.startswith("_")]
    return ".".join([ARRAY_PACKAGES[package], *public, name])


def _owner(fun: Callable[..., Any]) -> Any:
    """The object that a method is bound to."""
    return getattr(fun, "__self__", None)


def _ufunc_name(ufunc: np.ufunc) -> str:
    name = ufunc.__name__
    for module in UFUNC_MODULES:
        if getattr(sys.modules.get(module), name, None) is ufunc:
            package, _, rest = module.partition(".")
            return ".".join(filter(None, [ARRAY_PACKAGES[package], rest, name]))
    return name


def parameters_of(fun: Callable[..., Any]) -> dict[str, Any]:
    """Parameter names of `fun`, with their defaults or ``REQUIRED``."""
    if isinstance(fun, np.ufunc):
        first = _operands(fun)
        options = _GUFUNC_OPTIONS if fun.signature else _UFUNC_OPTIONS
        return dict.fromkeys(first, REQUIRED) | options
    if isinstance(fun, MethodType):  # what it is bound to is given
        return dict(list(parameters_of(fun.__func__).items())[1:])
    inner = inspect.unwrap(fun)
    code = getattr(inner, "__code__", None)
    name = getattr(fun, "__name__", None)
    if code is None and name in _C_SIGNATURES:
        return _C_SIGNATURES[name]
    if code is None:
        return {p.name: p.default for p in _inspected(fun)}
    # What inspect.signature would say, a hundred times faster: it counts at import.
    count, names = code.co_argcount, code.co_varnames
    keywords = names[count : count + code.co_kwonlyargcount]
    rest = names[count + len(keywords) :][: bool(code.co_flags & inspect.CO_VARARGS)]
    defaults = inner.__defaults__ or ()
    given = dict(zip(names[count - len(defaults) : count], defaults, strict=True))
    given |= inner.__kwdefaults__ or {}
    return {n: given.get(n, REQUIRED) for n in (*names[:count], *rest, *keywords)}


def _operands(ufunc: np.ufunc) -> list[str]:
    """The names of a ufunc's operands.

    A ufunc does not know them, but other packages document them: ``jv(v, z, out=None)``
    is a line of its documentation. NumPy's are x, or x1 and x2, as for any ufunc.
    """
    if getattr(np, ufunc.__name__, None) is ufunc:
        return _generic(ufunc)
    documented = rf"^ *{re.escape(ufunc.__name__)}\((\w+(?:, *\w+)*)[,)]"
    for names in re.findall(documented, ufunc.__doc__ or "", re.MULTILINE):
        found = re.findall(r"\w+", names)[: ufunc.nin]
        if len({*found}) == ufunc.nin and found != _generic(ufunc):
            return found
    return _generic(ufunc)


def _generic(ufunc: np.ufunc) -> list[str]:
    count = ufunc.nin
    return ["x"] if count == 1 else [f"x{i + 1}" for i in range(count)]


def aliases_of(ufunc: np.ufunc) -> dict[str, str]:
    """Names that any ufunc's operands have, and their own; where these differ."""
    pairs = dict(zip(_generic(ufunc), _operands(ufunc), strict=True))
    own = {*pairs.values()}
    return {name: pairs[name] for name in pairs if name not in own}


def rest_of(fun: Callable[..., Any]) -> str | None:
    """The name of ``*args``, if `fun` takes it."""
    code = getattr(inspect.unwrap(fun), "__code__", None)
    if code is None:
        rest = (p.name for p in _inspected(fun) if p.kind is p.VAR_POSITIONAL)
        return next(rest, None)
    if not code.co_flags & inspect.CO_VARARGS:
        return None
    return code.co_varnames[code.co_argcount + code.co_kwonlyargcount]


def keywords_of(fun: Callable[..., Any]) -> str | None:
    """The name of ``**kwargs``, if a function takes any keyword."""
    named = (p.name for p in _inspected(fun) if p.kind is p.VAR_KEYWORD)
    return next(named, None)


def _inspected(fun: Callable[..., Any]) -> list[inspect.Parameter]:
    """Parameters of what has no code of its own: partials, objects, C functions."""
    try:
        return list(inspect.signature(fun).parameters.values())
    except (TypeError, ValueError):
        return []
