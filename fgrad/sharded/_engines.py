"""Executors: what is the same for all of them, and what each kind does differently."""

from __future__ import annotations

import os
import pickle
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from threading import Lock
from typing import Any, ClassVar
from weakref import WeakKeyDictionary, ref

from typing_extensions import override

from fgrad._transforms._argnums import argument_name
from fgrad._transforms._values import label
from fgrad.errors import SettingError
from fgrad.sharded._jobs import Job
from fgrad.sharded._letters import Letter, by_value, check_pickles
from fgrad.sharded._work import work

__all__ = ["Engine", "Here", "engine_of"]


class Engine:
    """Any executor: it gets the job with each block, and nobody knows one like it."""

    dumps = staticmethod(pickle.dumps)
    """How the executor pickles."""

    def __init__(self, executor: Any) -> None:
        self.executor = executor

    def workers(self) -> int:
        """How many blocks are worked on at the same time."""
        count = getattr(self.executor, "_max_workers", None)
        return count or os.cpu_count() or 1

    def sent(self, job: Job) -> Any:
        """What each block is submitted with: a job, or a letter with one."""
        return job

    def resent(self, letter: Any, job: Job) -> Any:  # noqa: ARG002 (for subclasses)
        """What takes the letter's place after a worker died."""
        return letter

    def forget(self, letter: Any) -> None:
        """Clear away a letter: nobody will read it any more."""

    def submit(self, letter: Any, first: int, shards: list[Any]) -> Any:
        """The future of the part of a block."""
        return self.executor.submit(work, letter, first, shards)

    def lost(self, error: Exception) -> bool:
        """Whether a future failed because a worker died."""
        return isinstance(error, BrokenExecutor)

    def renew(self) -> str:
        """Take up work after a worker died; what was done, in words. Empty: nothing."""
        return ""

    def check(self, job: Job, first: int, shards: list[Any]) -> None:
        """Name the object that could not be sent, if that was the reason of an error.

        What goes to all workers is asked for first.
        """
        things = {label(job.fun): job.fun, "weight": job.weight}
        things |= {argument_name(job.fun, i): arg for i, arg in job.numbered()}
        things |= job.kwargs
        things |= {f"shard {i}": shard for i, shard in enumerate(shards, first)}
        check_pickles(job.name, things, self.dumps)


class Here(Engine):
    """No executor: one block after the other, in the thread that asks."""

    def __init__(self) -> None:
        super().__init__(None)

    @override
    def workers(self) -> int:
        return 1

    @override
    def submit(self, letter: Any, first: int, shards: list[Any]) -> Any:
        future: Future[Any] = Future()
        future.set_result(work(letter, first, shards))
        return future


REPLACED: WeakKeyDictionary[Executor, Executor] = WeakKeyDictionary()
"""Executors that are broken for good, and those that were started in their place."""

REPLACING = Lock()
"""Held by the step that replaces an executor which others may use, too."""


def _replace(old: Executor, new: Executor) -> None:
    """Put an executor in the place of another one, to end with it."""
    REPLACED[old] = new
    given = ref(old)

    def shutdown(*args: Any, **kwargs: Any) -> None:
        """Shut down this executor, and the one that fgrad.sharded put in its place."""
        executor = given()
        if executor is not None:
            type(executor).shutdown(executor, *args, **kwargs)
            REPLACED[executor].shutdown(*args, **kwargs)

    vars(old)["shutdown"] = shutdown


class Processes(Engine):
    """A pool of processes on this machine."""

    like: ClassVar = {
        "max_workers": "_max_workers",
        "mp_context": "_mp_context",
        "initializer": "_initializer",
        "initargs": "_initargs",
        "max_tasks_per_child": "_max_tasks_per_child",
    }
    """The arguments that made a pool, and where it keeps them."""

    def __init__(self, executor: Any) -> None:
        self._given = executor
        super().__init__(REPLACED.get(executor, executor))

    @override
    def sent(self, job: Job) -> Any:
        try:
            return Letter(job, self.dumps)
        except Exception:
            self.check(job, 0, [])
            raise

    @override
    def forget(self, letter: Any) -> None:
        letter.remove()

    @override
    def renew(self) -> str:
        with REPLACING:
            newest: Any = REPLACED.get(self._given, self._given)
            if newest is self.executor:
                newest = self._like(newest)
                _replace(self._given, newest)
            self.executor = newest
        return f"a new one like it, with {self.workers()} workers, goes on"

    def _like(self, executor: Executor) -> Executor:
        """A pool with the settings of another one."""
        settings = {
            name: getattr(executor, place)
            for name, place in self.like.items()
            if hasattr(executor, place)
        }
        # A subclass may be made in another way, which is not known.
        kinds = [cls for cls in type(executor).__mro__ if _path(cls) in KINDS]
        base: Any = kinds[0]
        return base(**settings)


class Loky(Processes):
    """Loky's pool of processes, which joblib has a copy of."""

    like: ClassVar = {
        "max_workers": "_max_workers",
        "context": "_context",
        "timeout": "_timeout",
        "initializer": "_initializer",
        "initargs": "_initargs",
        "env": "_env",
    }

    def __init__(self, executor: Any) -> None:
        super().__init__(executor)
        self.dumps = by_value()


class Dask(Engine):
    """The workers of a Dask cluster, who get the job as scattered data."""

    def __init__(self, executor: Any) -> None:
        super().__init__(executor)
        self._client = executor._client
        self.dumps = by_value()

    @override
    def workers(self) -> int:
        self._check_open()
        return sum(self._client.nthreads().values()) or 1

    @override
    def sent(self, job: Job) -> Any:
        check_pickles(job.name, {label(job.fun): job.fun}, self.dumps)
        try:
            return self._client.scatter([job], broadcast=True, hash=False)[0]
        except Exception:
            self.check(job, 0, [])
            raise

    @override
    def resent(self, letter: Any, job: Job) -> Any:
        return self.sent(job)

    @override
    def submit(self, letter: Any, first: int, shards: list[Any]) -> Any:
        """A future of Dask's: one of its executor may wait for ever if data is lost."""
        self._check_open()
        options = {"pure": False} | self.executor._kwargs
        return self._client.submit(work, letter, first, shards, **options)

    def _check_open(self) -> None:
        if self.executor._shutdown or self._client.status != "running":
            raise RuntimeError("cannot schedule new futures after shutdown")

    @override
    def lost(self, error: Exception) -> bool:
        """Whether the job was lost with the last worker that had it.

        A shard whose worker died is given to others by Dask itself, as often as the
        setting ``distributed.scheduler.allowed-failures`` says.
        """
        return isinstance(error, CancelledError)

    @override
    def renew(self) -> str:
        return "others get its shards, and the parameters again"


KINDS: dict[str, type[Engine]] = {
    "concurrent.futures.process.ProcessPoolExecutor": Processes,
    "loky.process_executor.ProcessPoolExecutor": Loky,
    "joblib.externals.loky.process_executor.ProcessPoolExecutor": Loky,
    "distributed.cfexecutor.ClientExecutor": Dask,
}
"""The kinds of executors that need something of their own."""


def engine_of(name: str, executor: Any) -> Engine:
    """What works on the shards."""
    if executor is None:
        return Here()
    if hasattr(executor, "get_executor"):  # Dask's Client
        executor = executor.get_executor()
    if isinstance(executor, type) or not hasattr(executor, "submit"):
        raise SettingError(
            f"executor={executor!r} of {name}: give an object that has the method "
            f"submit, such as concurrent.futures.ThreadPoolExecutor(), or None"
        )
    kinds = [KINDS[_path(cls)] for cls in type(executor).__mro__ if _path(cls) in KINDS]
    return (kinds or [Engine])[0](executor)


def _path(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
