"""Families of distributions: SciPy's objects, some methods of which take traced values.

A call without traced values is SciPy's own. So is all that has no method here.
"""

from collections.abc import Callable, Mapping
from functools import update_wrapper
from typing import Any

from fgrad._engine.box import boxes_in
from fgrad._words.callsite import no_rule

__all__ = ["FAMILIES", "Family", "Frozen"]

FAMILIES: dict[str, Any] = {}
"""All distributions of the room, by SciPy's name of the object."""

Method = Callable[..., Any]

POSITIONAL = {"rvs": ("size", "random_state"), "stats": ("moments",)}
"""What a frozen distribution takes in another place than the family does."""


def _family(name: str) -> Any:
    """What a pickle says."""
    return FAMILIES[name]


class Family:
    """A distribution of SciPy's with parameters: ``norm``, not ``norm(0, 1)``.

    Parameters
    ----------
    scipys : object
        SciPy's own.
    name : str
        What it is called in `scipy.stats`.
    methods : mapping
        What runs in place of a method if an argument is traced: a function of SciPy's
        object and of the arguments.
    lacks : str or None
        The parameters and methods that have no derivative, for the table of names;
        ``None`` if there is no derivative at all.
    """

    def __init__(
        self,
        scipys: Any,
        name: str,
        methods: Mapping[str, Method],
        lacks: str | None = "",
    ) -> None:
        self.lacks = lacks
        self._scipys = scipys
        self._name = name
        self._methods = methods
        self.__doc__ = scipys.__doc__
        FAMILIES[name] = self

    @staticmethod
    def has_traced(*values: Any) -> bool:
        """Whether there is a traced value among arguments."""
        return bool(boxes_in([*values]))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        thing = getattr(self._scipys, name)
        return self._lifted(name, thing) if callable(thing) else thing

    def _lifted(self, name: str, theirs: Any) -> Method:
        """The method for plain and traced values."""
        ours = self._methods.get(name)

        def call(*args: Any, **kwds: Any) -> Any:
            if not self.has_traced(args, kwds):
                return theirs(*args, **kwds)
            if ours is None:
                raise no_rule(f"scipy.stats.{self._name}.{name}")
            return ours(self._scipys, *args, **kwds)

        call = update_wrapper(call, theirs)
        setattr(self, name, call)
        return call

    def __call__(self, *args: Any, **kwds: Any) -> Any:
        """The distribution with these parameters, traced or not."""
        return Frozen(self, args, kwds)

    def freeze(self, *args: Any, **kwds: Any) -> Any:
        """The same."""
        return self(*args, **kwds)

    def __dir__(self) -> list[str]:
        return sorted({*dir(self._scipys), *super().__dir__()})

    def __repr__(self) -> str:
        return f"<fgrad.scipy.stats.{self._name}>"

    def __reduce__(self) -> Any:
        return _family, (self._name,)


class Frozen:
    """A distribution with given parameters.

    Parameters
    ----------
    family : Family
        The distribution.
    args, kwds : tuple and dict
        Its parameters, as the family's methods take them.
    """

    def __init__(
        self, family: Family, args: tuple[Any, ...], kwds: dict[str, Any]
    ) -> None:
        self.dist = family
        self.args = args
        self.kwds = kwds
        traced = family.has_traced(args, kwds)
        self._theirs = None if traced else family._scipys(*args, **kwds)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        theirs = self._theirs
        if theirs is not None:
            thing = getattr(theirs, name)
            if not callable(thing):
                return thing
        method = getattr(self.dist, name)

        def call(*args: Any, **kwds: Any) -> Any:
            if theirs is not None and not self.dist.has_traced(args, kwds):
                return getattr(theirs, name)(*args, **kwds)
            if name in POSITIONAL:
                kwds |= dict(zip(POSITIONAL[name], args, strict=False))
                args = ()
            return method(*args, *self.args, **self.kwds, **kwds)

        return update_wrapper(call, method) if callable(method) else method

    def __setattr__(self, name: str, value: Any) -> None:
        theirs = self.__dict__.get("_theirs")
        if theirs is not None and name == "random_state":
            theirs.random_state = value
        else:
            super().__setattr__(name, value)

    def __repr__(self) -> str:
        parts = [*map(repr, self.args), *(f"{n}={v!r}" for n, v in self.kwds.items())]
        return f"{repr(self.dist)[:-1]}({', '.join(parts)})>"

    def __reduce__(self) -> Any:
        return Frozen, (self.dist, self.args, self.kwds)
