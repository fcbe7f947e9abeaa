"""What in `scipy.stats` a call was about: its methods and wrappers do not tell."""

import inspect
import sys
from collections.abc import Iterable
from typing import Any

__all__ = ["in_statistics"]


def in_statistics(objects: Iterable[Any]) -> str | None:
    """The public name of the first of these objects that has one.

    They are what a call is bound to, and what its function holds: a method knows its
    distribution, a distribution with parameters the one without, and a wrapper the
    function that it wraps.
    """
    there = vars(sys.modules["scipy.stats"])
    for thing in objects:
        owner = getattr(thing, "dist", getattr(thing, "_dist", thing))
        for name in (getattr(owner, n, None) for n in ("name", "__name__")):
            if isinstance(name, str) and name in there and _is(there[name], owner):
                return name
        kind = type(owner)
        for name, theirs in there.items():
            if theirs is kind:
                return name
            if type(theirs) is kind and kind.__module__.startswith("scipy.stats."):
                return name
    return None


def _is(theirs: Any, thing: Any) -> bool:
    """Whether these are two copies of a distribution, or a function and its wrapper."""
    if inspect.isfunction(thing):
        return inspect.unwrap(theirs) is inspect.unwrap(thing)
    return type(theirs) is type(thing) and not isinstance(thing, type)
