"""Where the parts of a picture are, whoever has found their places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["PADDING", "Layout", "Point", "Rectangle"]

PADDING = 14.0
"""The space around what is in a picture, or in a frame."""

Point = tuple[float, float]


class Rectangle(NamedTuple):
    """A place: left, top, width and height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(slots=True)
class Layout:
    """The places of all that is in a picture."""

    width: float
    height: float
    cards: list[Rectangle]
    frames: list[Rectangle]
    curves: list[list[Point]]
    """For each arrow, the points of its Bézier curves: 1 + 3 n."""
