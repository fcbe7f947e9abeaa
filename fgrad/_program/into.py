"""Which calls can write their results into memory that they are given."""

from __future__ import annotations

import operator
from types import EllipsisType
from typing import Any

import numpy as np

from fgrad._engine.scatter import scatter_add
from fgrad._program.calls import Call, elementwise

__all__ = ["REDUCERS", "is_basic", "writes_into"]

REDUCERS = {ufunc.reduce for ufunc in (np.add, np.maximum, np.minimum)}
PRODUCTS = {np.dot, np.matmul, operator.matmul}
BASIC = (int, slice, EllipsisType, type(None))


def writes_into(call: Call) -> bool:
    """Whether a call can write its result into memory that it is given."""
    if call.kwargs or call.several or call.guard:
        return False
    if elementwise(call.fun) is not None or call.fun in PRODUCTS:
        return all(v.kind is not int for v in call.uses())
    if call.fun in REDUCERS:
        return len(call.args) > 1 and call.args[1] is not None
    return call.fun is scatter_add and all(map(is_basic, call.args[1]))


def is_basic(index: Any, kinds: Any = BASIC) -> bool:
    """Whether an index is made of constant integers and slices (or of these kinds)."""
    parts = index if type(index) is tuple else (index,)
    return all(isinstance(p, kinds) and type(p) is not bool for p in parts)
