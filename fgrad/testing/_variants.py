"""Variants of a call: the options and kinds of arguments that rules forget."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from fgrad._engine.signatures import parameters_of
from fgrad._tree import tree_map
from fgrad.testing._leaves import fixed

__all__ = ["KINDS", "Variant", "variants"]

KINDS = {
    "options": "other axes, none, keepdims, where",
    "vmap": "a batch of three",
    "sign": "the opposite sign of an argument",
    "zero": "a zero among the entries",
    "repeats": "integers that are all the same",
    "number": "one number in place of an array, or of each",
    "length 1": "axes of length 1, which broadcast",
    "axes": "one more axis",
    "size 0": "no entries",
    "memory": "Fortran order, and a strided view",
    "scale": "large and small arguments",
    "float32": "single precision",
    "complex": "complex numbers",
}
"""What may vary."""


class Variant(NamedTuple):
    """Another call of the same function."""

    kind: str
    """One of `KINDS`."""
    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    modes: tuple[str, ...] = ("rev", "fwd")
    beside: tuple[Any, ...] | None = None
    """Arguments that the function accepts, too, unless this point is an edge."""


ALL = ("rev", "fwd", "vmap")
"""The modes in which it matters which axis a function takes by itself."""


def variants(
    fun: Callable[..., Any],
    args: Sequence[Any],
    kwargs: dict[str, Any],
    kinds: Collection[str] = tuple(KINDS),
) -> Iterator[Variant]:
    """The variants of a call, of some kinds, that the function itself accepts."""
    for variant in (
        *_options(fun, tuple(args), kwargs),
        Variant("vmap", "vmap", tuple(args), kwargs, ("rev", "vmap")),
        *_arguments(tuple(args), kwargs),
    ):
        calls = [variant]
        if variant.beside is not None:
            calls.append(variant._replace(args=variant.beside))
        if variant.kind in kinds and all(_runs(fun, call) for call in calls):
            yield variant


def _runs(fun: Callable[..., Any], variant: Variant) -> bool:
    """Whether the function returns finite numbers for this call."""
    plain = tree_map(
        lambda x: x.value if type(x) is fixed else x, (variant.args, variant.kwargs)
    )
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            result = fun(*plain[0], **plain[1])
            parts = result if isinstance(result, tuple | list) else (result,)
            return all(np.isfinite(np.asarray(part)).all() for part in parts)
    except Exception:  # noqa: BLE001 (whatever it says, such a call is not one of its own)
        return False


def _first(args: tuple[Any, ...]) -> Any:
    return next((a for a in args if isinstance(a, np.ndarray) and a.ndim), None)


def _options(
    fun: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Iterator[Variant]:
    """Axes, ``keepdims`` and ``where``."""
    try:
        parameters = list(parameters_of(fun))
    except (TypeError, ValueError):
        return
    named = dict(zip(parameters, args, strict=False)) | kwargs
    array = _first(args)
    if array is None:
        return

    def with_option(name: str, value: Any, option: str) -> Variant:
        position = parameters.index(option)
        if position < len(args):
            changed = (*args[:position], value, *args[position + 1 :])
            return Variant("options", name, changed, kwargs)
        return Variant("options", name, args, kwargs | {option: value})

    if "axis" in kwargs:
        rest = {name: value for name, value in kwargs.items() if name != "axis"}
        yield Variant("options", "no axis", args, rest, ALL)
    if "axis" in parameters:
        given = named.get("axis")
        if isinstance(given, np.ndarray):
            return  # of a function whose ``*args`` end before it
        axes: list[Any] = [None, *range(-array.ndim, array.ndim)]
        if array.ndim > 1 and not isinstance(given, int):
            axes.append((0, -1))
        for axis in axes:
            if axis != given or type(axis) is not type(given):
                yield with_option(f"axis={axis}", axis, "axis")
    if "keepdims" in parameters and named.get("keepdims") is not True:
        yield with_option("keepdims=True", True, "keepdims")
        if "axis" in parameters and named.get("axis") is None:
            both = with_option("axis=-1, keepdims=True", True, "keepdims")
            yield both._replace(kwargs=both.kwargs | {"axis": -1})
    # The ufunc itself leaves what it masks undefined.
    maskable = not isinstance(fun, np.ufunc)
    if maskable and "where" in parameters and "where" not in named:
        mask = np.arange(array.size).reshape(array.shape) % 3 != 1
        yield with_option("where=mask", mask, "where")


def _arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Variant]:
    """Other shapes, signs, sizes, dtypes and memory of one argument, or of all."""
    moving = [
        i
        for i, a in enumerate(args)
        if isinstance(a, np.ndarray | np.generic | float | complex)
        and np.asarray(a).dtype.kind in "fc"
    ]

    def one(
        i: int,
        kind: str,
        name: str,
        value: Any,
        modes: tuple[str, ...] = ("rev", "fwd"),
    ) -> Variant:
        changed = (*args[:i], value, *args[i + 1 :])
        return Variant(kind, f"{name} of argument {i}", changed, kwargs, modes)

    def all_of(kind: str, name: str, change: Callable[[Any], Any]) -> Variant:
        changed = tuple(change(a) if i in moving else a for i, a in enumerate(args))
        return Variant(kind, name, changed, kwargs)

    for i, a in enumerate(args):
        if isinstance(a, np.ndarray) and a.dtype.kind in "iu" and a.size > 1:
            same = np.full_like(a, a.flat[0])
            yield one(i, "repeats", "repeated integers instead", same)
    for i in moving:
        x = np.asarray(args[i])
        yield one(i, "sign", "the opposite sign", -args[i])
        if x.size > 1:
            first = np.arange(x.size).reshape(x.shape) == 0
            zero = one(i, "zero", "a zero in the first place", np.where(first, 0, x))
            beside = (*args[:i], np.where(first, -1e-6, x), *args[i + 1 :])
            yield zero._replace(beside=beside)
        if x.size:
            yield one(i, "number", "one number instead", x.flat[0])
            yield one(i, "number", "shape (1,) instead", x.reshape(-1)[:1])
        if x.ndim:
            yield one(i, "length 1", "a first axis of 1", x[:1])
            yield one(i, "length 1", "a last axis of 1", x[..., :1])
            yield one(i, "axes", "one more axis", np.stack([x, 1.25 * x]), ALL)
            yield one(i, "size 0", "size 0", x[:0])
            strided = np.repeat(x, 2, axis=-1)[..., ::2]
            yield one(i, "memory", "a strided view", strided)
        if x.ndim > 1:
            yield one(i, "memory", "Fortran order", np.asfortranarray(x))
    yield all_of("number", "one number for each argument", _number)
    if any(np.ndim(args[i]) for i in moving):
        yield all_of("size 0", "size 0", lambda a: a[:0] if np.ndim(a) else a)
    yield all_of("scale", "1e-6 times the arguments", lambda a: a * 1e-6)
    yield all_of("scale", "20 times the arguments", lambda a: a * 20.0)
    arrays = {n: _single(v) for n, v in kwargs.items() if isinstance(v, np.ndarray)}
    single = all_of("float32", "single precision", _single)
    yield single._replace(kwargs=kwargs | arrays)
    yield all_of("complex", "complex numbers", lambda a: a * (1 + 0.25j))


def _number(a: Any) -> Any:
    a = np.asarray(a)
    return a.flat[0] if a.size else a


def _single(a: Any) -> Any:
    a = np.asarray(a)
    if a.dtype.kind not in "fc":
        return a
    return a.astype(np.complex64 if a.dtype.kind == "c" else np.float32)[()]
