"""A loop as a function of C.

Two loops with the same text are the same function, called with other pointers: a
hundred equal steps are compiled once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from fgrad._program.calls import Variable
from fgrad._program.native.axes import Axes
from fgrad._program.native.function import Line
from fgrad._program.native.functions import number
from fgrad._program.native.loops import Loop
from fgrad._program.native.places import CTYPES, Place, own
from fgrad._program.native.statements import Operand, Statement

__all__ = ["Nest", "Pointer"]

STARTS = {"+": "0", "max": "-__builtin_inf()", "min": "__builtin_inf()"}
"""What a sum or an extremum begins with."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a loop is given: the first entry of a root that it uses."""

    root: Any
    offset: int


class Nest:
    """The text of a loop, and the pointers that it is called with."""

    def __init__(self, loop: Loop, stored: set[Variable]) -> None:
        self.asks = any(s.how in ("finite", "max", "min") for s in loop.statements)
        """Whether it returns a number, which is 0 unless something was not finite."""
        self.pointers: list[Pointer] = []
        self.parameters: list[str] = []
        self._local: dict[Variable, str] = {}
        """What a value is called that the loop makes and takes."""
        self._bases: dict[int, tuple[str, int]] = {}
        reads, writes = _memory(loop, stored)
        places = [p for some in (*reads, writes) for p in some if p is not None]
        self._axes = Axes(loop.space, places)
        self._declare(places, {id(p.root) for p in writes if p is not None})
        depths = range(len(self._axes) + 1)
        self._before: list[list[str]] = [[] for _ in depths]
        self._after: list[list[str]] = [[] for _ in depths]
        self._body: list[Line] = []
        self._sums: dict[str, list[str]] = {"+": ["bad"]} if self.asks else {}
        """The names of sums and extrema that are kept in registers, by their sign."""
        for i, s in enumerate(loop.statements):
            self._statement(s, i, self._value(s, reads[i]), writes[i])

    def _declare(self, places: list[Place], written: set[int]) -> None:
        """One pointer for each root, to the first entry that is used."""
        least: dict[int, Pointer] = {}
        for place in places:
            key = id(place.root)
            known = least.get(key, Pointer(place.root, place.offset))
            least[key] = Pointer(place.root, min(known.offset, place.offset))
        for key, pointer in least.items():
            name = f"p{len(self.pointers)}"
            self._bases[key] = name, pointer.offset
            self.pointers.append(pointer)
            const = "" if key in written else "const "
            ctype = CTYPES[pointer.root.dtype.char]
            self.parameters.append(f"{const}{ctype} *restrict {name}")

    def _entry(self, place: Place) -> str:
        name, base = self._bases[id(place.root)]
        return f"{name}[{self._axes.index(place, base)}]"

    def _value(self, s: Statement, reads: list[Place | None]) -> str:
        """The value of a statement at an index."""
        texts: list[str] = []
        for operand, place in zip(s.operands, reads, strict=True):
            if operand.place is None:
                texts.append(number(operand.number, operand.dtype))
                continue
            root = operand.place.root
            text = self._local[root] if place is None else self._entry(place)
            texts.append(_converted(text, root.dtype, operand.dtype))
        return s.text.format(*texts)

    def _statement(self, s: Statement, i: int, value: str, into: Place | None) -> None:
        if s.how == "finite":  # 0 times infinity is nan
            self._body.append(Line(f"bad += {value} * 0;", s.site))
        elif s.how == "=" and s.whole:
            name = self._local[s.target] = f"v{i}"
            ctype = CTYPES[s.target.dtype.char]
            self._body.append(Line(f"{ctype} {name} = {value};", s.site))
            if into is not None:
                self._body.append(Line(f"{self._entry(into)} = {name};"))
        elif into is not None and s.how == "=":
            self._body.append(Line(f"{self._entry(into)} = {value};", s.site))
        elif into is not None:
            self._reduce(s, f"s{i}", value, into)

    def _reduce(self, s: Statement, name: str, value: str, into: Place) -> None:
        """Add to the target: in a register where that stands still in inner loops."""
        steps, entry = self._axes.steps(into), self._entry(into)
        still = len(steps)
        while still and steps[still - 1] == 0:
            still -= 1
        begun = not s.fresh
        if 0 in steps[:still] and s.fresh:
            self._before[0] += self._start(into, entry, STARTS[s.how])
            begun = True
        if s.how != "+":
            self._body.append(Line(f"bad += {value} != {value};"))
        if still == len(steps):
            text = _combined(s.how, entry, value) if begun else f"{entry} = {value};"
            self._body.append(Line(text, s.site))
            return
        ctype = CTYPES[s.target.dtype.char]
        wide = "double" if ctype == "float" and s.how == "+" else ctype
        self._before[still].append(f"{wide} {name} = {STARTS[s.how]};")
        self._body.append(Line(_combined(s.how, name, value), s.site))
        text = _combined(s.how, entry, name) if begun else f"{entry} = {name};"
        self._after[still].append(text)
        self._sums.setdefault(s.how, []).append(name)

    def _start(self, into: Place, entry: str, start: str) -> list[str]:
        """Loops that write the start of a sum to all entries of its target."""
        steps = self._axes.steps(into)
        heads = [h for h, step in zip(self._axes.heads(), steps, strict=True) if step]
        return [" ".join([*heads, f"{entry} = {start};"])]

    def lines(self) -> Iterator[Line]:
        """The lines between the braces of the function."""
        if self.asks:
            yield Line("double bad = 0;")
        last = len(self._axes) - 1
        for depth, head in enumerate(self._axes.heads()):
            indent = "    " * depth
            yield from (Line(indent + text) for text in self._before[depth])
            if depth == last:
                sums = [
                    f" reduction({s}:{', '.join(n)})" for s, n in self._sums.items()
                ]
                yield Line(f"#pragma omp simd{''.join(sums)}")
            yield Line(f"{indent}{head} {{")
        indent = "    " * (last + 1)
        yield from (Line(indent + line.text, line.site) for line in self._body)
        for depth in reversed(range(last + 1)):
            indent = "    " * depth
            yield Line(f"{indent}}}")
            yield from (Line(indent + text) for text in self._after[depth])
        if self.asks:
            yield Line("return bad;")


def _memory(loop: Loop, stored: set[Variable]) -> tuple[Any, list[Place | None]]:
    """What each statement reads from memory, and writes there; the rest is local."""
    made = set[Variable]()

    def read(operand: Operand) -> Place | None:
        place = operand.place
        if place is None or type(place.root) is not Variable or place.root not in made:
            return place
        return None if place == own(place.root) else place

    reads: list[list[Place | None]] = []
    writes: list[Place | None] = []
    for s in loop.statements:
        reads.append([read(operand) for operand in s.operands])
        local = s.how == "=" and s.whole
        unseen = s.how == "finite" or (local and s.target not in stored)
        writes.append(None if unseen else s.into)
        if local:
            made.add(s.target)
    return reads, writes


def _combined(how: str, target: str, value: str) -> str:
    if how == "+":
        return f"{target} += {value};"
    sign = ">" if how == "max" else "<"
    return f"{target} = {target} {sign} {value} ? {target} : {value};"


def _converted(text: str, given: np.dtype[Any], wanted: np.dtype[Any]) -> str:
    if given.char == wanted.char or CTYPES[given.char] == CTYPES[wanted.char]:
        return text
    if wanted.char == "?":
        return f"({text} != 0)"
    return f"({CTYPES[wanted.char]}){text}"
