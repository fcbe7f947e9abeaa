"""The words that go with a derivative of nan: which function, why, what to write."""

import sys
from contextvars import ContextVar

from fgrad._words.callsite import user_frame, warn_at
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
    frame = user_frame(sys._getframe(1))
    for one in dict.fromkeys(words):
        warn_at(frame, one, UndefinedDerivativeWarning)


class deferred:  # noqa: N801 (it is used like a function)
    """Collect the words of rules; `outside`, for whoever collects them already."""

    __slots__ = ("_token", "_words")

    def __init__(self, *, outside: bool = False) -> None:
        words = _LATER.get() if outside else None
        self._words: list[str] = [] if words is None else words

    def __enter__(self) -> list[str]:
        self._token = _LATER.set(self._words)
        return self._words

    def __exit__(self, *_: object) -> None:
        _LATER.reset(self._token)
