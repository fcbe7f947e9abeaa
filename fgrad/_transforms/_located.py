"""NumPy's floating-point warnings, at the line of the user.

NumPy warns at the innermost line of Python, which would be one of fgrad's. While a
function runs, what would be a warning is written to `LOG` instead, which warns at the
line where it would have been without tracing. That costs nothing for each operation,
and next to nothing for each run.
"""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from types import FrameType
from typing import Any

import numpy as np

from fgrad._callsite import LIBRARY, is_ours

__all__ = ["Located"]

_UMATH: Any = import_module("numpy._core.umath")
STATE: Any = getattr(_UMATH, "_extobj_contextvar", None)
"""What `np.errstate` sets. It is private: without it, warnings stay where they are."""


class _Log:
    """Takes what NumPy writes where a warning would have been."""

    def write(self, message: str) -> None:
        frame: FrameType = sys._getframe(1)
        if is_ours(frame.f_code.co_filename):
            while frame.f_back and LIBRARY[frame.f_code.co_filename]:
                frame = frame.f_back
        scope = frame.f_globals
        warnings.warn_explicit(
            message.removeprefix("Warning: ").rstrip("\n"),
            RuntimeWarning,
            frame.f_code.co_filename,
            frame.f_lineno,
            scope.get("__name__", "<unknown>"),
            scope.setdefault("__warningregistry__", {}),
            scope,
        )


LOG: Any = _Log()
_last: tuple[Any, Any] = (None, None)
"""The latest state, and the same with warnings located."""


def _located(state: Any) -> Any:
    """The current state with its warnings located; itself if there are none."""
    global _last  # noqa: PLW0603 (a race costs a little time)
    modes: Any = np.geterr()
    if "warn" not in modes.values() or {"log", "call"} & {*modes.values()}:
        return state  # those that log or call have one object to do so
    changed = {k: "log" if m == "warn" else m for k, m in modes.items()}
    located = _UMATH._make_extobj(call=LOG, **changed)
    _last = (state, located)
    return located


class Located:
    """While this is entered, floating-point warnings name the user's line."""

    __slots__ = ("located", "plain")

    def __enter__(self) -> None:
        self.plain = self.located = None
        if STATE is None:
            return
        state = STATE.get()
        plain, located = _last
        if state is located:
            return
        if state is not plain:
            located = _located(state)
        if located is not state:
            self.plain, self.located = state, located
            STATE.set(located)

    def __exit__(self, *error: object) -> None:
        if self.located is None:
            return
        if STATE.get() is self.located:
            STATE.set(self.plain)
            return
        # What the function has set, and not set back, stays set.
        modes: Any = np.geterr()
        call: Any = np.geterrcall()
        STATE.set(self.plain)
        np.seterr(**{k: m for k, m in modes.items() if m != "log"})
        if call is not LOG:
            np.seterrcall(call)
