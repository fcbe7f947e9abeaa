"""What the functions of `fgrad.nn` ask of their arguments, and the words for errors.

A message begins with the name of the function, and ends with the user's line.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from operator import index
from typing import Any, NoReturn

import numpy as np

from fgrad._engine.box import primal, space, stored, values
from fgrad._words.callsite import at
from fgrad.derived.creation import as_traced

__all__ = [
    "axis_of",
    "each",
    "floating",
    "inexact",
    "reduced",
    "refuse",
    "same_shape",
    "setting",
    "whole",
]


def refuse(words: str, kind: type[Exception] = ValueError) -> NoReturn:
    """Raise an error that ends with the user's line."""
    raise kind(at(words))


def inexact(name: str, **arrays: Any) -> list[Any]:
    """The arguments as arrays, which have to be of real or complex numbers."""
    return [_checked(name, parameter, x, "fc") for parameter, x in arrays.items()]


def floating(name: str, **arrays: Any) -> list[Any]:
    """The arguments as arrays, which have to be of real floating-point numbers."""
    return [_checked(name, parameter, x, "f") for parameter, x in arrays.items()]


def _checked(name: str, parameter: str, value: Any, kinds: str) -> Any:
    x = as_traced(value)
    if x.dtype.kind in kinds:
        return x
    what, instead = "floating-point", ""
    if x.dtype.kind == "c":
        what, instead = "real", f"; write np.abs({parameter}) or {parameter}.real"
    elif x.dtype.kind in "biu":
        cast = f"{parameter}.astype(np.float32)" if x.ndim else f"float({parameter})"
        instead = f"; write {cast}"
    return refuse(
        f"{name} needs {what} numbers, but {parameter} has dtype {x.dtype} and shape "
        f"{x.shape}{instead}",
        TypeError,
    )


def axis_of(name: str, x: Any, dim: Any) -> int:
    """The axis `dim` of an array, counted from the front."""
    axis = _whole(dim)
    if axis is None or not -x.ndim <= axis < x.ndim:
        refuse(
            f"{name} has dim={dim!r}, but input of shape {x.shape} has the axes 0 to "
            f"{x.ndim - 1}"
        )
    return axis % x.ndim


def setting(
    name: str, parameter: str, value: Any, least: float = -inf, most: float = inf
) -> None:
    """Refuse a setting that is no finite real number within its bounds.

    It may be traced, or an array of such numbers.
    """
    plain = primal(as_traced(value))
    seen = values(plain)
    fits = space(plain)[1].kind in "iuf" and bool(
        np.all(np.isfinite(seen) & (seen >= least) & (seen <= most))
    )
    if not fits:
        bounds = "a finite number"
        if most < inf:
            bounds = f"a number from {least:g} to {most:g}"
        elif least > -inf:
            bounds += f" of at least {least:g}"
        shown = np.asarray(stored(plain)).tolist()
        refuse(f"{name} has {parameter}={shown!r}; it has to be {bounds}")


def whole(name: str, parameter: str, value: Any, least: int) -> int:
    """One whole number."""
    number = _whole(value)
    if number is None or number < least:
        return refuse(
            f"{name} needs {parameter} to be a whole number of at least {least}, but "
            f"got {value!r}"
        )
    return number


def each(
    name: str, parameter: str, value: Any, ndim: int, least: int
) -> tuple[int, ...]:
    """One whole number for each of `ndim` axes, from one for all or a sequence."""
    one = _whole(value)
    many = value if isinstance(value, Sequence | np.ndarray) and np.ndim(value) else ()
    found = [one] * ndim if one is not None else [_whole(n) for n in many]
    whole = [n for n in found if n is not None and n >= least]
    if len(whole) != ndim or len(found) != ndim:
        numbers = f"or {ndim} of them" if ndim > 1 else "or a tuple of one"
        refuse(
            f"{name} needs {parameter} to be a whole number of at least {least}, "
            f"{numbers}, but got {value!r}"
        )
    return tuple(whole)


def _whole(value: Any) -> int | None:
    """A whole number as Python's, or ``None`` for anything else."""
    try:
        return index(value)
    except TypeError:
        return None


def same_shape(name: str, **arrays: Any) -> None:
    """Two arguments of one shape: broadcasting would hide a missing axis."""
    (first, x), (second, y) = arrays.items()
    if x.shape != y.shape:
        refuse(
            f"{name} needs {first} and {second} of the same shape, but got {x.shape} "
            f"and {y.shape}"
        )


def reduced(name: str, losses: Any, reduction: str) -> Any:
    """The mean or the sum of all losses, or all of them."""
    if reduction == "mean":
        return np.mean(losses)
    if reduction == "sum":
        return np.sum(losses)
    if reduction == "none":
        return losses
    return refuse(f"{name} has reduction={reduction!r}; write 'mean', 'sum' or 'none'")
