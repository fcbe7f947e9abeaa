"""One derivative of a function at a point, held against its finite differences.

The second derivative is the derivative of the function that the first one is, so the
same code checks all orders. Results are combined to one number by random weights, and
each leaf of the arguments moves along a random direction of its own: what is wrong in
any entry shows in that one number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from fgrad._transforms import jvp
from fgrad.testing._judge import Finding, judge
from fgrad.testing._leaves import direction, paired, sizes
from fgrad.testing._line import Line
from fgrad.testing._report import Verdict
from fgrad.testing._rounding import natural_sizes

GROUP = 8
"""Sizes that differ by less than 2**8 are similar."""

MIXED = 2.0**-10
"""Terms of such different sizes are looked at on their own, too."""

EVENED = 2.0**-28
"""Smaller terms than this part of the largest one are lost in its rounding."""

TINY = float(np.finfo(float).tiny)
"""Smaller numbers have fewer digits: their rounding is that of this one."""

SMALLEST = 2.0**24 * TINY
"""Weights of results that are smaller, and gradients with these, might overflow."""

__all__ = ["Level", "Settings", "weights"]


@dataclass(frozen=True)
class Settings:
    """What the user asks of a check."""

    name: str
    """Of the function that is checked."""
    paths: Sequence[str]
    modes: Sequence[str] = ("rev", "fwd")
    kinks: str = "subgradient"
    scales: Sequence[Any] | None = None
    rtol: float = 1e-7
    atol: float = 0.0
    noise: float = 0.0


def weights(
    ys: Sequence[Any],
    rng: np.random.Generator,
    natural: Sequence[Any] = (),
    before: Sequence[Any] = (),
) -> list[Any]:
    """Random cotangents, larger where results are smaller; 1 for a single number.

    What is far smaller than other results, or than what is `natural` for it, may be
    what rounding has left of larger numbers. The weights that are in the results
    already, `before`, and these are multiplied in derivatives.
    """
    if len(ys) == 1 and np.shape(ys[0]) == () and np.asarray(ys[0]).dtype.kind == "f":
        return [np.ones_like(ys[0])]
    found = [sizes(y) for y in ys]
    if natural:
        found = [
            np.maximum(size, 2.0**-30 * n)
            for size, n in zip(found, natural, strict=True)
        ]
    least = max([size.max(initial=0.0) for size in found], default=0.0) * 2.0**-16
    least = max([least, SMALLEST, *(SMALLEST * np.max(np.abs(w)) for w in before)])
    return [
        np.asarray(direction(y, rng) / np.maximum(size, least), np.asarray(y).dtype)[()]
        for y, size in zip(ys, found, strict=True)
    ]


@dataclass
class Level:
    """One derivative: the function, the point, and the gradient that is claimed."""

    settings: Settings
    order: int
    call: Callable[..., list[Any]]
    xs: list[Any]
    ys: list[Any]
    ws: list[Any]
    gradient: list[Any]
    pull: Callable[[list[Any]], Sequence[Any]] | None
    """Other gradients, for other weights, if there is a way to them."""
    natural: Sequence[Any] = ()
    """The size of the numbers from whose sums results may come, for each of them."""

    def careful(self) -> Level:
        """The same, where results may have the rounding of all numbers before them."""
        natural = natural_sizes(self.call, self.xs, self.ys)
        if self.natural:
            pairs = zip(natural, self.natural, strict=True)
            natural = [np.maximum(*pair) for pair in pairs]
        return replace(self, natural=natural)

    def scale(self, k: int) -> Any:
        """The natural size of the entries of a leaf."""
        if self.settings.scales is not None:
            return self.settings.scales[k]
        return sizes(self.xs[k])

    def direction(self, k: int, rng: np.random.Generator) -> Any:
        """A direction for one leaf, in its order of memory.

        If the terms of the derivative along it nearly cancel, so may their errors: then
        it is another one.
        """
        tries = 8
        while True:
            v = self.like(k, direction(self.xs[k], rng) * self.scale(k))
            got, size = paired([self.gradient[k]], [v])
            tries -= 1
            if abs(got) >= 0.5 * size or not np.isfinite(size) or not tries:
                return v

    def evened(self, k: int, v: Any) -> Any:
        """The direction along which all entries of the derivative count as much.

        None, if they do so along `v`. What counts by less than rounding is left out.
        """
        terms = np.abs(self.gradient[k] * v)
        top = terms.max(initial=0.0)
        counts = terms > EVENED * top
        least = terms.min(where=counts, initial=top)
        if not 0 < top < np.inf or least >= MIXED * top:
            return None
        return self.like(k, v * np.where(counts, least / np.where(counts, terms, 1), 0))

    def like(self, k: int, value: Any) -> Any:
        """An array like a leaf, also in memory."""
        if np.ndim(self.xs[k]) == 0:
            return np.asarray(value, np.asarray(self.xs[k]).dtype)[()]
        v = np.empty_like(self.xs[k])
        v[...] = value
        return v

    def moved(self, k: int, v: Any, t: float) -> list[Any]:
        """The results at a point that is shifted along one leaf."""
        xs = self.xs
        ys = self.call(*xs[:k], xs[k] + t * v, *xs[k + 1 :])
        if [np.shape(y) for y in ys] != [np.shape(y) for y in self.ys]:
            raise ValueError("the results have another shape there")
        return ys

    def change(self, k: int, v: Any, t: float) -> float:
        """How much the combined result changes."""
        change = 0.0
        for w, y, y0 in zip(self.ws, self.moved(k, v, t), self.ys, strict=True):
            change += float((w * np.subtract(y, y0)).real.sum())
        return change

    @cached_property
    def values(self) -> float:
        """The size of the combined result, or of the numbers that it comes from."""
        sizes = [np.maximum(np.abs(y), TINY) for y in self.ys]
        if self.natural:
            pairs = zip(sizes, self.natural, strict=True)
            sizes = [np.maximum(size, n) for size, n in pairs]
        return paired(self.ws, sizes)[1]

    @cached_property
    def rounding(self) -> float:
        """The relative error of the results."""
        kinds = [np.asarray(y).dtype for y in self.ys]
        eps = max([float(np.finfo(kind).eps) for kind in kinds], default=0.0)
        return max(2 * eps, self.settings.noise)

    def line(self, k: int, v: Any, size: float) -> Line:
        """The combined result along a direction of one leaf."""
        values = self.values + size
        return Line(lambda t: self.change(k, v, t), self.rounding, values)

    def groups(self, k: int, v: Any) -> list[Any]:
        """The direction of one leaf in parts, with entries of similar size in each.

        Each part has steps of its own. If all entries are of similar size, there is
        none.
        """
        size = np.abs(self.xs[k])
        if self.settings.scales is not None or size.size < 2 or not size.any():
            return []
        size = np.where(size == 0, size.max(), size)
        group = np.floor(np.log2(size.max() / size) / GROUP)
        values = np.unique(group)
        if len(values) < 2:
            return []
        v = np.sign(v) if np.asarray(v).dtype.kind == "f" else v / np.abs(v)
        return [self.like(k, np.where(group == n, v * size, 0.0)) for n in values]

    def along(self, k: int, v: Any) -> tuple[float, float, Finding]:
        """The claimed derivative along a direction, its size, and what is found."""
        got, size = paired([self.gradient[k]], [v])
        line = self.line(k, v, size)
        rtol, atol = self.settings.rtol, self.settings.atol
        return got, size, judge(line, got, size, self.values, rtol, atol)

    def forward(self, vs: Sequence[Any]) -> float:
        """The derivative along a direction of all leaves, by forward mode."""
        tangents = jvp(lambda *xs: self.call(*xs), tuple(self.xs), tuple(vs))[1]
        return paired(self.ws, tangents)[0]

    def verdict(self, kind: str, path: str, mode: str, got: float, s: Any) -> Verdict:
        return Verdict(kind, self.order, path, mode, got, s.value, s.error, s.step)
