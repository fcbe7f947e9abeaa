"""What the command says: differences, what is left, and a summary."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from fgrad.port._port import Ported

__all__ = ["Summary"]


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


@dataclass
class Summary:
    """The words for all files, and the exit status in the end."""

    out: TextIO
    err: TextIO
    dry: bool
    changed: int = 0
    untouched: int = 0
    left: int = 0
    faults: int = 0

    def fault(self, words: str) -> None:
        """Say that a path cannot be ported."""
        self.faults += 1
        self.err.write(f"fgrad.port: {words}\n")

    def difference(self, path: Path, old: bytes, new: bytes) -> None:
        """Show the changes as ``diff -u`` does."""
        before, after = (t.decode().splitlines(keepends=True) for t in (old, new))
        lines = difflib.unified_diff(
            before,
            after,
            f"{path}",
            f"{path}, ported",
        )
        for line in lines:
            self.out.write(line if line.endswith("\n") else line + "\n")

    def file(self, path: Path, new: Ported, *, changed: bool) -> None:
        """List what is left in a file, and what else there is to know."""
        self.changed += changed
        self.untouched += not changed
        self.left += len(new.left)
        for note in new.notes:
            self.out.write(f"{path}:{note.line}: {note.construct} {note.instead}\n")
        for left in new.left:
            self.out.write(
                f"{path}:{left.line}: {left.construct} is left; {left.instead}\n"
            )

    def end(self) -> None:
        """Count."""
        done = "to be changed" if self.dry else "changed"
        self.out.write(
            f"{counted(self.changed, 'file')} {done}, {self.untouched} as before, "
            f"{counted(self.left, 'place')} left to you\n"
        )

    def status(self, *, check: bool) -> int:
        """2 after a path that cannot be ported; 1 of a check that found something."""
        if self.faults:
            return 2
        return int(check and bool(self.changed or self.left))
