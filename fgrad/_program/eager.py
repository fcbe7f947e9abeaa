"""Where compiled functions ran as they are, and why."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

__all__ = ["EAGER", "Eager"]


class Eager(NamedTuple):
    """A call of a compiled function that ran as it is."""

    name: str
    """The function."""
    why: str
    where: str
    """The user's line, if one is the reason; else empty."""


EAGER: Counter[Eager] = Counter()
"""How often that happened."""
