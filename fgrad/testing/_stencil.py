"""The five-point stencil, with one fixed step."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["STEP", "stencil"]

STEP = 1e-3
"""Of the stencil: h**4 and machine epsilon / h are then both below 1e-12."""


def stencil(
    fun: Callable[..., Sequence[Any]], leaves: Sequence[Any], tangents: Sequence[Any]
) -> list[Any]:
    """The derivative of `fun` along `tangents`, by the five-point stencil.

    Parameters
    ----------
    fun : callable
        ``fun(leaves) -> list of arrays``.
    leaves, tangents : sequence of array
        Where, and in which direction.

    Returns
    -------
    list of array
        One for each output.

    Notes
    -----
    f'(x) = [f(x - 2h) - 8 f(x - h) + 8 f(x + h) - f(x + 2h)] / 12h + O(h**4);
    Abramowitz and Stegun, Handbook of Mathematical Functions, table 25.2.

    Examples
    --------
    >>> import numpy as np
    >>> d = stencil(lambda x: [np.sin(x[0])], [1.0], [1.0])[0]
    >>> bool(abs(d - np.cos(1.0)) < 1e-12)
    True
    """
    shifts = ((-2, 1.0), (-1, -8.0), (1, 8.0), (2, -1.0))
    terms = [
        [
            w * np.asarray(y)
            for y in fun(
                [x + s * STEP * v for x, v in zip(leaves, tangents, strict=True)]
            )
        ]
        for s, w in shifts
    ]
    return [
        sum(parts[1:], parts[0]) / (12 * STEP) for parts in zip(*terms, strict=True)
    ]
