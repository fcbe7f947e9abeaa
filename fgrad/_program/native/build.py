"""The system's compiler, and the files that it has made.

What is compiled lies in a folder of the user's, under a name that its text, its flags
and the compiler decide. So it is compiled once, for all processes; and a file that is
there is whole, since it got this name when it was finished.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from fgrad._program.native.function import CompilerError

__all__ = ["Compiler", "compiler", "libraries"]

ALWAYS = (
    *("-O3", "-fPIC", "-shared", "-w", "-fwrapv", "-fno-strict-aliasing"),
    *("-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-fopenmp-simd"),
)
"""Flags that keep the bits of each operation, nan, and what errors there were."""

VECTORS = {
    "clang": ["-fveclib=libmvec"],
    "gcc": [
        '-DSIMD=__attribute__((const, simd("notinbranch")))',
        *[f"-fno-builtin-{name}" for name in ("sin", "cos", "sinf", "cosf")],
    ],
}
"""Flags with which functions of the C library compute several values at once.

Without its own idea of sine and cosine, GCC does not make one call of both, of which
there is none for several values.
"""

SECONDS = 600
"""How long the compiler may take."""


class Compiler(NamedTuple):
    """A compiler, and how it is called."""

    command: tuple[str, ...]
    flags: tuple[str, ...]
    libraries: tuple[str, ...]
    identity: str
    """A digest of its version, and of the instructions that this machine has."""


def compiler() -> Compiler:
    """The compiler: ``$CC``, or `cc`, `gcc` or `clang`.

    Raises
    ------
    CompilerError
        If there is none, or it fails.
    """
    return _compiler(os.environ.get("CC", ""), os.environ.get("PATH", ""))


@cache
def _compiler(named: str, path: str) -> Compiler:
    command = shlex.split(named)
    if command and shutil.which(command[0], path=path) is None:
        raise CompilerError(f"there is no {command[0]}, which $CC names")
    if not command:
        names = ("cc", "gcc", "clang")
        command = [name for name in names if shutil.which(name, path=path)][:1]
    if not command:
        raise CompilerError("there is no cc, gcc or clang on the PATH")
    said = ""
    for native in (["-march=native"], []):
        ask = [*command, *native, "-E", "-dM", "-include", "math.h", "-x", "c", "-"]
        done = _run(ask)
        if done.returncode == 0:
            return _described(command, native, done.stdout)
        said = done.stderr
    raise CompilerError(f"{shlex.join(command)} fails: {_first(said)}")


def _described(command: list[str], native: list[str], macros: str) -> Compiler:
    """What the macros tell that a compiler defines of itself."""
    lines = [line.split(" ", 2) for line in macros.splitlines()]
    known = {line[1]: line[-1] for line in lines if line[0] == "#define"}
    flags, libraries = [*ALWAYS, *native], ["-lm"]
    glibc = tuple(int(known.get(n, 0)) for n in ("__GLIBC__", "__GLIBC_MINOR__"))
    if "__x86_64__" in known and glibc >= (2, 35):
        libraries.insert(0, "-lmvec")
        flags += VECTORS["clang" if "__clang__" in known else "gcc"]
    if sys.platform == "darwin":
        flags.append("-Wl,-undefined,dynamic_lookup")
    digest = hashlib.sha256(macros.encode()).hexdigest()
    return Compiler((*command,), (*flags,), (*libraries,), digest)


# Files


def libraries(text: str) -> Iterator[Path]:
    """The shared library of a text of C, in each folder where it may lie.

    The first is the one of all processes. Whoever cannot load it takes the next one.

    Raises
    ------
    CompilerError
        If there is no compiler, or it fails.
    """
    made = compiler()
    key = "\0".join([text, *made.command, *made.flags, *made.libraries, made.identity])
    name = f"{hashlib.sha256(key.encode()).hexdigest()[:40]}.so"
    for folder in (_shared, _private):
        try:
            path = folder() / name
            if not path.exists():
                _compile(text, path, made)
        except (OSError, RuntimeError):  # nobody may write there, or there is no home
            continue
        yield path


def _shared() -> Path:
    """The folder of all processes of a user, where no other user can write."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    place = Path(base) / "fgrad" / "compiled"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = place.stat()
    if hasattr(os, "getuid") and (known.st_uid != os.getuid() or known.st_mode & 0o022):
        raise PermissionError(f"others can write into {place}")
    return place


@cache
def _private() -> Path:
    """A folder of this process alone."""
    return Path(tempfile.mkdtemp(prefix="fgrad-"))


def _compile(text: str, path: Path, made: Compiler) -> None:
    handle, unfinished = tempfile.mkstemp(suffix=".so", dir=path.parent)
    os.close(handle)
    try:
        command = [*made.command, *made.flags, "-x", "c", "-", "-o", unfinished]
        done = _run([*command, *made.libraries], text)
        if done.returncode:
            words = f"{shlex.join(made.command)} fails: {_first(done.stderr)}"
            raise CompilerError(words)
        Path(unfinished).replace(path)
    finally:
        Path(unfinished).unlink(missing_ok=True)


def _run(command: list[str], text: str = "") -> subprocess.CompletedProcess[str]:
    """Call the compiler."""
    try:
        return subprocess.run(  # noqa: S603 (it is the user's compiler)
            command,
            input=text,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        words = f"{command[0]} takes more than {SECONDS} seconds"
        raise CompilerError(words) from None
    except OSError as error:
        raise CompilerError(f"{command[0]} cannot be run: {error}") from None


def _first(said: str) -> str:
    """The first error that a compiler has written, or its first line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line]
    return (errors or lines or ["it does not say why"])[0]
