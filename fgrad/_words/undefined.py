"""The words that go with a derivative of nan: which function, why, what to write."""

import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from fgrad._words.callsite import LIBRARY

__all__ = ["deferred", "warn_undefined"]

_LATER: ContextVar[list[str] | None] = ContextVar("words of derivatives", default=None)


def warn_undefined(words: str) -> None:
    """Warn at the user's line that asked for a derivative which is not known."""
    later = _LATER.get()
    if later is not None:
        later.append(words)
        return
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


@contextmanager
def deferred() -> Generator[list[str], None, None]:
    """Collect the words: forward mode has tangents of results that nobody will use."""
    words: list[str] = []
    token = _LATER.set(words)
    try:
        yield words
    finally:
        _LATER.reset(token)
