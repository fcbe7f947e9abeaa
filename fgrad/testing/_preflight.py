"""Before derivatives: whether there is anything to check, and a function at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fgrad._transforms._values import described
from fgrad.errors import GradientError
from fgrad.testing._leaves import Flat
from fgrad.testing._pullback import copies, same

__all__ = ["changes", "check_arguments", "check_call"]


def check_arguments(transform: str, name: str, args: Any, flat: Flat | None) -> None:
    """Refuse arguments that are no tuple, and those without anything to check."""
    if not isinstance(args, tuple | list):
        raise TypeError(
            f"{transform} needs a tuple of arguments for {name}, such as (x,), but got "
            f"{described(args)}."
        )
    if flat is not None and not flat.values:
        raise GradientError(
            f"{transform} has nothing to check: no argument of {name} has a float or "
            f"complex leaf. Convert integers with float(n) or x.astype(float).",
            kind="nothing to check",
        )


def check_call(
    name: str,
    fun: Callable[..., Any],
    args: Sequence[Any],
    flat: Flat,
    xs: Sequence[Any],
    traced: Sequence[Any] | None,
) -> list[Any]:
    """The results, once it is sure that they are finite and always the same."""
    before = copies(flat.given)
    first = flat.call(*copies(xs))
    if not first:
        what = described(fun(*args))
        raise GradientError(
            f"{name} returned nothing to differentiate, but {what}. Return floats; "
            f"perhaps a return is missing.",
            kind="nothing to check",
        )
    points = copies(xs)
    second = flat.call(*points)
    for path, x, point in zip(flat.paths, xs, points, strict=True):
        if not same([x], [point]):
            raise changes(name, path)
    if not same(before, flat.given):
        raise changes(name, "an argument")
    if not same(first, second):
        raise GradientError(
            f"{name} is not deterministic: two calls at the same point "
            f"{_difference(first, second)}. Draw random numbers outside of it, or from "
            f"a generator that it makes from a seed; let it keep no state.",
            kind="not deterministic",
        )
    for y in first:
        if not np.isfinite(y).all():
            raise GradientError(
                f"the value of {name} is nan or inf at this point, so it has no "
                f"derivative there. Check another point.",
                kind="nan",
            )
    if traced is not None:
        _check_traced(name, first, traced)
    return first


def changes(name: str, path: str) -> GradientError:
    """The error that a function writes into its argument."""
    return GradientError(
        f"{name} changes {path} in place, so what it returns depends on how often it "
        f"was called. Make a new array: x = x * 2 in place of x *= 2.",
        kind="changes an argument",
        path="" if path == "an argument" else path,
    )


def _difference(a: Sequence[Any], b: Sequence[Any]) -> str:
    if [np.shape(x) for x in a] != [np.shape(x) for x in b]:
        return "return other shapes"
    for x, y in zip(a, b, strict=True):
        if np.asarray(x).dtype != np.asarray(y).dtype:
            return f"have dtypes {np.asarray(x).dtype} and {np.asarray(y).dtype}"
    pairs = zip(a, b, strict=True)
    off = max(float(np.max(np.abs(np.subtract(x, y)), initial=0)) for x, y in pairs)
    return f"differ by {off:.2g}"


def _check_traced(name: str, plain: Sequence[Any], traced: Sequence[Any]) -> None:
    """The value must be the same with and without tracing."""
    same_shapes = [np.shape(y) for y in plain] == [np.shape(y) for y in traced]
    if same_shapes and all(map(_close, plain, traced)):
        return
    raise GradientError(
        f"{name} returns something else when it is differentiated: the two values "
        f"{_difference(plain, traced)}. It must not ask whether its arguments are "
        f"traced, and must keep no state.",
        kind="value",
    )


def _close(plain: Any, traced: Any) -> bool:
    plain, traced = np.asarray(plain), np.asarray(traced)
    if plain.dtype != traced.dtype:
        return False
    if not plain.size:
        return True
    allowed = 1e4 * float(np.finfo(plain.dtype).eps) * float(np.max(np.abs(plain)))
    return bool(np.max(np.abs(plain - traced)) <= allowed)
