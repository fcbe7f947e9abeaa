"""What a function calls: a trace that writes down each operation.

Each call is checked on its own, at the values that it got: those whose derivative is
wrong there are to blame.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from typing_extensions import override

from fgrad._engine.bind import bind
from fgrad._engine.box import boxes_in, rebuilt
from fgrad._engine.rules import CONSTANTS, Rule
from fgrad._engine.trace import Trace
from fgrad._transforms._custom import custom_call
from fgrad._transforms._values import label
from fgrad._words.callsite import Site, caller
from fgrad._words.foreign import is_sequence

__all__ = ["Call", "Calls", "calls_of"]


class Call(NamedTuple):
    """One operation, with plain values."""

    name: str
    rule: Rule
    fun: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    traced: tuple[bool, ...]
    """Which of `args` depend on the arguments of the function."""
    site: Site
    copies: tuple[Any, ...]
    """The arrays among `args` as they were, to see which have been changed since."""

    def __call__(self, *args: Any) -> Any:
        """Call it again with other arguments, which may be traced."""
        if self.rule.pullbacks and self.fun is self.rule.fun:
            return bind(self.rule, args, self.kwargs)
        return self.fun(*args, **self.kwargs)


class Calls(Trace):
    """Writes down each operation, and computes it on plain values."""

    opaque = True

    def __init__(self) -> None:
        super().__init__("fgrad.testing")
        self.found: list[Call] = []

    @override
    def interpret(
        self, rule: Rule, args: tuple[Any, ...], kwargs: dict[str, Any], fun: Any
    ) -> Any:
        if not self.open:
            return super().interpret(rule, args, kwargs, fun)
        self.refresh(args, kwargs)
        plain = tuple(map(self._plain, args))
        options = {name: self._plain(value) for name, value in kwargs.items()}
        ans = self.computed(fun(*plain, **options))
        if rule.fun not in CONSTANTS:
            traced = tuple(bool(boxes_in(value)) for value in args)
            kept = tuple(np.array(a) if type(a) is np.ndarray else a for a in plain)
            name = label(args[0]) if fun is custom_call else rule.name
            call = Call(name, rule, fun, plain, options, traced, caller(), kept)
            self.found.append(call)
        ans = self.boxed(ans)
        self.link(rule, args, kwargs, ans)
        return ans

    def computed(self, ans: Any) -> Any:
        """What an operation has given, before the next ones use it."""
        return ans

    @override
    def prefers(self, fun: Callable[..., Any]) -> bool:
        """A user's function with its own derivative is one operation."""
        return fun is custom_call

    def _plain(self, value: Any) -> Any:
        if self.holds(value):
            return value._value
        if is_sequence(type(value)) and boxes_in(value):
            return rebuilt(value, map(self._plain, value))
        return value


def calls_of(fun: Callable[..., Any], values: list[Any]) -> list[Call]:
    """What a function of arrays calls, in order."""
    trace = Calls()
    try:
        fun(*[trace.leaf(value) for value in values])
    finally:
        trace.close()
    return trace.found
