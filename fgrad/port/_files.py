"""The files on disk: which there are, read and written."""

from __future__ import annotations

from pathlib import Path

from fgrad.port._port import Ported, PortError, port
from fgrad.port._report import Summary

__all__ = ["found", "ported", "written"]


def found(paths: list[str]) -> tuple[list[Path], list[str]]:
    """The files that paths mean, and words about paths that mean none."""
    files: list[Path] = []
    missing: list[str] = []
    for name in paths:
        path = Path(name)
        if path.is_dir():
            inside = sorted(
                p
                for p in path.rglob("*.py")
                if p.is_file()
                and not any(q.startswith(".") for q in p.relative_to(path).parts)
            )
            files += inside
            if not inside:
                missing.append(f"{path} is a directory without .py files")
        elif path.is_file():
            files.append(path)
        else:
            missing.append(f"{path} does not exist")
    return list(dict.fromkeys(files)), missing


def ported(path: Path, summary: Summary) -> tuple[bytes, Ported] | None:
    """The old text and the new one; None, and words, if that is not possible."""
    try:
        old = path.read_bytes()
        return old, port(old)
    except OSError as error:
        summary.fault(f"{path} cannot be read: {error.strerror}")
    except PortError as error:
        summary.fault(f"{path} {error}")
    return None


def written(path: Path, text: bytes) -> bool:
    """Write a file; whether that was possible."""
    try:
        path.write_bytes(text)
    except OSError:
        return False
    return True
