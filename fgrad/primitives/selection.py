"""Functions that choose between arrays, entry by entry."""

import numpy as np

from fgrad._rules import defvjp

defvjp(
    np.where,
    broadcasts=True,
    masks=True,
    x=lambda g, condition: np.where(condition, g, 0),
    y=lambda g, condition: np.where(condition, 0, g),
)
