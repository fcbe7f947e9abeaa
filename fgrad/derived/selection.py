"""Choosing between arrays or functions, entry by entry."""

from typing import Any

import numpy as np

from fgrad._engine.box import primal
from fgrad._engine.rules import derived
from fgrad.derived.creation import as_traced
from fgrad.primitives.creation import asarray
from fgrad.primitives.indexing import index_update


@derived(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """From the last condition to the first, whose choice is the one that stays."""
    if len(condlist) != len(choicelist) or len(condlist) == 0:
        raise ValueError("select needs as many choices as conditions, and at least one")
    conditions = [np.asarray(primal(condition)) for condition in condlist]
    if any(condition.dtype != bool for condition in conditions):
        raise TypeError("the conditions of select should be boolean arrays")
    choices = [c if np.isscalar(c) else as_traced(c) for c in choicelist]
    dtype = np.result_type(*map(primal, choices), primal(default))
    result = default
    for condition, choice in zip(conditions[::-1], choices[::-1], strict=True):
        result = np.where(condition, choice, result)
    return result if result.dtype == dtype else asarray(result, dtype=dtype)


@derived(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    x = as_traced(x)
    conditions = primal(condlist)
    if np.isscalar(conditions) or (
        not isinstance(conditions[0], list | np.ndarray) and x.ndim
    ):
        conditions = [conditions]
    conditions = list(np.asarray(conditions, bool))
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.any(conditions, axis=0))
    elif len(funclist) != len(conditions):
        raise ValueError(
            f"with {len(conditions)} condition(s), either {len(conditions)} or "
            f"{len(conditions) + 1} functions are expected"
        )
    result = np.zeros(x.shape, x.dtype)
    for condition, function in zip(conditions, funclist, strict=True):
        if callable(function):
            part = x[condition]
            function = function(part, *args, **kw) if part.size else part
        result = index_update(result, condition, asarray(function, dtype=x.dtype))
    return result
