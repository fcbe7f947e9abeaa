"""Systems with a triangular matrix: by substitution, through SciPy if there is one."""

from functools import cache
from typing import Any

import numpy as np

from fgrad._engine.dispatch import primitive
from fgrad._engine.later import LATER
from fgrad._engine.rules import defvjp

__all__ = ["solve_lower"]


@cache
def _substitution() -> Any:
    """SciPy's solver, or ``None``: it is not a dependency."""
    try:
        return LATER["scipy.linalg"]().solve_triangular
    except ImportError:
        return None


@primitive
def solve_lower(a: Any, b: Any, transposed: bool = False) -> Any:
    """The solution of ``a @ x = b`` for lower triangular `a`, or of ``a.mT @ x = b``.

    What `a` has above the diagonal does not count. Stacks go to NumPy's solver.
    """
    solve = _substitution()
    if solve is None or a.ndim > 2 or b.ndim > 2 or not b.size:
        a = np.tril(a)
        return np.linalg.solve(a.mT if transposed else a, b)
    return solve(a, b, int(transposed), lower=True, check_finite=False)


def solve_lower_a_pullback(g, a, ans, transposed=False):
    """Minus the product of the other system's solution and this one's."""
    other = solve_lower(a, g, not transposed)
    return -np.tril(ans @ other.mT if transposed else other @ ans.mT)


defvjp(
    solve_lower,
    broadcasts=True,  # of vmap, one system may be that of all examples
    a=solve_lower_a_pullback,
    b=lambda g, a, transposed=False: solve_lower(a, g, not transposed),
)
