"""The words for a matrix that has no inverse, where a derivative needs one."""

from typing import Any

import numpy as np

from fgrad._engine.box import values

__all__ = ["inverse"]


def inverse(a: Any, function: str, instead: str) -> Any:
    """The inverse, or an error that says which matrix has none, and what to write."""
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError:
        raise np.linalg.LinAlgError(_words(values(a), function, instead)) from None


def _words(a: Any, function: str, instead: str) -> str:
    n = a.shape[-1]
    # What stopped the inversion is a zero pivot: the determinant is exactly 0.
    places = np.argwhere(np.linalg.slogdet(a)[0] == 0)
    index = tuple(map(int, places[0])) if len(places) else ()
    s = np.linalg.svd(a[index], compute_uv=False)
    while s.ndim > 1:
        s = s[0]
    rank = int(np.sum(s > n * np.finfo(s.dtype).eps * s[0]))
    return (
        f"the derivative of {function} needs the inverse of the matrix"
        f"{f' at {index}' if index else ''}, which is singular: its rank is {rank} of "
        f"{n}, and its singular values go from {s[0]:.3g} to {s[-1]:.3g}. {instead}"
    )
