"""Functions that choose between arrays, entry by entry."""

from typing import Any

import numpy as np

from fgrad._engine.box import values
from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp, rule_of
from fgrad.primitives._axes import as_sequence, piece_shapes


def choose_pullback(g, like, a, mode):
    """To each array, where it was chosen."""
    count = len(piece_shapes(like))
    a = np.clip(a, 0, count - 1) if mode == "clip" else np.mod(a, count)
    return as_sequence([np.where(a == i, g, 0) for i in range(count)], like)


defvjp(
    np.where,
    copied=("condition",),
    broadcasts=True,
    masks=True,
    condition=lambda g: None,  # constant almost everywhere
    x=lambda g, condition: np.where(condition, g, 0),
    y=lambda g, condition: np.where(condition, 0, g),
)
defvjp(
    np.choose,
    copied=("a",),
    sequences=("choices",),
    broadcasts=True,
    masks=True,
    choices=choose_pullback,
)


@primitive
def filled(x: Any, instead: Any) -> Any:
    """`x` with another number in the place of each nan."""
    return np.where(np.isnan(x), instead, x)


def filled_pullback(g: Any, x: Any) -> Any:
    """The cotangent; nan for nan, which care makes zero unless it comes from a pole."""
    missing = np.isnan(x)
    if not np.any(values(missing)):
        return g
    return np.where(missing, g * np.multiply(0.0, np.inf), g)  # which replay hears


rule_of(filled).name = "the replacement of nan"
defvjp(
    filled,
    broadcasts=True,
    masks=True,
    fills=True,
    x=filled_pullback,
    instead=lambda g, x: np.where(np.isnan(x), g, 0),
)
