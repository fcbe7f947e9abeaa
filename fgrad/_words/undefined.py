"""The words that go with a derivative of nan: which function, why, what to write."""

import sys
import warnings

from fgrad._words.callsite import LIBRARY

__all__ = ["warn_undefined"]


def warn_undefined(words: str) -> None:
    """Warn at the user's line that asked for a derivative which is not known."""
    frame = sys._getframe(1)
    while LIBRARY[frame.f_code.co_filename] and frame.f_back:
        frame = frame.f_back
    scope = frame.f_globals
    warnings.warn_explicit(
        words,
        RuntimeWarning,
        frame.f_code.co_filename,
        frame.f_lineno,
        scope.get("__name__", "<unknown>"),
        scope.setdefault("__warningregistry__", {}),
    )
