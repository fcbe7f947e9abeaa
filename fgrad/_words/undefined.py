"""The words that go with a derivative of nan: which function, why, what to write."""

import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from fgrad._words.callsite import LIBRARY
from fgrad.errors import UndefinedDerivativeWarning

__all__ = ["deferred", "tell", "warn_undefined"]

_LATER: ContextVar[list[str] | None] = ContextVar("words of derivatives", default=None)


def warn_undefined(words: str) -> None:
    """What a rule says where it returns nan: a warning, if the nan reaches a result."""
    later = _LATER.get()
    if later is None:
        tell([words])
    else:
        later.append(words)


def tell(words: list[str]) -> None:
    """Warn at the user's line that asked for the derivative."""
    frame = sys._getframe(1)
    while LIBRARY[frame.f_code.co_filename] and frame.f_back:
        frame = frame.f_back
    scope = frame.f_globals
    for one in dict.fromkeys(words):
        warnings.warn_explicit(
            one,
            UndefinedDerivativeWarning,
            frame.f_code.co_filename,
            frame.f_lineno,
            scope.get("__name__", "<unknown>"),
            scope.setdefault("__warningregistry__", {}),
        )


@contextmanager
def deferred(*, outside: bool = False) -> Generator[list[str], None, None]:
    """Collect the words of rules; `outside`, for whoever collects them already."""
    words = _LATER.get() if outside else None
    words = [] if words is None else words
    token = _LATER.set(words)
    try:
        yield words
    finally:
        _LATER.reset(token)
