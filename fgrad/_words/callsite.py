"""Where in the user's code was this called.

A site is a pair ``(code, lasti)``: cheap to take on every call, and turned into a file,
a line and the source text only when a message needs them.
"""

import linecache
import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from functools import cache
from os.path import basename, dirname
from types import CodeType, FrameType
from typing import NamedTuple

import numpy as np

from fgrad.errors import MissingRuleError

__all__ = [
    "LIBRARY",
    "Call",
    "Site",
    "at",
    "caller",
    "describe",
    "expression",
    "instruction",
    "is_ours",
    "line",
    "no_rule",
    "quoted",
    "short",
    "user_call",
    "user_frame",
    "warn_at",
]

Site = tuple[CodeType, int]

_FGRAD = dirname(dirname(__file__)) + os.sep
_LIBRARIES = (_FGRAD, dirname(np.__file__) + os.sep)


class _Library(dict[str, bool]):
    """Whether a file belongs to fgrad or NumPy, and so is never the user's line."""

    def __missing__(self, filename: str) -> bool:
        self[filename] = filename.startswith(_LIBRARIES)
        return self[filename]


LIBRARY = _Library()


def is_ours(filename: str) -> bool:
    """Whether a file is one of fgrad's."""
    return filename.startswith(_FGRAD)


def caller() -> Site:
    """The site of the user's call that is running now."""
    frame = sys._getframe(1)
    while LIBRARY[frame.f_code.co_filename] and frame.f_back:
        frame = frame.f_back
    return frame.f_code, frame.f_lasti


def user_frame(frame: FrameType) -> FrameType:
    """The frame of the user that called this one, directly or not."""
    while frame.f_back and LIBRARY[frame.f_code.co_filename]:
        frame = frame.f_back
    return frame


def warn_at(frame: FrameType, words: str, category: type[Warning]) -> None:
    """Warn at the line that a frame is at."""
    scope = frame.f_globals
    warnings.warn_explicit(
        words,
        category,
        frame.f_code.co_filename,
        frame.f_lineno,
        scope.get("__name__", "<unknown>"),
        scope.setdefault("__warningregistry__", {}),
    )


class Call(NamedTuple):
    """A call that the user has written, of a function of whatever library."""

    frame: FrameType
    lasti: int
    """The offset of the instruction that made the call."""
    callee: FrameType | None
    """The frame of the function that was called, if it is written in Python."""

    @property
    def site(self) -> Site:
        return self.frame.f_code, self.lasti


def user_call(stack: Iterable[tuple[FrameType, int]] | None = None) -> Call | None:
    """Where the user's code is left: the innermost frame of no installed library.

    The `stack` has the innermost frame first; by default it is that which runs now. A
    function that fgrad runs may lie in a library, too: then it is the user's.
    """
    callee, innermost = None, None
    for frame, lasti in _running() if stack is None else stack:
        filename = frame.f_code.co_filename
        if is_ours(filename):
            if innermost is not None:
                return innermost
            continue  # it asks for the words
        call = Call(frame, lasti, callee)
        if not LIBRARY[filename]:
            innermost = innermost or call
            if not filename.startswith(_installed()):
                return call
        callee = frame
    return innermost


def _running() -> Iterator[tuple[FrameType, int]]:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        yield frame, frame.f_lasti
        frame = frame.f_back


@cache
def _installed() -> tuple[str, ...]:
    """The folders of Python's own library and of installed packages."""
    import site  # only messages need them
    import sysconfig

    paths = sysconfig.get_paths()
    folders = {paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {*site.getsitepackages(), site.getusersitepackages()}
    return tuple(folder + os.sep for folder in folders)


def line(site: Site) -> int:
    """The number of the line."""
    code, lasti = site
    for position, instruction in enumerate(code.co_positions()):
        if position == lasti // 2 and instruction[0] is not None:
            return instruction[0]
    return code.co_firstlineno


def short(site: Site) -> str:
    """``model.py:12``; in a notebook, where cells have no names, ``cell:12``."""
    path = site[0].co_filename
    cell = "ipykernel_" in path or "<ipython-input" in path
    return f"{'cell' if cell else basename(path)}:{line(site)}"


def source_line(site: Site) -> str:
    """The text of the line; empty if it is not known."""
    return linecache.getline(site[0].co_filename, line(site)).strip()


def quoted(site: Site) -> str:
    """``model.py:12: z = x * y``, if the text of the line is known."""
    text = source_line(site)
    return f"{short(site)}: {text}" if text else short(site)


def describe(site: Site) -> str:
    """``File "model.py", line 12, in loss`` and, if known, the text of that line."""
    code, number, text = site[0], line(site), source_line(site)
    where = f'File "{code.co_filename}", line {number}, in {code.co_name}'
    return f"{where}\n    {text}" if text else where


def at(words: str, site: Site | None = None) -> str:
    """The words of a message, and after them the user's line (or another site)."""
    return f"{words}, at {describe(site or caller())}"


def no_rule(words: str, hint: str = "") -> MissingRuleError:
    """The error that there is no rule for something, and where that was called."""
    where = describe(caller())
    return MissingRuleError(f"no derivative rule for {words}, called at {where}{hint}")


def expression(site: Site) -> str | None:
    """The source of the expression at `site`."""
    code, lasti = site
    for position, (start, end, left, right) in enumerate(code.co_positions()):
        if position == lasti // 2:
            if start is None or end is None:
                return None
            lines = linecache.getlines(code.co_filename)[start - 1 : end]
            if not lines:
                return None
            encoded = [line.encode() for line in lines]
            encoded[-1] = encoded[-1][:right]
            encoded[0] = encoded[0][left:]
            return b"".join(encoded).decode() or None
    return None


def instruction(site: Site) -> str:
    """The name of the instruction at a site: ``STORE_SUBSCR`` for ``out[i] = x``."""
    from dis import opname  # only messages need it

    code, lasti = site
    return opname[code.co_code[lasti]]
