"""Which arguments are differentiated: ints, or sequences of ints, as in JAX."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from fgrad._transforms._values import label
from fgrad.errors import ArgnumsError

__all__ = [
    "Argnums",
    "argument_name",
    "as_ints",
    "checked_argnums",
    "is_sequence",
    "positions",
    "sequence",
]

Argnums = int | Sequence[int]


def is_sequence(argnums: Argnums) -> bool:
    """Whether the result shall be a tuple."""
    return isinstance(argnums, Sequence)


def sequence(argnums: Argnums) -> Sequence[int]:
    """The argnums as a sequence."""
    return argnums if isinstance(argnums, Sequence) else (argnums,)


def as_ints(argnums: Argnums) -> list[int] | None:
    """The argnums as ints; ``None`` if one of them is something else."""
    given = sequence(argnums)
    try:
        found = [operator.index(n) for n in given if type(n) is not bool]
    except TypeError:
        return None
    return found if len(found) == len(given) else None


def checked_argnums(transform: Any, argnums: Argnums) -> list[int]:
    """The argnums as ints, or an error."""
    found = as_ints(argnums)
    if not found:
        raise ArgnumsError(
            f"argnums={argnums!r} of {transform!r}: give an int, or a non-empty "
            f"sequence of ints; the function's arguments come in a second call, "
            f"{transform!r}(x)"
        )
    return found


def positions(
    transform: Any, argnums: Argnums, count: int, named: Iterable[str]
) -> tuple[int, ...]:
    """Positions of the differentiated arguments, counted from the front."""
    if type(argnums) is int and 0 <= argnums < count:
        return (argnums,)
    found = checked_argnums(transform, argnums)
    for position in found:
        if not -count <= position < count:
            name = label(transform.fun)
            more = f"; pass {', '.join(named)} by position" if named else ""
            raise ArgnumsError(
                f"argnums={position} of {transform!r}, but {name} was called with "
                f"{count} positional argument{'s' if count != 1 else ''}{more}"
            )
    found = [position % count for position in found]
    if len(set(found)) < len(found):
        raise ArgnumsError(
            f"argnums={argnums!r} of {transform!r} names an argument twice"
        )
    return tuple(found)


def argument_name(fun: Callable[..., Any], argnum: int) -> str:
    """The name of a positional argument, as the function calls it."""
    try:
        parameters = list(inspect.signature(fun).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    named = [
        p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    return named[argnum].name if argnum < len(named) else f"args[{argnum}]"
