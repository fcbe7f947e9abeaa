"""The words that go with a derivative of nan: which function, why, what to write."""

import sys
from typing import Any

import numpy as np

from fgrad._words.callsite import user_frame, warn_at
from fgrad.errors import UndefinedDerivativeWarning

__all__ = ["Listener", "listening", "tell", "warn_undefined"]


class Listener:
    """Who hears of each 0 * inf or 1 / 0, and what rules say of a derivative of nan.

    It is what NumPy calls while derivatives are worked out.
    """

    __slots__ = ("infinite", "invalid", "words")

    def __init__(self, words: list[str] | None = None) -> None:
        self.invalid = False
        """Whether there was a 0 * inf, a 0 / 0, or another operation like them."""
        self.infinite = False
        """Whether there was a 1 / 0, or a number became too large."""
        self.words = words
        """What rules have said; ``None`` if nobody wants to know."""

    def __call__(self, kind: str, flag: int) -> None:
        if kind == "invalid value":
            self.invalid = True
        else:
            self.infinite = True


def listening(listener: Listener) -> Any:
    """While this is entered, floating-point warnings are silent, and somebody hears."""
    return np.errstate(all="call", under="ignore", call=listener)


def warn_undefined(words: str) -> None:
    """What a rule says where it returns nan: a warning, if the nan reaches a result."""
    listener: Any = np.geterrcall()
    if type(listener) is not Listener:
        tell([words])
    elif listener.words is not None:
        listener.words.append(words)


def tell(words: list[str]) -> None:
    """Warn at the user's line that asked for the derivative."""
    frame = user_frame(sys._getframe(1))
    for one in dict.fromkeys(words):
        warn_at(frame, one, UndefinedDerivativeWarning)
