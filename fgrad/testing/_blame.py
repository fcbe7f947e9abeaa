"""Which operation of a function has a wrong derivative, and in which line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fgrad._engine.box import Box
from fgrad._words.callsite import short
from fgrad.errors import GradientError
from fgrad.testing._calls import Call, calls_of
from fgrad.testing._pullback import same
from fgrad.testing._source import source

__all__ = ["Blame", "blame", "blamed", "kinks"]

MOST = 5_000
"""So many calls are looked at."""

ENOUGH = 3
"""So many wrong rules are named."""

LONGEST = 500
"""A program with so many letters is still read."""

Check = Callable[[Callable[..., list[Any]], list[Any], int], None]


class Blame(NamedTuple):
    """What is wrong, in words, and a program that shows it."""

    words: tuple[str, ...]
    program: str = ""


def blame(
    fun: Callable[..., list[Any]], xs: list[Any], order: int, check: Check
) -> Blame:
    """Check each call that a function makes at the values that it gets.

    The `check` raises for a wrong derivative.
    """
    try:
        calls = calls_of(fun, xs)[:MOST]
    except Exception:  # noqa: BLE001 (a function that cannot be written down has no blame)
        return Blame(())
    words: dict[str, None] = {}
    program = ""
    for call in calls:
        for i in _wrong(call, order, check):
            where = short(call.site)
            words[f"the rule of {_described(call, i)}, called at {where}"] = None
            program = program or _program(call)
        if len(words) >= ENOUGH:
            break
    if words:
        return Blame(tuple(words), program)
    changed = [c for c in calls if not same(_arrays(c.args), _arrays(c.copies))]
    return Blame(
        tuple(
            f"an array that was changed after {c.name} was called with it at "
            f"{short(c.site)}"
            for c in changed[:ENOUGH]
        )
    )


def blamed(error: GradientError, found: Blame) -> GradientError:
    """An error that names who is to blame, if anybody is."""
    if found.words:
        error.args = (f"{error}\nTo blame: {'; '.join(found.words)}.",)
        error.blame, error.program = found
    return error


def kinks(fun: Callable[..., list[Any]], xs: list[Any], check: Check) -> list[str]:
    """Which calls of a function are at a kink: ``np.maximum, model.py:9``.

    The `check` raises for a kink.
    """
    try:
        calls = calls_of(fun, xs)[:MOST]
    except Exception:  # noqa: BLE001 (as above)
        return []
    found = [f"{c.name}, {short(c.site)}" for c in calls if _wrong(c, 1, check)]
    return list(dict.fromkeys(found))[:ENOUGH]


def _arrays(values: tuple[Any, ...]) -> list[Any]:
    return [value for value in values if type(value) is np.ndarray]


def _varies(value: Any) -> bool:
    number = isinstance(value, np.ndarray | np.generic | float | complex)
    return number and np.asarray(value).dtype.kind in "fc"


def _wrong(call: Call, order: int, check: Check) -> list[int]:
    """The arguments with respect to which the derivative of one call is wrong."""
    found: list[int] = []
    args = [
        copy if traced else value
        for copy, value, traced in zip(call.copies, call.args, call.traced, strict=True)
    ]
    moving = [i for i, traced in enumerate(call.traced) if traced and _varies(args[i])]
    for i in moving:

        def alone(value: Any, i: int = i) -> list[Any]:
            ans = call(*args[:i], value, *args[i + 1 :])
            several = isinstance(ans, tuple | list)
            return [
                y
                for y in (ans if several else [ans])
                if type(y) is Box or np.asarray(y).dtype.kind in "fc"
            ]

        try:
            check(alone, [args[i]], order)
        except GradientError:
            found.append(i)
        except Exception:  # noqa: BLE001, S112 (a call that fails alone is not to blame)
            continue
    return found


def _parameter(call: Call, i: int) -> str:
    if call.name != call.rule.name:
        return "its arguments"
    try:
        names = list(call.rule.parameters)
    except (TypeError, ValueError):
        names = []
    return names[i] if i < len(names) else f"argument {i}"


def _described(call: Call, i: int) -> str:
    return f"{call.name} with respect to {_parameter(call, i)}"


def _program(call: Call) -> str:
    """Source that checks one rule, where its arguments are short enough."""
    own = call.name != call.rule.name
    args = call.args[2:] if own else call.args
    check = "check_grads" if own else "check_rule"
    options = f", {source(call.kwargs)}" if call.kwargs else ""
    text = f"fgrad.testing.{check}({call.name}, {source(tuple(args))}{options})"
    return text if len(text) <= LONGEST else ""
