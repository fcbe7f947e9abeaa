"""Jobs on their way to worker processes: each process reads a job once.

Within one process, a job is passed on as it is. To processes on the same machine, it is
a file, so that a step sends the parameters once, and not once for each block.
"""

from __future__ import annotations

import functools
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from types import FunctionType, ModuleType
from typing import Any

from fgrad._transforms._values import described, label
from fgrad._tree import flatten, leaf_paths
from fgrad.errors import UnpicklableError

__all__ = ["Letter", "by_value", "check_pickles", "opened"]


NUMBERS = count()
"""A number for each letter: a file may have the name of one that was removed."""


class Letter:
    """A file with a job."""

    def __init__(self, job: Any, dumps: Callable[..., bytes]) -> None:
        content = dumps(job, protocol=5)
        self.number = next(NUMBERS)
        handle, self.path = tempfile.mkstemp(prefix="fgrad-", suffix=".job")
        with os.fdopen(handle, "wb") as file:
            file.write(content)

    def remove(self) -> None:
        """Remove the file. Who has read the letter does not need it any more."""
        with suppress(OSError):  # Windows keeps it while somebody reads
            os.unlink(self.path)


class _LastRead:
    """The last letter that this process has read, and the job in it."""

    letter: tuple[str, int] | None = None
    job: Any = None


def opened(letter: Any) -> Any:
    """The job in a letter; what is no letter is the job."""
    if not isinstance(letter, Letter):
        return letter
    this = letter.path, letter.number
    if _LastRead.letter != this:
        with open(letter.path, "rb") as file:
            _LastRead.letter = _LastRead.job = None  # one set of parameters at a time
            _LastRead.job, _LastRead.letter = pickle.load(file), this  # noqa: S301
    return _LastRead.job


def by_value() -> Callable[..., bytes]:
    """The `dumps` that takes functions apart, if a library with it is loaded.

    Dask, loky and joblib load one; all of these executors use it themselves.
    """
    for name in ("cloudpickle", "joblib.externals.cloudpickle"):
        if name in sys.modules:
            return sys.modules[name].dumps
    return pickle.dumps


# What cannot be sent ------------------------------------------------------------------


def check_pickles(
    name: str, things: dict[str, Any], dumps: Callable[..., bytes]
) -> None:
    """If one of some things cannot be pickled, say which of its parts is the reason."""
    for what, thing in things.items():
        error = _error(thing, dumps)
        if error is not None:
            where, part, error = _reason(what, thing, error, dumps)
            raise UnpicklableError(
                f"{name} cannot send {where} to a worker process: {_why(part, error)}"
            ) from error


def _error(thing: Any, dumps: Callable[..., bytes]) -> Exception | None:
    try:
        dumps(thing)
    except Exception as error:  # noqa: BLE001 (pickling runs any code)
        return error
    return None


def _reason(
    where: str,
    thing: Any,
    error: Exception,
    dumps: Callable[..., bytes],
    depth: int = 0,
) -> tuple[str, Any, Exception]:
    """The innermost part that cannot be pickled, and how it is reached."""
    for path, part in _parts(where, thing, dumps):
        inner = _error(part, dumps)
        if inner is not None and depth < 20:
            return _reason(path, part, inner, dumps, depth + 1)
    return where, thing, error


def _parts(
    where: str, thing: Any, dumps: Callable[..., bytes]
) -> Iterator[tuple[str, Any]]:
    """What pickling a thing pickles, too."""
    if isinstance(thing, functools.partial):
        yield f"{where}.func", thing.func
        yield f"{where}.args", thing.args
        yield f"{where}.keywords", thing.keywords
        return
    if isinstance(thing, FunctionType):
        if dumps is pickle.dumps:
            return  # by its name
        free = thing.__code__.co_freevars
        for name, cell in zip(free, thing.__closure__ or (), strict=True):
            yield f"{name}, which {label(thing)} uses,", cell.cell_contents
        for name in thing.__code__.co_names:
            if name in thing.__globals__:
                yield f"{name}, which {label(thing)} uses,", thing.__globals__[name]
        return
    leaves, structure = flatten(thing)
    if structure.type is not None:
        yield from zip(leaf_paths(structure, where), leaves, strict=True)
    elif not isinstance(thing, type | ModuleType):
        for name, part in getattr(thing, "__dict__", {}).items():
            yield f"{where}.{name}", part


def _why(part: Any, error: Exception) -> str:
    """Why it cannot be sent, and what to do."""
    if isinstance(part, FunctionType):
        return (
            f"{label(part)} is not found under its name in a module. Define it with "
            f"def at the top of a file, and pass what it needs as arguments; or use "
            f"an executor that sends functions as they are, such as loky's or Dask's"
        )
    return f"{described(part)} cannot be pickled ({error})"
