"""Values in a few characters, and the names that the user's code gives them."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from linecache import getline
from typing import Any

import numpy as np

from fgrad._words.callsite import Site, expression

__all__ = [
    "assigned",
    "index",
    "is_returned",
    "number",
    "numbered",
    "rows",
    "shortened",
    "small",
]

SMALL = 9
"""An array with at most so many entries is shown."""

ROWS, COLUMNS = 3, 4

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def small(value: Any) -> np.ndarray[Any, Any] | None:
    """A copy of an array that is small enough to be shown."""
    array = np.asarray(value)
    if array.ndim > 2 or array.size > SMALL or array.dtype.kind not in "biufc":
        return None
    across = array.shape[-1] if array.ndim else 1
    down = array.shape[0] if array.ndim == 2 else 1
    return None if across > COLUMNS or down > ROWS else array.copy()


def number(value: Any) -> str:
    """A number with four digits; a float can be told from an integer."""
    value = np.asarray(value)[()]
    if isinstance(value, np.complexfloating):
        sign = "-" if np.signbit(value.imag) else "+"
        return f"{number(value.real)}{sign}{number(abs(value.imag))}j"
    if not isinstance(value, np.floating):
        return str(value)
    text = f"{float(value):.4g}"
    return f"{text}.0" if re.fullmatch(r"-?\d+", text) else text


def rows(array: np.ndarray[Any, Any]) -> list[str]:
    """A small array, a line for each row."""
    if array.ndim == 0:
        return [number(array)]
    if array.size == 0:
        return ["[]"]
    cells = [[number(x) for x in row] for row in np.atleast_2d(array)]
    width = max(len(cell) for row in cells for cell in row) if array.ndim == 2 else 0
    return [f"[{', '.join(cell.rjust(width) for cell in row)}]" for row in cells]


def index(value: Any) -> str:
    """An index as it is written in brackets."""
    if isinstance(value, slice):
        ends = ["" if end is None else index(end) for end in (value.start, value.stop)]
        step = "" if value.step is None else f":{index(value.step)}"
        return f"{ends[0]}:{ends[1]}{step}"
    if value is Ellipsis:
        return "..."
    return str(value)


def numbered(name: str, count: int) -> str:
    """``v₁₂``: the name of one of several values."""
    return f"{name}{str(count).translate(SUBSCRIPTS)}"


def shortened(text: str, width: int) -> str:
    """A text without its middle, if it is too long."""
    if len(text) <= width:
        return text
    left = (width - 1) // 2
    return f"{text[:left]}…{text[left + 1 - width :]}"


BEFORE = re.compile(r"\s*([^\W\d]\w*)\s*(?::[^=]*)?=\s*\(?\s*")
AFTER = re.compile(r"\s*\)?\s*(?:#.*)?")
IN_PLACE = re.compile(r"([^\W\d]\w*)\s*(?:[-+*/@%]|\*\*|//)=")


RETURN = re.compile(r"\s*return\s*\(?\s*")


def assigned(site: Site) -> str | None:
    """The variable to which a line assigns the expression at a site, if it does."""
    before = _before(site)
    if before is None:
        return None
    found = BEFORE.fullmatch(before)
    if found is None and not before.strip():
        found = IN_PLACE.match(expression(site) or "")
    return found[1] if found else None


def is_returned(site: Site) -> bool:
    """Whether the expression at a site is what the function returns."""
    return RETURN.fullmatch(_before(site) or "") is not None


@lru_cache(1024)
def _before(site: Site) -> str | None:
    """What stands before an expression in its line, if nothing comes after it."""
    code, lasti = site
    positions = islice(code.co_positions(), lasti // 2, None)
    start, end, left, right = next(positions, (None,) * 4)
    if start is None or end is None:
        return None
    first, last = getline(code.co_filename, start), getline(code.co_filename, end)
    after = last.encode()[right:].decode(errors="replace").rstrip("\n")
    before = first.encode()[:left].decode(errors="replace")
    return before if AFTER.fullmatch(after) else None
