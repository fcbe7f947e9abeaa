"""Functions whose result has a shape and a dtype that its arguments' values decide."""

from __future__ import annotations

import operator
import sys
from functools import cache
from typing import Any

import numpy as np

from fgrad._engine.rules import RULES
from fgrad._engine.scatter import index_add, index_update, scatter_add
from fgrad._program.calls import Call, Variable

__all__ = ["depends_on_values", "space_of"]

# fmt: off
FIXED = {
    *(np.sum, np.prod, np.mean, np.max, np.min, np.amax, np.amin, np.all, np.any),
    *(np.argmax, np.argmin, np.argsort, np.sort, np.cumsum, np.cumprod, np.var, np.std),
    *(np.reshape, np.ravel, np.transpose, np.matrix_transpose, np.moveaxis),
    *(np.swapaxes, np.expand_dims, np.squeeze, np.broadcast_to, np.flip, np.roll),
    *(np.concatenate, np.stack, np.vstack, np.hstack, np.array, np.tile, np.full_like),
    *(np.dot, np.vdot, np.inner, np.outer, np.tensordot, np.einsum, np.trace, np.diag),
    *(np.diagonal, np.tril, np.triu, np.clip, np.take_along_axis, np.real, np.imag),
    *(np.isfinite, np.isnan, np.round, np.nan_to_num, np.angle, np.kron, np.cross),
    *(np.linalg.solve, np.linalg.inv, np.linalg.det, np.linalg.slogdet),
    *(np.count_nonzero, np.nansum, np.copy),
    *(np.linalg.cholesky, np.linalg.eigh, np.linalg.svd, np.linalg.qr, np.linalg.norm),
    *(np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft),
    *(scatter_add, index_add, index_update),
}
"""Functions whose shape and dtype follow from those of the arguments."""
# fmt: on


def space_of(value: Any) -> Any:
    """Class, shape and dtype of a value."""
    kind = type(value)
    array = kind is np.ndarray or isinstance(value, np.generic)
    return (kind, value.shape, value.dtype) if array else (kind,)


def depends_on_values(call: Call) -> bool:
    """Whether other values of the arguments may give a result of another space."""
    fun = call.fun
    if (
        isinstance(fun, np.ufunc)
        or getattr(fun, "__self__", None).__class__ is np.ufunc
    ):
        return False
    if fun is operator.getitem or fun is np.where:
        return (fun is np.where and len(call.args) == 1) or _is_mask(call.args[-1:])
    if getattr(fun, "__module__", "") == "_operator" or isinstance(fun, type):
        return False
    return fun not in FIXED and not is_elementwise(fun)


@cache
def is_elementwise(fun: Any) -> bool:
    """Whether this is what a primitive of fgrad computes, entry by entry."""
    module, name = getattr(fun, "__module__", ""), getattr(fun, "__name__", "")
    if not str(module).startswith("fgrad."):
        return False
    there: Any = getattr(sys.modules.get(module), name, None)
    rule = RULES.get(there)
    return rule is not None and rule.elementwise and rule.fun is fun


def _is_mask(index: Any) -> bool:
    """Whether an index picks as many entries as there are true ones."""
    if type(index) is Variable:
        return index.dtype.kind == "b"
    return isinstance(index, tuple | list) and any(map(_is_mask, index))
