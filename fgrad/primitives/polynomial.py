"""Roots of polynomials."""

from typing import Any

import numpy as np

from fgrad._engine.rules import defvjp


def roots_pullback(g: Any, ans: Any, like: Any, p: Any) -> Any:
    """p(z) = 0 along a change of p: dz = -Σ z**(n - k) dp_k / p'(z)."""
    p = np.reshape(p, -1)
    slope = np.polyval(np.polyder(p), ans)
    return np.reshape(-(g / slope) @ np.vander(ans, len(p)), like.shape)


defvjp(np.roots, p=roots_pullback)
