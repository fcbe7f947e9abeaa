"""Roots of polynomials."""

from functools import update_wrapper
from typing import Any

import numpy as np

from fgrad._engine.box import primal
from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp, rule_of

# The degree ---------------------------------------------------------------------------


@primitive
def of_degree(c: Any, beyond: Any) -> Any:
    """The coefficients; of those beyond the degree, which are 0, the derivative is nan.

    A root comes from infinity as such a coefficient leaves 0, so the number of roots
    changes.
    """
    return np.copy(c)


def of_degree_pullback(g: Any, c: Any, beyond: Any) -> Any:
    """The cotangent, times 0 / 0 beyond the degree, which replay hears."""
    c = primal(c)
    return g * np.where(beyond, c / np.where(beyond, c, 1), 1)


rule_of(of_degree).name = "the degree of a polynomial"
defvjp(
    of_degree,
    elementwise=True,
    c=of_degree_pullback,
)


def leading_zeros(p: Any) -> Any:
    """Which coefficients are zeros in front of all others."""
    return np.cumsum(primal(p) != 0) == 0


# Roots --------------------------------------------------------------------------------


def roots_of(p: Any) -> Any:
    """Those of a polynomial whose first coefficient is not 0, or has no derivative."""
    return np.roots(p)


def roots_pullback(g: Any, ans: Any, like: Any, p: Any) -> Any:
    """p(z) = 0 along a change of p: dz = -Σ z**(n - k) dp_k / p'(z)."""
    slope = np.polyval(np.polyder(p), ans)
    return -(g / slope) @ np.vander(ans, like.size)


roots = primitive(update_wrapper(roots_of, np.roots))
defvjp(roots_of, p=roots_pullback)
