"""All programs for one combination of shapes, dtypes and static values."""

from __future__ import annotations

from typing import Any

from fgrad._program.captured import Captured
from fgrad._program.variant import Variant

__all__ = ["Entry"]


class Entry:
    """All programs for one signature."""

    def __init__(self) -> None:
        self.tree: dict[tuple[Any, ...], Variant] = {}
        """By the answers of guards: the first ones lead to a program, too."""
        self.count = 0
        self.captured: Captured | None = None
        self.enter: Any = None
        self.ints = True
        """Whether Python's integers are inputs; if not, they are static."""
        self.has_ints = False
        self.failures = 0
        self.changes = 0
        self.eager = False
        """Whether it is settled that the function runs as it is."""
