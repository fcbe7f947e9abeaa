"""What a worker runs: a block of shards, one after the other."""

from __future__ import annotations

import os
import pickle
import platform
import traceback
from typing import Any

from fgrad.errors import NonFiniteError, ShardError
from fgrad.sharded._jobs import Job
from fgrad.sharded._letters import opened
from fgrad.sharded._reduction import Part
from fgrad.sharded._shards import loaded, named

__all__ = ["Failure", "work"]


class Failure:
    """What travels back in place of a part if the user's function raises an error.

    It is a value, since each executor does something else with exceptions.
    """

    def __init__(self, what: str, number: int | None, error: Exception) -> None:
        self.what = what
        self.number = number
        self.error: Exception | None = error
        self.words = ": ".join(filter(None, [type(error).__name__, str(error)]))
        self.traceback = "".join(traceback.format_exception(error)).rstrip()
        self.place = f"process {os.getpid()} on {platform.node() or 'this machine'}"

    def __getstate__(self) -> dict[str, Any]:
        """All that travels; an exception that would not survive it stays behind."""
        state = self.__dict__.copy()
        try:
            pickle.loads(pickle.dumps(self.error))  # noqa: S301 (our own bytes)
        except Exception:  # noqa: BLE001 (an exception's class may do anything)
            state["error"] = None
        return state

    def named(self, name: str) -> ShardError:
        """The error to raise, which shows the worker's traceback."""
        error = ShardError(f"{name} {self.what}: {self.words}", shard=self.number)
        if self.error is None or self.error.__traceback__ is None:
            error.add_note(f"The traceback in {self.place}:\n\n{self.traceback}")
        error.__cause__ = self.error
        return error


def work(letter: Any, first: int, shards: list[Any]) -> Part | Failure | Exception:
    """The part of a block of shards, of which the first has that number.

    In place of it, an error that says why there is none.
    """
    try:
        job: Job = opened(letter)
    except Exception as error:  # noqa: BLE001 (unpickling runs any code)
        what = "cannot be unpacked by a worker, which finds functions by their names"
        return Failure(what, None, error)
    tree = job.tree()
    try:
        for number, shard in enumerate(shards, first):
            found = _part(job, number, shard)
            if isinstance(found, Failure):
                return found
            tree.add(found)
        return tree.root()
    except (ShardError, NonFiniteError) as error:
        return error


def _part(job: Job, number: int, shard: Any) -> Part | Failure:
    try:
        data = loaded(shard)
        output = job.output(data)
        weight = job.weighed(number, data)
    except ShardError:
        raise
    except Exception as error:  # noqa: BLE001 (the user's functions raise anything)
        return Failure(f"failed at {named(number, shard)}", number, error)
    return job.part(number, output, weight)
