"""What NumPy does with floating-point errors: it changes around each run of a program.

`numpy.geterr` and `numpy.errstate` take 1.5 µs together, more than a small program. So
the context variable behind them is used where NumPy has it.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

__all__ = ["KINDS", "Raising", "current", "ignored"]

NONE: dict[str, Any] = {}
KINDS = ("divide", "over", "under", "invalid")

_umath: Any = getattr(getattr(np, "_core", SimpleNamespace()), "umath", None)
_variable: Any = getattr(_umath, "_extobj_contextvar", None)
_make: Any = getattr(_umath, "_make_extobj", None)


def ignored() -> set[str]:
    """The kinds of errors that are ignored now."""
    modes: Any = np.geterr()
    return {kind for kind in KINDS if modes[kind] == "ignore"}


def _current() -> Any:
    return tuple(np.geterr().values())


current: Callable[[], Any] = _current if _variable is None else _variable.get
"""Returns something that is equal, or the same, as long as the modes are."""


def _entered(modes: Any) -> Any:
    state: Any = np.errstate(**modes)
    state.__enter__()
    return state


def _left(state: Any) -> None:
    state.__exit__(None, None, None)


if _variable is None or _make is None:
    _made: Any = dict
    _enter, _leave = _entered, _left
else:
    _made, _enter, _leave = _make, _variable.set, _variable.reset


class Raising:
    """A context in which floating-point errors raise exceptions, but for some kinds."""

    __slots__ = ("_modes",)

    def __init__(self, ignored: set[str]) -> None:
        self._modes = _made(**{k: "ignore" if k in ignored else "raise" for k in KINDS})

    def run(self, fun: Callable[..., Any], args: Any, kwargs: Any = NONE) -> Any:
        """Call a function in this context."""
        token = _enter(self._modes)
        try:
            return fun(*args, **kwargs)
        finally:
            _leave(token)

    def runner(self, make: Callable[[], Callable[..., Any]]) -> Callable[[Any], Any]:
        """A function that calls what is made, in this context; ``None`` if that raises.

        What is made runs once at a time: threads that come meanwhile get another one.
        All is in one function, since a small program takes no longer than some calls.
        """
        enter, leave, modes = _enter, _leave, self._modes
        free: list[Callable[..., Any]] = []

        def run(args: Any) -> Any:
            token = enter(modes)
            try:
                fun = free.pop() if free else make()
                try:
                    return fun(*args)
                finally:
                    free.append(fun)
            except Exception:  # noqa: BLE001 (whatever it is, eager says it)
                return None
            finally:
                leave(token)

        return run
