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


def current() -> Any:
    """Something that is equal, or the same, as long as the modes are."""
    return tuple(np.geterr().values()) if _variable is None else _variable.get()


class Raising:
    """A context in which floating-point errors raise exceptions, but for some kinds."""

    __slots__ = ("_made", "_modes")

    def __init__(self, ignored: set[str]) -> None:
        self._modes: Any = {k: "ignore" if k in ignored else "raise" for k in KINDS}
        self._made = None if _make is None else _make(**self._modes)

    def run(self, fun: Callable[..., Any], args: Any, kwargs: Any = NONE) -> Any:
        """Call a function in this context."""
        if self._made is None or _variable is None:
            with np.errstate(**self._modes):
                return fun(*args, **kwargs)
        token = _variable.set(self._made)
        try:
            return fun(*args, **kwargs)
        finally:
            _variable.reset(token)
