"""NumPy's floating-point warnings, at the line of the user.

NumPy warns at the innermost line of Python, which would be one of fgrad's. While a
function runs, what would be a warning is written to `LOG` instead, which warns at the
line where it would have been without tracing. That costs nothing for each operation.
"""

from __future__ import annotations

import sys
import warnings
from contextlib import AbstractContextManager, nullcontext
from types import FrameType
from typing import Any

import numpy as np

from fgrad._callsite import LIBRARY, is_ours

__all__ = ["located"]


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
        )


LOG: Any = _Log()


def located() -> AbstractContextManager[Any]:
    """While this is entered, floating-point warnings name the user's line."""
    modes: Any = np.geterr()
    kinds = {*modes.values()}
    if "warn" not in kinds or "log" in kinds or "call" in kinds:
        return nullcontext()  # done already, or there is another object to write to
    changed: dict[str, Any] = {
        name: "log" if m == "warn" else m for name, m in modes.items()
    }
    return np.errstate(call=LOG, **changed)
