"""Functions that choose between arrays, entry by entry."""

import numpy as np

from fgrad._engine.rules import defvjp
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
