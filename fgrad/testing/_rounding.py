"""How far rounding goes: a function is computed with small errors in every step.

A result may be a small difference of large numbers, and is then not more precise than
these, though nobody sees it from outside: in double precision ``1 - np.tanh(x) ** 2``
has a few steps only at x = 17, and is flat between them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from typing_extensions import override

from fgrad.testing._calls import Calls

__all__ = ["natural_sizes"]

ERROR = 2.0**-30
"""The relative error of each step: far above rounding, and small enough that errors add
up. Parker, Monte Carlo arithmetic: exploiting randomness in floating-point arithmetic
(1997)."""


class Erring(Calls):
    """Computes each operation with a small error."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._rng = np.random.default_rng(seed)

    @override
    def computed(self, ans: Any) -> Any:
        if isinstance(ans, tuple):
            make = getattr(type(ans), "_make", tuple)
            return make(map(self.computed, ans))
        if not isinstance(ans, np.ndarray | np.inexact) or ans.dtype.kind not in "fc":
            return ans
        error = self._rng.uniform(-1.0, 1.0, ans.shape).astype(ans.real.dtype)
        return (ans * (1 + ERROR * error))[()]

    def run(self, fun: Callable[..., list[Any]], values: list[Any]) -> list[Any]:
        """The results of a function of arrays."""
        try:
            out = fun(*[self.leaf(value) for value in values])
            return [y._value if self.holds(y) else y for y in out]
        finally:
            self.close()


def natural_sizes(
    fun: Callable[..., list[Any]], values: list[Any], results: list[Any]
) -> list[Any]:
    """For each entry of the results, how large the numbers are whose rounding it has.

    Without errors in between, that is the size of the result itself.
    """
    sizes = [np.abs(y) for y in results]
    for seed in range(2):
        try:
            with np.errstate(all="ignore"):
                found = Erring(seed).run(fun, values)
            pairs = zip(found, results, sizes, strict=True)
            sizes = [np.maximum(s, np.abs(y - y0) / ERROR) for y, y0, s in pairs]
        except Exception:  # noqa: BLE001 (a function that does not take traced values)
            break
    return [np.where(np.isfinite(size), size, 0.0) for size in sizes]
