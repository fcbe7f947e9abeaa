"""Tables of ratios: time the same call in several libraries, print what was found."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.interleaved import Timing, timings
from benchmarks.peers import given_threads
from fgrad._tree import flatten

Calls = dict[str, Callable[[], Any]]

SECONDS = 5
"""No round of a table begins later than this."""


@dataclass
class Table:
    """Rows under a header, as text or as Markdown."""

    title: str
    header: list[str]
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        cells = [self.header, *self.rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [
            "   ".join(
                cell.rjust(width) if i else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in cells
        ]
        return "\n  ".join([self.title, *lines, *self.notes])

    def markdown(self) -> str:
        rule = ["---", *["---:"] * (len(self.header) - 1)]
        cells = [self.header, rule, *self.rows]
        lines = ["| " + " | ".join(row) + " |" for row in cells]
        notes = ["", *self.notes] if self.notes else []
        return "\n".join([f"{self.title}:", "", *lines, *notes])


def ratio(x: float) -> str:
    """A number of three digits or so."""
    return f"{x:.{2 if x < 10 else 1 if x < 100 else 0}f}"


def compare(
    title: str, calls: Calls, bases: Calls | None = None, base: str = ""
) -> Table:
    """Times of calls with the same result, relative to that of the first one.

    `bases` are calls of which each library's is compared with its own, under the same
    names. "library, variant" is compared with the library's if it has none.
    """
    bases = bases or {}
    first = checked(calls)
    checked(bases)
    own = {name: f"{base} of {name}" for name in bases}
    every = calls | {own[name]: call for name, call in bases.items()}
    found = timings(every, rounds=200, seconds=SECONDS)
    reference, *_ = calls
    unit = found[reference].best
    header = ["", f"{reference} = 1 ({ratio(unit * 1e3)} ms)", "compiling"]
    rows = [
        [
            name,
            ratio(found[name].best / unit),
            f"{first[name] - found[name].best:.2f} s" if "jit" in name else "",
        ]
        for name in calls
    ]
    if bases:
        header.insert(1, f"its {base} = 1")
        for row in rows:
            name = row[0] if row[0] in own else row[0].rpartition(", ")[0]
            row.insert(1, ratio(found[row[0]].best / found[own[name]].best))
    return Table(title, header, rows, busy(found))


def checked(calls: Calls) -> dict[str, float]:
    """Make each call, compare what it returns with the first one's; the seconds."""
    seconds = {}
    expected = None
    for name, call in calls.items():
        start = time.perf_counter()
        result = call()
        seconds[name] = time.perf_counter() - start
        leaves = [np.asarray(leaf) for leaf in flatten(result)[0]]
        expected = expected or leaves
        for x, y in zip(leaves, expected, strict=True):
            assert x.dtype == np.float64, f"{name} returned {x.dtype}"
            atol = 1e-9 * np.max(np.abs(y))
            np.testing.assert_allclose(x, y, rtol=1e-9, atol=atol, err_msg=name)
    return seconds


def busy(found: dict[str, Timing]) -> list[str]:
    """Words about calls that kept more threads busy than they were given."""
    allowed = given_threads()
    return [
        f"{name} kept {timing.threads:.1f} threads busy, instead of {allowed}."
        for name, timing in found.items()
        if timing.threads > allowed + 0.2
    ]
