"""Gradients in single precision, held against those in double precision.

Finite differences see too little in single precision. In double precision, they see
whether a gradient is right; and at the same point, both gradients are the same but for
rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fgrad._engine.box import primal
from fgrad._transforms import vjp
from fgrad.errors import GradientError
from fgrad.testing._leaves import widened
from fgrad.testing._report import number
from fgrad.testing._rounding import natural_sizes

__all__ = ["check_single"]

RTOL = 2.0**-8
"""Of the largest entry: a rule that is wrong is off by more, in most cases."""

EPS = float(np.finfo(np.float32).eps)
ROUNDING = 64 * EPS
"""Of the numbers from which an entry comes."""


def check_single(
    name: str,
    call: Callable[..., list[Any]],
    xs: Sequence[Any],
    ws: Sequence[Any],
    gradient: Sequence[Any],
    paths: Sequence[str],
) -> None:
    """Compare the gradient for the cotangents `ws` with that in double precision."""
    wide, weights = [widened(x) for x in xs], [widened(w) for w in ws]

    def derivative(*values: Any) -> list[Any]:
        return list(vjp(call, *values)[1]([primal(w) for w in weights]))

    try:
        want = derivative(*wide)
    except Exception:  # noqa: BLE001 (a function of single precision alone)
        return
    pairs = [*zip(gradient, want, strict=True)]
    if all(np.all(_off(*pair) <= RTOL * _size(pair[1])) for pair in pairs):
        return
    natural = natural_sizes(derivative, wide, want)
    beside = _beside(derivative, wide, want)
    for pair, numbers, near, path in zip(pairs, natural, beside, paths, strict=True):
        rounding = ROUNDING * np.max(numbers, initial=0.0)
        allowed = RTOL * _size(pair[1]) + rounding + 2 * near
        wrong = np.asarray(_off(*pair) > allowed)
        if wrong.any():
            index = tuple(int(i) for i in np.argwhere(wrong)[0])
            raise _failure(name, path, index, *(np.asarray(x)[index] for x in pair))


def _beside(
    derivative: Callable[..., list[Any]], xs: list[Any], want: list[Any]
) -> list[float]:
    """How far the gradient moves between points that single precision can not tell.

    At a kink, rounding decides on the side.
    """
    rng, largest = np.random.default_rng(0), [0.0] * len(want)
    for _ in range(4):
        shifted = [x * (1 + 8 * EPS * rng.uniform(-1, 1, np.shape(x))) for x in xs]
        found = derivative(*shifted)
        largest = [
            max(most, _size(_off(*pair)))
            for most, *pair in zip(largest, found, want, strict=True)
        ]
    return largest


def _size(c: Any) -> float:
    """That of the largest entry which is finite."""
    sizes = np.abs(c)
    return float(np.max(sizes, initial=0.0, where=np.isfinite(sizes)))


def _off(got: Any, want: Any) -> Any:
    """The differences; 0 where one is beyond all numbers of single precision."""
    with np.errstate(invalid="ignore", over="ignore"):
        off = np.abs(got - want)
    return np.where(np.isfinite(off), off, 0.0)


def _failure(
    name: str, path: str, index: tuple[int, ...], got: Any, want: Any
) -> GradientError:
    at = f"{path}[{', '.join(map(str, index))}]" if index else path
    return GradientError(
        f"the derivative of {name} with respect to {at} is wrong in single precision: "
        f"it is {number(got)}, but in double precision it is {number(want)}.",
        kind="wrong in single precision",
        path=path,
        index=index,
        got=got,
        want=want,
    )
