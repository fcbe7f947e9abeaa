"""The table of batched functions, and what is called for one example after the other.

An entry computes a function for all examples at once. Where there is none, or where it
returns ``NotImplemented``, the examples go one by one. That is always right, and slow,
so it is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fgrad._engine.box import Box, rebuilt
from fgrad._engine.rules import RULES
from fgrad._tree import branches, flatten, unflatten
from fgrad._words.callsite import at, caller, short
from fgrad.errors import BatchedValueError

__all__ = ["BATCHERS", "LOOPS", "SHOWN", "Loop", "batcher", "count", "stacked"]

BATCHERS: dict[Callable[..., Any], Callable[..., Any]] = {}
"""``batch(trace, rule, args, kwargs) -> result`` by the function that it computes."""


SHOWN: set[Callable[..., Any]] = set()
"""Functions whose entry runs functions of the user: what these raise is shown."""


def batcher(
    *funs: Callable[..., Any], runs_user_code: bool = False
) -> Callable[[Any], Any]:
    """Register how `funs` are computed for all examples at once."""

    def register(batch: Callable[..., Any]) -> Callable[..., Any]:
        for fun in funs:
            BATCHERS[RULES[fun].fun if fun in RULES else fun] = batch
            if runs_user_code:
                SHOWN.add(fun)
        return batch

    return register


class Loop(NamedTuple):
    """A function that was called for one example after the other."""

    name: str
    where: str
    """The user's line."""
    why: str
    """The reason why it was not computed for all at once.

    An error of an entry is a fault of fgrad: one example had none.
    """


LOOPS: Counter[Loop] = Counter()
"""How often that happened."""

NO_ENTRY = "no entry"
REFUSED = "refused by its entry"
ASKED = "asked for one value"


def count(name: str, why: str) -> None:
    """Remember that a function was called for one example after the other."""
    LOOPS[Loop(name, short(caller()), why)] += 1


def stacked(
    trace: Any, name: str, results: list[Any], stack: Callable[[list[Any]], Any]
) -> Any:
    """The results for one example after the other as the result for all of them."""
    if not results:
        raise _refusal(
            trace,
            f"{name} is called for one example after the other, but there is none",
        )
    first = results[0]
    if any(result is None for result in results):
        if any(result is not None for result in results):
            raise _refusal(trace, f"{name} gives None for some examples only")
        return None
    if isinstance(first, tuple | list):
        if len({len(result) for result in results}) > 1:
            raise _uneven(trace, name, "lengths", map(len, results))
        columns = zip(*results, strict=True)
        return rebuilt(first, [stacked(trace, name, [*c], stack) for c in columns])
    if type(first) is not Box and branches(first) is not None:
        trees = [flatten(result) for result in results]
        if any(structure != trees[0][1] for _, structure in trees):
            raise _refusal(trace, f"{name} gives different trees for some examples")
        columns = zip(*(leaves for leaves, _ in trees), strict=True)
        parts = [stacked(trace, name, [*c], stack) for c in columns]
        return unflatten(trees[0][1], parts)
    shapes = [result.shape if type(result) is Box else np.shape(result)
              for result in results]  # fmt: skip
    if len(set(shapes)) > 1:
        raise _uneven(trace, name, "shapes", shapes)
    return stack(results)


def _uneven(trace: Any, name: str, what: str, found: Any) -> BatchedValueError:
    first, other = sorted(set(found))[:2]
    return _refusal(
        trace,
        f"{name} gives results of different {what} for different examples, such as "
        f"{first} and {other}; keep all entries and use np.where",
    )


def _refusal(trace: Any, words: str) -> BatchedValueError:
    return BatchedValueError(at(words), trace=trace)
