"""How functions of `scipy.linalg` are computed for all examples of `vmap` at once.

SciPy works on stacks of matrices, as NumPy does, and a batch is a stack. Versions that
do not, and functions that are not here, get one example after the other.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg as sl

from fgrad._engine.box import as_array, boxes_in
from fgrad._engine.dispatch import lift
from fgrad._engine.rules import is_known
from fgrad.batching.forms import one_array, several_arrays, shifted
from fgrad.batching.trace import BatchTrace
from fgrad.scipy.linalg._banded import banded_factored_solve, banded_solve
from fgrad.scipy.linalg._equations import sylvester
from fgrad.scipy.linalg._factors import orthogonal, packed_cholesky
from fgrad.scipy.linalg._systems import factored_solve, pivoted_solve

__all__: list[str] = []

# One matrix ---------------------------------------------------------------------------

OF_ONE = (
    *(sl.inv, sl.det, sl.pinv, sl.pinvh, sl.cholesky, sl.lu, sl.lu_factor, sl.rq),
    *(sl.expm, sl.logm, sl.sqrtm, sl.cosm, sl.sinm, sl.tanm, sl.coshm, sl.sinhm),
    *(sl.tanhm, sl.signm, sl.polar, sl.svd, sl.svdvals, sl.eig, sl.eigvals),
    *(sl.eigvalsh, sl.eigh, sl.cholesky_banded, packed_cholesky, orthogonal),
)


@one_array(*OF_ONE)
def stack(fun: Any, a: Any, **options: Any) -> Any:
    plain = all(np.ndim(value) == 0 for value in options.values())
    return fun(a, **options) if a.ndim > 2 and plain else NotImplemented


@one_array(sl.norm)
def norm(
    fun: Any,
    a: Any,
    ord: Any = None,
    axis: Any = None,
    keepdims: bool = False,
    check_finite: bool = True,
) -> Any:
    if axis is None and a.ndim > 3:
        return NotImplemented
    axes = tuple(range(1, a.ndim)) if axis is None else shifted(axis, a.ndim - 1)
    if isinstance(axes, tuple) and len(axes) == 1:
        axes = axes[0]
    return fun(a, ord, axes, keepdims, check_finite) if axes != () else NotImplemented


# A matrix, or its factors, and right-hand sides ---------------------------------------


def systems(fun: Callable[..., Any]) -> None:
    """Examples that share a matrix are more columns of the right-hand side."""
    solve = lift(fun) if is_known(fun) else fun

    def batch(trace: BatchTrace, a: Any, b: Any, *rest: Any, **options: Any) -> Any:
        if boxes_in([*options.values()]) or (not trace.holds(a) and boxes_in([*rest])):
            return NotImplemented
        a_ndim, b_ndim = as_array(a).ndim, as_array(b).ndim
        if a_ndim > 2 or b_ndim > 2 or as_array(a).shape[-1] != as_array(b).shape[0]:
            return NotImplemented  # stacks, and a number that divides all rows
        if not trace.holds(a):
            columns = np.moveaxis(b._value, 0, 1)
            rows, *others = columns.shape
            flat = np.reshape(columns, (rows, int(np.prod(others))))
            ans = solve(a, flat, *rest, **options)
            return np.moveaxis(np.reshape(ans, (ans.shape[0], *others)), 0, 1)
        value = b._value if trace.holds(b) else as_array(b)
        right = np.expand_dims(value, -1) if b_ndim == 1 else value
        if not trace.holds(b):
            right = np.broadcast_to(right, (trace.size, *right.shape))
        rest = tuple(x._value if trace.holds(x) else x for x in rest)
        ans = solve(a._value, right, *rest, **options)
        return ans[..., 0] if b_ndim == 1 else ans

    several_arrays(fun)(batch)


for _fun in (sl.solve, sl.solve_triangular, sl.solveh_banded):
    systems(_fun)
for _fun in (factored_solve, pivoted_solve, banded_solve, banded_factored_solve):
    systems(_fun)

# Several matrices ---------------------------------------------------------------------


def together(fun: Callable[..., Any]) -> None:
    """If one matrix is batched, so are all."""
    lifted = lift(fun) if is_known(fun) else fun

    def batch(trace: BatchTrace, *arrays: Any, **options: Any) -> Any:
        if boxes_in([*options.values()]) or any(as_array(a).ndim != 2 for a in arrays):
            return NotImplemented
        return lifted(*map(trace.of_all, arrays), **options)

    several_arrays(fun)(batch)


for _fun in (
    *(sl.solve_sylvester, sl.solve_continuous_lyapunov, sl.expm_frechet),
    *(sl.solve_discrete_lyapunov, sl.khatri_rao, sylvester),
):
    together(_fun)
