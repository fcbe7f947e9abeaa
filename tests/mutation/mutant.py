"""What a mutant is."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Mutant", "of"]


class Mutant(NamedTuple):
    """One small fault: in a file of fgrad, an old text has become a new one."""

    file: str
    name: str
    old: str
    new: str
    near: str = ""
    """Which tests of `tests` run first: what pytest takes after ``-k``."""
    tests: tuple[str, ...] = ()
    """The files of tests that must find it."""
    equivalent: str = ""
    """Why no test can find it, if none can."""


def of(file: str, tests: str, *faults: tuple[str, ...]) -> list[Mutant]:
    """The mutants of one file.

    Each is ``(name, old, new, near)``, and a fifth text says why it is equivalent.
    """
    return [
        Mutant(file, *fault[:4], tuple(tests.split()), *fault[4:]) for fault in faults
    ]
