"""How a namespace of NumPy's becomes one of fgrad: lifted names, and all the others."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Callable
from functools import update_wrapper
from sys import _getframe
from types import ModuleType
from typing import Any, NoReturn, TypeVar

import numpy as np

from fgrad._engine.box import ARGUMENTS, CONTAINERS
from fgrad._engine.constants import writable
from fgrad._engine.dispatch import lift as lifted
from fgrad._engine.rules import is_known
from fgrad._engine.signatures import parameters_of
from fgrad._words.foreign import is_iterable

__all__ = ["Kind", "lift", "lifting", "made", "others", "ufunc"]

F = TypeVar("F", bound=Callable[..., Any])

LIFTED: dict[Any, Any] = {}
"""NumPy's functions, and what each is here: one object, also under several names."""

OF_UFUNCS = [name for name in dir(np.ufunc) if not name.startswith("_")]
"""The public attributes and methods of a ufunc."""

FOLLOWED = ("accumulate", "at", "outer", "reduce", "reduceat")
"""Those of them that take arrays."""

JOINING = frozenset(
    {np.stack, np.concatenate, np.hstack, np.vstack, np.dstack, np.column_stack}
)
"""Functions that take arrays and join them: here, any iterable of arrays.

NumPy refuses what is no sequence, so this changes no result. `np.array` does not belong
here: of a generator, it makes an array with one object.
"""


def lift(fun: F) -> F:
    """`fun` for arrays and boxes, as a function of the module that calls this.

    It pickles under its name there, as NumPy's function does. A lifted ufunc has all
    attributes and methods of the ufunc.
    """
    if fun not in LIFTED:
        here = _getframe(1).f_locals  # of a module, or of a class in it
        module = here["__name__"] if "__name__" in here else here["__module__"]
        owner = [here["__qualname__"]] if "__qualname__" in here else []
        LIFTED[fun] = _named(fun, module, ".".join([*owner, fun.__name__]))
    return LIFTED[fun]


def made(fun: F) -> F:
    """A function of the module that calls this, which makes an array.

    While a transform runs, traced values can be written into that array.
    """
    here = _getframe(1).f_locals["__name__"]

    def making(*args: Any, **kwargs: Any) -> Any:
        made = fun(*args, **kwargs)
        if args and type(args[0]) is np.ndarray and np.may_share_memory(made, args[0]):
            return made  # NumPy did not copy it
        return writable(made)

    call: Any = update_wrapper(making, fun)
    call.__module__, call.__qualname__ = here, fun.__name__
    numpys = getattr(fun, "__wrapped__", fun)
    call.__wrapped__ = numpys
    LIFTED[numpys] = call
    return call


def _named(fun: Callable[..., Any], module: str, name: str) -> Any:
    call: Any = _joining(fun) if fun in JOINING else lifted(fun)
    call.__module__, call.__qualname__ = module, name
    if isinstance(fun, np.ufunc):
        binary = fun.nin == 2 and fun.nout == 1
        for part in OF_UFUNCS:
            value = getattr(fun, part)
            if part in FOLLOWED and binary:
                value = _named(value, module, f"{name}.{part}")
            setattr(call, part, value)
    return call


def _joining(fun: Callable[..., Any]) -> Any:
    """A function whose first argument may be any iterable of arrays."""
    call, first = lifted(fun), next(iter(parameters_of(fun)))

    def joining(*args: Any, **kwargs: Any) -> Any:
        if args:
            if type(args[0]) not in CONTAINERS:
                args = (_listed(args[0]), *args[1:])
        elif first in kwargs:
            kwargs[first] = _listed(kwargs[first])
        return call(*args, **kwargs)

    return update_wrapper(joining, fun)


def _listed(arrays: Any) -> Any:
    """A list of what NumPy would not look into; sets have no order, and stay."""
    kind = type(arrays)
    return list(arrays) if kind not in ARGUMENTS and is_iterable(kind) else arrays


class Kind(ABCMeta):
    """A class of which NumPy's instances are instances, too.

    NumPy's class is its attribute ``_numpys``; subclasses are ordinary ones.
    """

    def __instancecheck__(cls, instance: Any) -> bool:
        numpys = vars(cls).get("_numpys", ())
        return super().__instancecheck__(instance) or isinstance(instance, numpys)

    def __subclasscheck__(cls, subclass: type) -> bool:
        numpys = vars(cls).get("_numpys")
        return numpys in subclass.__mro__ or super().__subclasscheck__(subclass)


class _KindOfUfunc(Kind):
    """The kind of what has to be a function, since its calls count: lifted ufuncs."""

    def __instancecheck__(cls, instance: Any) -> bool:
        fun = getattr(instance, "__wrapped__", None)
        lifted = isinstance(fun, np.ufunc) and LIFTED.get(fun) is instance
        return lifted or super().__instancecheck__(instance)

    def __getattr__(cls, name: str) -> Any:
        return getattr(np.ufunc, name)


class ufunc(metaclass=_KindOfUfunc):  # noqa: N801 (NumPy's name)
    """The type of NumPy's ufuncs, for questions only: `fgrad.numpy.sin` is one, too.

    Its methods take a ufunc first: ``ufunc.reduce(add, x)`` is ``add.reduce(x)``.
    """

    _numpys = np.ufunc

    def __new__(cls) -> NoReturn:
        raise TypeError("cannot create 'numpy.ufunc' instances")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self(*args, **kwargs)


def _method(name: str) -> Callable[..., Any]:
    def method(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        return getattr(self, name)(*args, **kwargs)

    method.__name__, method.__qualname__ = name, f"ufunc.{name}"
    method.__doc__ = getattr(np.ufunc, name).__doc__
    return method


for _name in FOLLOWED:
    setattr(ufunc, _name, _method(_name))


def others(
    module: ModuleType, here: dict[str, Any]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of a module whose other names are NumPy's own.

    NumPy is asked when a name is first needed, so what it loads late loads late here.
    """
    ours, theirs = here["__name__"], module.__name__

    def __getattr__(name: str) -> Any:  # noqa: N807
        try:
            return getattr(module, name)
        except AttributeError as error:
            words = str(error).replace(f"module '{theirs}'", f"module '{ours}'")
            raise AttributeError(words, name=name) from None

    def __dir__() -> list[str]:  # noqa: N807
        return sorted({*here, *dir(module)})

    return __getattr__, __dir__


def lifting(
    module: ModuleType, here: dict[str, Any]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """As `others`, but what fgrad has a rule for is lifted when it is first needed."""
    other, names = others(module, here)

    def __getattr__(name: str) -> Any:  # noqa: N807
        thing = other(name)
        if not is_known(thing):
            return thing
        if thing not in LIFTED:
            LIFTED[thing] = _named(thing, here["__name__"], name)
        here[name] = LIFTED[thing]
        return here[name]

    return __getattr__, names
