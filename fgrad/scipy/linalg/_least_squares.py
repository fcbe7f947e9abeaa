"""Least squares and pseudo-inverses, while the rank is constant."""

from typing import Any

import numpy as np
import scipy.linalg as sl

from fgrad._engine.box import as_array, primal
from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp, derived
from fgrad.errors import MissingRuleError
from fgrad.primitives._matrices import from_triangle, onto_triangle
from fgrad.primitives.linalg import (
    lstsq_a_pullback,
    lstsq_b_pullback,
    pinv_pullback,
)
from fgrad.scipy.linalg._operation import operation

__all__: list[str] = []


def pseudo_inverse_pullback(g, ans, a, return_rank=False):
    """A rank besides has no derivative."""
    g, ans = (g[0], ans[0]) if return_rank else (g, ans)
    return pinv_pullback(g, ans, a)


def hermitian_pseudo_inverse_pullback(g, ans, a, lower=True, return_rank=False):
    """Of the matrix of which one triangle is read."""
    uplo = "L" if lower else "U"
    c = pseudo_inverse_pullback(g, ans, from_triangle(a, uplo), return_rank)
    return onto_triangle(c, uplo)


operation(sl.pinv, neutral=("atol", "rtol"), a=pseudo_inverse_pullback)
operation(sl.pinvh, neutral=("atol", "rtol"), a=hermitian_pseudo_inverse_pullback)


@primitive
def least_squares(
    a: Any, b: Any, cond: Any = None, check_finite: bool = True, driver: Any = None
) -> Any:
    """`scipy.linalg.lstsq` of one matrix."""
    return sl.lstsq(a, b, cond, check_finite=check_finite, lapack_driver=driver)


defvjp(
    least_squares,
    neutral=("cond", "check_finite", "driver"),
    a=lambda g, ans, a, b: lstsq_a_pullback(g, ans, a, b),
    b=lambda g, ans, a, b: lstsq_b_pullback(g, ans, a, b),
)


@derived(sl.lstsq)
def lstsq(
    a: Any,
    b: Any,
    cond: Any = None,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    lapack_driver: Any = None,
) -> Any:
    if lapack_driver == "gelsy":
        raise MissingRuleError(
            "no derivative rule for scipy.linalg.lstsq(..., lapack_driver='gelsy'). "
            "Use 'gelsd' or 'gelss', which also return the singular values."
        )
    a, b = as_array(a), as_array(b)
    core = min(b.ndim, 2)
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-core])
    options = cond, check_finite, lapack_driver
    if not lead:
        return least_squares(a, b, *options)
    a = np.broadcast_to(a, (*lead, *a.shape[-2:]))
    b = np.broadcast_to(b, (*lead, *b.shape[b.ndim - core :]))
    each = [least_squares(a[i], b[i], *options) for i in np.ndindex(lead)]
    parts = ([one[k] for one in each] for k in range(4))
    stacks = [np.stack(part) for part in parts]
    return tuple(np.reshape(x, (*lead, *primal(x).shape[1:])) for x in stacks)
