"""What a line of the user's, or a primitive, costs."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Cost"]


@dataclass(slots=True)
class Cost:
    """What a line, or a primitive, costs."""

    name: str
    """``model.py:12``, or ``np.tanh``."""
    source: str = ""
    """The text of the line."""
    calls: int = 0
    """How many operations there were."""
    forward: float = 0.0
    """Seconds in the operations, and in recording them."""
    replay: float = 0.0
    """Seconds in their pullbacks."""
    bytes: int = 0
    """What they kept for replay."""
