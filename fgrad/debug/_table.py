"""Tables of numbers for terminals, and for pages on light and dark screens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from fgrad.debug._colours import COLOURS, FONT

__all__ = ["Table", "as_html", "as_page", "as_text", "size", "time"]


class Table(NamedTuple):
    """A table: a title, names of columns, and rows of text."""

    title: str
    columns: Sequence[str]
    """A name that begins with ``<`` is that of a column of words, others of numbers."""
    rows: Sequence[Sequence[str]]


def as_text(heading: str, tables: Iterable[Table]) -> str:
    """The tables for a terminal."""
    parts = [heading]
    for table in tables:
        cells = [[name.lstrip("<") for name in table.columns], *table.rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(width) if name.startswith("<") else cell.rjust(width)
                for cell, width, name in zip(row, widths, table.columns, strict=True)
            ).rstrip()
            for row in cells
        ]
        parts += ["", table.title, *(f"  {line}" for line in lines)]
    return "\n".join(parts)


def as_html(heading: str, tables: Iterable[Table]) -> str:
    """The tables for a notebook, or for a page."""
    parts = [f"<style>{_style()}</style>", f"<h2>{escape(heading)}</h2>"]
    for table in tables:
        parts += [f"<h3>{escape(table.title)}</h3>", '<div class="wide"><table>']
        classes = ["words" if name.startswith("<") else "" for name in table.columns]
        for tag, cells in [
            ("th", [name.lstrip("<") for name in table.columns]),
            *(("td", row) for row in table.rows),
        ]:
            row = "".join(
                f'<{tag} class="{kind}">{escape(cell)}</{tag}>'
                for cell, kind in zip(cells, classes, strict=True)
            )
            parts.append(f"<tr>{row}</tr>")
        parts.append("</table></div>")
    return f'<div class="fgrad-tables">{"".join(parts)}</div>'


def as_page(heading: str, tables: Iterable[Table]) -> str:
    """The tables as a page that needs no other file."""
    light, dark = COLOURS["page"]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(heading)}</title><style>body {{ margin: 0; "
        f"background: {light} }} @media (prefers-color-scheme: dark) "
        f"{{ body {{ background: {dark} }} }}</style></head>"
        f"<body>{as_html(heading, tables)}</body></html>\n"
    )


def _style() -> str:
    light, dark = (
        "; ".join(
            f"--{name}: {COLOURS[name][page]}"
            for name in ("page", "ink", "muted", "frame", "frame-line")
        )
        for page in (0, 1)
    )
    return (
        f".fgrad-tables {{ {light}; background: var(--page); color: var(--ink); "
        f"padding: 12px; font: 13px {FONT} }}\n"
        f"@media (prefers-color-scheme: dark) {{ .fgrad-tables {{ {dark} }} }}\n"
        ".fgrad-tables h2 { font-size: 16px; margin: 4px 0; overflow-wrap: anywhere }\n"
        ".fgrad-tables h3 { font-size: 13px; margin: 14px 0 4px; "
        "color: var(--muted) }\n"
        ".fgrad-tables .wide { overflow-x: auto }\n"
        ".fgrad-tables table { border-collapse: collapse; font: inherit; "
        "color: inherit }\n"
        ".fgrad-tables tr { background: none }\n"
        ".fgrad-tables th, .fgrad-tables td { padding: 3px 8px; text-align: right; "
        "white-space: nowrap; border-bottom: 1px solid var(--frame-line) }\n"
        ".fgrad-tables th { color: var(--muted); font-weight: normal }\n"
        ".fgrad-tables .words { text-align: left }\n"
        "@media (max-width: 500px) { .fgrad-tables { font-size: 11px; padding: 6px }\n"
        ".fgrad-tables th, .fgrad-tables td { padding: 3px } }"
    )


def size(count: float) -> str:
    """``1.2 MB``: a number of bytes."""
    if count < 1000:
        return f"{count:.0f} B"
    for unit in ("kB", "MB", "GB"):
        count /= 1000
        if count < 999.5 or unit == "GB":
            return f"{count:.3g} {unit}"
    raise AssertionError


def time(seconds: float) -> str:
    """``1.2 ms``: a duration."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * factor >= 1 or unit == "µs":
            return f"{seconds * factor:.3g} {unit}"
    raise AssertionError
