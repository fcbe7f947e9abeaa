"""Which entry of a derivative is wrong, by halving.

The half of a leaf in which derivative and finite differences disagree more is halved
again, and so are the results: 30,000 entries take 15 steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fgrad.testing._judge import Finding
from fgrad.testing._leaves import paired
from fgrad.testing._level import Level
from fgrad.testing._line import Slope

__all__ = ["Entry", "forward_entry", "has_corner", "single", "wrong_entry"]


class Entry(NamedTuple):
    """An entry of a derivative that is wrong."""

    place: tuple[int, ...]
    imaginary: bool
    """Whether it is wrong along the imaginary direction of this entry."""
    output: tuple[int, tuple[int, ...]] | None
    """The leaf of the results and the entry in it, if there are several."""
    got: float
    finding: Finding


def wrong_entry(level: Level, k: int, v: Any, finding: Finding) -> Entry:
    """The entry of a leaf that disagrees most."""

    def off(part: Any) -> float:
        got, size = paired([level.gradient[k]], [part])
        line = level.line(k, part, size)
        if finding.kind == "jump":
            return max(abs(line(t)) for t in (-(2.0**-26), 2.0**-26))
        if finding.kind == "kink":
            low, high = sorted((line.side(-1).value, line.side(1).value))
            return high - low if finding.between else max(low - got, got - high)
        return abs(got - line.stencil(_rung(finding.slope)))

    index = _halved(level, k, v, off)
    return single(level, k, index)


def has_corner(level: Level, k: int, v: Any) -> bool:
    """Whether slopes do not add up, though no line through the point shows a kink.

    The median of three equal numbers has a slope along every line, but the slope along
    two directions together is not the sum of both: it has no derivative there.
    """
    size = np.size(v)
    if size < 2:
        return False
    slope, rng = level.line(k, v, 0.0).slope(), np.random.default_rng(0)
    for _ in range(6):
        half = np.reshape(rng.permutation(size) < size // 2, np.shape(v))
        masks = [half, ~half]
        parts = [level.like(k, np.where(mask, v, 0)) for mask in masks]
        slopes = [level.line(k, part, 0.0).slope() for part in parts]
        largest = max(abs(s.value) for s in (slope, *slopes))
        errors = slope.error + sum(s.error for s in slopes)
        off = abs(slope.value - sum(s.value for s in slopes))
        if off > 1e-3 * largest + 10 * errors:
            return True
    return False


def forward_entry(level: Level, k: int, v: Any) -> Entry:
    """The same for forward mode."""
    zeros = [np.zeros_like(x) for x in level.xs]

    def forward(part: Any) -> float:
        return level.forward([*zeros[:k], part, *zeros[k + 1 :]])

    def off(part: Any) -> float:
        got = forward(part)
        if not np.isfinite(got):
            return float(np.finfo(float).max)
        return abs(got - level.line(k, part, 0.0).stencil(10))

    index = _halved(level, k, v, off)
    return single(level, k, index, forward)


def single(
    level: Level,
    k: int,
    index: tuple[int, ...],
    forward: Callable[[Any], float] | None = None,
) -> Entry:
    """What is found for one entry of a leaf: numbers that are not scaled."""
    scale = float(np.broadcast_to(level.scale(k), np.shape(level.xs[k]))[index])
    found: list[Entry] = []
    for unit in (1.0, 1j) if np.asarray(level.xs[k]).dtype.kind == "c" else (1.0,):
        part = np.zeros_like(level.xs[k])
        part[index] = unit * scale
        part = level.like(k, part)
        got, _, finding = level.along(k, part)
        if forward is not None:
            got = forward(part)
        value, error, step = finding.slope
        sides = finding.sides
        finding = finding._replace(
            slope=Slope(value / scale, error / scale, step),
            sides=sides and (sides[0] / scale, sides[1] / scale),
        )
        found.append(Entry(index, unit == 1j, None, got / scale, finding))
    return max(found, key=lambda entry: abs(entry.got - entry.finding.slope.value))


def _rung(slope: Slope) -> int:
    return round(-np.log2(slope.step)) if np.isfinite(slope.step) else 10


def _halved(
    level: Level, k: int, v: Any, off: Callable[[Any], float]
) -> tuple[int, ...]:
    """The entry whose disagreement is left after halving."""
    x = np.asarray(level.xs[k])
    entries, full = np.arange(x.size), np.asarray(v).ravel()
    while len(entries) > 1:
        middle = len(entries) // 2
        halves = [entries[:middle], entries[middle:]]
        offs: list[float] = []
        for half in halves:
            part = np.zeros(x.size, x.dtype)
            part[half] = full[half]
            found = off(level.like(k, part.reshape(x.shape)))
            offs.append(found if np.isfinite(found) else -1.0)
        entries = halves[offs[1] > offs[0]]
    return tuple(int(i) for i in np.unravel_index(entries[0], x.shape))


def output_entry(level: Level, k: int, entry: Entry) -> Entry:
    """The result whose derivative is wrong there, and by how much."""
    several = len(level.ys) > 1 or np.ndim(level.ys[0]) > 0
    pull = level.pull
    if pull is None or entry.finding.kind != "wrong" or not several:
        return entry
    column = _column(level, k, entry)
    places = [
        (i, index) for i, y in enumerate(level.ys) for index in np.ndindex(np.shape(y))
    ]
    unit = 1j if entry.imaginary else 1.0

    def pulled(chosen: list[Any]) -> tuple[float, float]:
        ws = [np.zeros_like(y) for y in level.ys]
        ws = [np.array(w) for w in ws]
        for i, index in chosen:
            ws[i][index] = np.asarray(level.ws[i])[index]
        cotangent = np.asarray(pull([w[()] for w in ws])[k])
        got = float((cotangent[entry.place] * unit).real)
        return got, paired(ws, column)[0]

    while len(places) > 1:
        middle = len(places) // 2
        halves = [places[:middle], places[middle:]]
        off = [abs(got - want) for got, want in map(pulled, halves)]
        places = halves[not off[0] >= off[1]]
    (i, index) = places[0]
    weight = np.asarray(level.ws[i])[index]
    if weight.dtype.kind == "c":
        return entry._replace(output=(i, index))
    got, want = (number / float(weight) for number in pulled(places))
    error = abs(entry.finding.slope.error / float(weight))
    slope = entry.finding.slope._replace(value=want, error=error)
    return entry._replace(
        output=(i, index), got=got, finding=entry.finding._replace(slope=slope)
    )


def _column(level: Level, k: int, entry: Entry) -> list[Any]:
    """The derivative of all results with respect to one entry, by the stencil."""
    scale = float(np.broadcast_to(level.scale(k), np.shape(level.xs[k]))[entry.place])
    part = np.zeros_like(level.xs[k])
    part[entry.place] = (1j if entry.imaginary else 1.0) * scale
    part = level.like(k, part)
    h = entry.finding.slope.step
    terms = [
        [w * np.asarray(y) for y in level.moved(k, part, s * h)]
        for s, w in ((-2, 1.0), (-1, -8.0), (1, 8.0), (2, -1.0))
    ]
    return [sum(t[1:], t[0]) / (12 * h * scale) for t in zip(*terms, strict=True)]
