"""A file as bytes with edits: spans that are replaced, all else as it was."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

__all__ = ["Edit", "Part", "Source", "Span"]

NEWLINE = re.compile(rb"\r\n|\r|\n")
REST_OF_LINE = re.compile(rb"[ \t]*(#[^\r\n]*)?(\r\n|\r|\n|$)")


@dataclass(frozen=True, order=True)
class Span:
    """The bytes from `start` to `stop`."""

    start: int
    stop: int


Part = str | Span
"""A piece of new text: words, or a span of the old text, with its own edits."""


@dataclass(frozen=True)
class Edit:
    """In place of a span stand these parts."""

    span: Span
    parts: tuple[Part, ...]


@dataclass
class Source:
    """The text of a file, and what is to be changed in it.

    An edit may lie inside another: the outer one says with spans where the old text, as
    the inner edits leave it, goes. So each construct is rewritten without knowledge of
    those around it and in it.
    """

    text: bytes
    edits: list[Edit] = field(default_factory=list[Edit])

    def __post_init__(self) -> None:
        self.lines = [0, *(match.end() for match in NEWLINE.finditer(self.text))]
        first = NEWLINE.search(self.text)
        self.newline = first.group().decode() if first else "\n"

    def span(self, node: ast.expr | ast.stmt | ast.alias | ast.keyword) -> Span:
        """Where a node stands: Python counts the bytes in a line, too."""
        last, column = node.end_lineno or 0, node.end_col_offset or 0  # never None
        return Span(
            self.lines[node.lineno - 1] + node.col_offset,
            self.lines[last - 1] + column,
        )

    def old(self, span: Span) -> str:
        """The text as it was."""
        return self.text[span.start : span.stop].decode()

    def replace(self, span: Span, *parts: Part) -> None:
        """Put `parts` where `span` is."""
        self.edits.append(Edit(span, parts))

    def whole_line(self, span: Span) -> Span | None:
        """The lines of a statement with their end, if nothing else stands there."""
        begin = max(start for start in self.lines if start <= span.start)
        rest = REST_OF_LINE.match(self.text, span.stop)
        if self.text[begin : span.start].strip() or not rest or rest.group(1):
            return None
        return Span(begin, rest.end())

    def new(self, span: Span | None = None) -> str:
        """The text with all edits."""
        edits: dict[Span, list[Edit]] = {}
        for edit in self.edits:
            edits.setdefault(edit.span, []).append(edit)
        return self._new(span or Span(0, len(self.text)), edits, None)

    def _new(self, span: Span, edits: dict[Span, list[Edit]], few: int | None) -> str:
        """The text of a span; of the edits of this very span, the first `few`."""
        inside = sorted(
            (
                other
                for other in edits
                if span.start <= other.start and other.stop <= span.stop
                if other != span or few != 0
            ),
            # The outer one first, but what is put before a span before that.
            key=lambda s: (s.start, s.start != s.stop, -s.stop),
        )
        pieces: list[str] = []
        at = span.start
        for other in inside:
            if other.start < at:  # it lies in the one before, which takes it along
                continue
            pieces.append(self.old(Span(at, other.start)))
            last = (few if other == span and few else len(edits[other])) - 1
            pieces += [
                part
                if isinstance(part, str)
                else self._new(part, edits, last if part == other else None)
                for part in edits[other][last].parts
            ]
            at = other.stop
        return "".join([*pieces, self.old(Span(at, span.stop))])
