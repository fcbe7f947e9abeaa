"""Where in the user's code was this called.

A site is a pair ``(code, lasti)``: cheap to take on every call, and turned into a file,
a line and the source text only when a message needs them.
"""

import linecache
import sys
from os.path import basename, dirname
from types import CodeType, FrameType

import numpy as np

__all__ = ["LIBRARY", "Site", "call_text", "caller", "describe", "instruction", "short"]

Site = tuple[CodeType, int]

_LIBRARIES = (dirname(__file__), dirname(np.__file__))


class _Library(dict[str, bool]):
    """Whether a file belongs to fgrad or NumPy, and so is never the user's line."""

    def __missing__(self, filename: str) -> bool:
        self[filename] = filename.startswith(_LIBRARIES)
        return self[filename]


LIBRARY = _Library()


def user_frame() -> FrameType:
    """The innermost frame outside fgrad and NumPy."""
    frame = sys._getframe(1)
    while LIBRARY[frame.f_code.co_filename] and frame.f_back:
        frame = frame.f_back
    return frame


def caller() -> Site:
    """The site of the user's call that is running now."""
    frame = user_frame()
    return frame.f_code, frame.f_lasti


def _line(site: Site) -> int:
    code, lasti = site
    for position, instruction in enumerate(code.co_positions()):
        if position == lasti // 2 and instruction[0] is not None:
            return instruction[0]
    return code.co_firstlineno


def short(site: Site) -> str:
    """``model.py:12``."""
    return f"{basename(site[0].co_filename)}:{_line(site)}"


def describe(site: Site) -> str:
    """``File "model.py", line 12, in loss`` and, if known, the text of that line."""
    code, line = site[0], _line(site)
    text = linecache.getline(code.co_filename, line).strip()
    where = f'File "{code.co_filename}", line {line}, in {code.co_name}'
    return f"{where}\n    {text}" if text else where


def call_text(site: Site) -> str | None:
    """The source of the expression at `site`, when it stands on one line."""
    code, lasti = site
    for position, (start, end, left, right) in enumerate(code.co_positions()):
        if position == lasti // 2:
            if start is None or start != end:
                return None
            line = linecache.getline(code.co_filename, start).encode()
            return line[left:right].decode() or None
    return None


def instruction(site: Site) -> str:
    """What the interpreter does at `site`: ``STORE_SUBSCR`` for ``out[i] = x``."""
    from dis import opname  # only messages need it

    code, lasti = site
    return opname[code.co_code[lasti]]
