"""A function of C that stands for several calls, and the text that it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from fgrad._words.callsite import Site, quoted

__all__ = ["CompilerError", "Layout", "Line", "Native", "listing"]


class CompilerError(Exception):
    """There is no compiler, or it fails; the words say which."""


class Line(NamedTuple):
    """A line of C, and the user's line that it belongs to, if it is one of theirs."""

    text: str
    site: Site | None = None


class Layout(NamedTuple):
    """An array without gaps: its shape in the order of memory, and the way back."""

    shape: tuple[int, ...]
    axes: tuple[int, ...]


class Native:
    """A function of C: it takes what it reads, what it writes, and memory to work in.

    It returns 0, or 1 where the user's function has to run as it is.
    """

    __module__ = ""

    def __init__(
        self,
        name: str,
        layouts: list[Layout],
        work: int,
        text: list[Line],
        function: Any,
    ) -> None:
        self.__name__ = self.__qualname__ = name
        self.layouts = layouts
        """How the arrays lie to which it writes."""
        self.work = work
        """The bytes that it works in."""
        self.text = text
        """The whole file."""
        self.function = function
        """As Python calls it."""

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)


def listing(lines: list[Line]) -> Iterator[str]:
    """A file of C with the user's lines as comments."""
    last: str | None = None
    for line in lines:
        here = quoted(line.site) if line.site else last
        if here and here != last:
            indent = " " * (len(line.text) - len(line.text.lstrip()))
            words = here.replace("*/", "* /").replace('"""', "'''")
            yield f"{indent}/* {words} */"
        last = None if line.text == "}" else here
        yield line.text
