"""Signs, remainders, replacements and branches, from primitives."""

from typing import Any

import numpy as np

from fgrad._engine.assignment import setitem
from fgrad._engine.box import Box, primal
from fgrad._engine.rules import derived
from fgrad._engine.views import is_number
from fgrad.derived.creation import as_traced
from fgrad.primitives import bounds
from fgrad.primitives.selection import filled
from fgrad.primitives.slopes import direction, signs


@derived(np.sign)
def sign(x: Any, **options: Any) -> Any:
    x = as_traced(x)
    return (direction if x.dtype.kind == "c" else signs)(x, **options)


@derived(np.divmod)
def divmod(x1: Any, x2: Any, **options: Any) -> tuple[Any, Any]:
    return np.floor_divide(x1, x2, **options), np.remainder(x1, x2, **options)


@derived(np.real_if_close)
def real_if_close(a: Any, tol: float = 100) -> Any:
    a = as_traced(a)
    if a.dtype.kind != "c":
        return a
    close = not np.iscomplexobj(np.real_if_close(primal(a), tol))
    return np.real(a) if close else a


@derived(np.clip)
def clip(
    a: Any,
    a_min: Any = None,
    a_max: Any = None,
    out: Any = None,
    *,
    min: Any = None,
    max: Any = None,
    **options: Any,
) -> Any:
    """The bounds have other names in the array API standard."""
    low = a_min if min is None else min
    high = a_max if max is None else max
    low = -np.inf if low is None else low
    high = np.inf if high is None else high
    return bounds.clip(as_traced(a), low, high, out=out, **options)


@derived(np.nan_to_num)
def nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    if not copy and type(x) is Box and not is_number(x):
        setitem(x, ..., nan_to_num(x, True, nan, posinf, neginf))
        return x
    x = as_traced(x)
    if x.dtype.kind not in "fc":
        return x
    if x.dtype.kind == "c":
        parts = (
            nan_to_num(part, True, nan, posinf, neginf) for part in (x.real, x.imag)
        )
        return next(parts) + 1j * next(parts)
    largest = np.finfo(x.dtype)
    posinf = largest.max if posinf is None else posinf
    neginf = largest.min if neginf is None else neginf
    y = np.where(np.isneginf(x), neginf, filled(x, nan))
    return np.where(np.isposinf(x), posinf, y).astype(x.dtype)


if hasattr(np, "astype"):

    @derived(np.astype)
    def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
        return x.astype(dtype, copy=copy)


# `np.emath`: complex where the real function ends ------------------------------------


def widened(x: Any, outside: Any) -> Any:
    """`x`, as complex numbers if any entry is outside of the real domain."""
    x = as_traced(x)
    if np.any(np.isreal(x) & outside(np.real(primal(x)))):
        return x.astype(np.complex64 if x.dtype.char in "fFbBhH" else np.complex128)
    return x


def negative(x: Any) -> Any:
    return x < 0


def beyond_one(x: Any) -> Any:
    return abs(x) > 1


WIDENED = (
    (np.emath.sqrt, np.sqrt, negative),
    (np.emath.log, np.log, negative),
    (np.emath.log2, np.log2, negative),
    (np.emath.log10, np.log10, negative),
    (np.emath.arccos, np.arccos, beyond_one),
    (np.emath.arcsin, np.arcsin, beyond_one),
    (np.emath.arctanh, np.arctanh, beyond_one),
)
"""Functions of one argument, and where they leave the real numbers."""


def widening(fun: Any, outside: Any) -> Any:
    def composed(x: Any) -> Any:
        return fun(widened(x, outside))

    return composed


for _emath, _fun, _outside in WIDENED:
    derived(_emath)(widening(_fun, _outside))


@derived(np.emath.logn)
def emath_logn(n: Any, x: Any) -> Any:
    return np.log(widened(x, negative)) / np.log(widened(n, negative))


@derived(np.emath.power)
def emath_power(x: Any, p: Any) -> Any:
    return np.power(widened(x, negative), as_traced(p))
