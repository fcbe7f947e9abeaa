"""The option ``out=``: the result of a call, written into an array that is given."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import cache
from typing import Any

import numpy as np

from fgrad._engine.box import Box
from fgrad._engine.signatures import parameters_of
from fgrad._words.callsite import at, user_call
from fgrad._words.storing import WHERE, storing
from fgrad.errors import ConversionError

__all__ = ["has_outputs", "into_outputs", "position"]


def has_outputs(
    fun: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> bool:
    """Whether a call says where its result is to be written."""
    out = kwargs.get("out")
    if out is not None:
        return type(out) is not tuple or any(o is not None for o in out)
    if isinstance(fun, np.ufunc):
        return len(args) > fun.nin
    place = position(fun)
    return place is not None and len(args) > place and args[place] is not None


@cache
def position(fun: Callable[..., Any]) -> int | None:
    """The position of ``out`` among the parameters of a function that has it."""
    names = list(parameters_of(fun))
    return names.index("out") if "out" in names else None


def into_outputs(
    fun: Callable[..., Any],
    call: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """Call a function without its outputs, and write what it returns into them."""
    args, kwargs, outputs = _parted(fun, args, kwargs)
    if any(out is not None and type(out) is not Box for out in outputs):
        plain = kwargs.get("where", True) is True
        raise ConversionError(at(storing(user_call()) if plain else WHERE))
    where = kwargs.pop("where", True) if isinstance(fun, np.ufunc) else True
    with np.errstate(all="ignore") if where is not True else nullcontext():
        results = call(*args, **kwargs)
    several = isinstance(results, tuple)
    written: list[Any] = []
    for result, out in zip(results if several else (results,), outputs, strict=several):
        if out is not None:
            result = _written(fun, result, out, where, kwargs)
        written.append(result)
    return tuple(written) if several else written[0]


def _parted(
    fun: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, dict[str, Any], tuple[Any, ...]]:
    """Arguments, options and outputs."""
    rest = {name: value for name, value in kwargs.items() if name != "out"}
    out = kwargs.get("out")
    if out is None and isinstance(fun, np.ufunc):
        args, out = args[: fun.nin], args[fun.nin :]
    elif out is None and (place := position(fun)) is not None:
        given = [*parameters_of(fun)][place + 1 : len(args)]
        rest |= zip(given, args[place + 1 :], strict=False)
        args, out = args[:place], args[place]
    outputs = out if type(out) is tuple else (out,)
    missing = fun.nout - len(outputs) if isinstance(fun, np.ufunc) else 0
    return args, rest, (*outputs, *(None,) * missing)


def _written(
    fun: Callable[..., Any], result: Any, out: Box, where: Any, options: dict[str, Any]
) -> Box:
    """An output after a result was written into it."""
    casting = options.get("casting", "same_kind")
    dtype = getattr(result, "dtype", np.dtype(type(result)))
    if not np.can_cast(dtype, out.dtype, casting):
        name = getattr(fun, "__name__", "the function")
        raise TypeError(
            f"Cannot cast {name!r} output from {dtype!r} to {out.dtype!r} with "
            f"casting rule {casting!r}"
        )
    if where is not True:
        result = np.where(where, result, out)
    elif not isinstance(fun, np.ufunc) and np.shape(result) != out.shape:
        raise ValueError(
            f"output array has wrong shape: it needs {np.shape(result)}, but has "
            f"{out.shape}"
        )
    out[...] = result
    return out
