"""What any pullback must be: linear, and without side effects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fgrad.errors import GradientError, RuleError

__all__ = ["check_pullback"]

FACTOR = -(2.0**20)
"""A power of two, so that a linear pullback is off by nothing but overflow."""


def check_pullback(
    name: str,
    pullback: Callable[[Any], Any],
    ws: list[Any],
    xs: Sequence[Any],
    paths: Sequence[str],
) -> list[Any]:
    """The gradient for the cotangents `ws`, once it is sure that asking is harmless."""
    given, points = copies(ws), copies(xs)
    try:
        first = list(pullback(given))
    except RuleError as error:
        if "writes into" not in str(error):
            raise
        raise GradientError(str(error), kind="writes into g or what it kept") from None
    if not same(given, ws):
        raise GradientError(
            f"the pullback of {name} writes into g, the cotangent that it was given. "
            f"Write g = g * 2 in place of g *= 2, in the rule.",
            kind="writes into g or what it kept",
        )
    if not same(points, xs):
        raise GradientError(
            f"the pullback of {name} changes an argument of {name} in place.",
            kind="changes an argument",
        )
    for x, c, path in zip(xs, first, paths, strict=True):
        _check_space(name, x, c, path)
    small = min([np.asarray(w).itemsize for w in ws], default=8) < 4
    factor = -2.0 if small else FACTOR
    scaled = pullback([w * np.asarray(w).dtype.type(factor) for w in ws])
    zero = pullback([np.zeros_like(w) for w in ws])
    again = pullback(copies(ws))
    if not same(again, first):
        raise GradientError(
            f"the pullback of {name} returns something else when it is called again: "
            f"it writes into what it kept of the forward call, or keeps state.",
            kind="writes into g or what it kept",
        )
    for c, c2, c0, path in zip(first, scaled, zero, paths, strict=True):
        _check_linear(name, path, factor, c, np.asarray(c2), np.asarray(c0))
    double = all(np.asarray(w).dtype.char in "dD" for w in (*ws, *xs))
    if double and any(np.ndim(w) > 1 for w in ws):  # rounding is far smaller
        turned = pullback([np.asarray(w, order="F")[()] for w in ws])
        for c, c2, path in zip(first, turned, paths, strict=True):
            _check_order(name, path, c, np.asarray(c2))
    return first


def copies(values: Sequence[Any]) -> list[Any]:
    """Copies that may be written to, in the same order of memory."""
    return [np.array(x) if isinstance(x, np.ndarray) else x for x in values]


def same(a: Sequence[Any], b: Sequence[Any]) -> bool:
    """Whether arrays are equal, nan for nan."""
    return len(a) == len(b) and all(map(_equal, a, b))


def _equal(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if np.shape(a) != np.shape(b):
        return False
    equal = np.asarray(a == b)
    return bool(equal.all() or (equal | ((a != a) & (b != b))).all())  # noqa: PLR0124 (nan)


def _check_space(name: str, x: Any, c: Any, path: str) -> None:
    if c.shape != np.shape(x):
        raise GradientError(
            f"the gradient of {name} with respect to {path} has shape {c.shape}, but "
            f"{path} has shape {np.shape(x)}.",
            kind="shape",
            path=path,
        )
    if c.dtype != np.asarray(x).dtype:
        raise GradientError(
            f"the gradient of {name} with respect to {path} has dtype {c.dtype}, but "
            f"{path} has dtype {np.asarray(x).dtype}.",
            kind="dtype",
            path=path,
        )


def _check_linear(
    name: str, path: str, factor: float, c: Any, scaled: Any, zero: Any
) -> None:
    bad = (zero != 0) & np.isfinite(c)
    if bad.any():
        raise GradientError(
            f"the pullback of {name} is not linear in g: for g = 0 it is not 0 with "
            f"respect to {path}, but {zero.flat[np.flatnonzero(bad)[0]]}.",
            kind="not linear in g",
            path=path,
        )
    rtol = 1e-3 if c.real.itemsize < 8 else 1e-9
    with np.errstate(all="ignore"):
        off = np.abs(scaled / factor - c)
        wrong = off > rtol * np.abs(c) + 1e-30
    if wrong.any():
        i = int(np.flatnonzero(wrong)[0])
        raise GradientError(
            f"the pullback of {name} is not linear in g: for {factor:g} * g it is "
            f"{scaled.flat[i]:.6g} with respect to {path}, but for g it is "
            f"{c.flat[i]:.6g}.",
            kind="not linear in g",
            path=path,
        )


def _check_order(name: str, path: str, c: Any, turned: Any) -> None:
    """Sums may round in another way; nothing else may differ."""
    finite = np.isfinite(c) & np.isfinite(turned)
    size = np.max(np.abs(c), initial=0.0, where=finite)
    off = np.max(np.abs(turned - c), initial=0.0, where=finite)
    if off > 1e-9 * size:
        raise GradientError(
            f"the pullback of {name} returns something else with respect to {path} if "
            f"g lies in memory in Fortran order. Do not use order='K' or g.strides.",
            kind="depends on the memory order of g",
            path=path,
        )
