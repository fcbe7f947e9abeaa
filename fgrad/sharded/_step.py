"""One pass over all shards: who is given which block, and what happens if they die."""

from __future__ import annotations

import sys
from collections import deque
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from fgrad._words.callsite import user_frame, warn_at
from fgrad.errors import SettingError, ShardError
from fgrad.sharded._engines import Engine, Here
from fgrad.sharded._jobs import Job
from fgrad.sharded._reduction import Tree
from fgrad.sharded._shards import Source
from fgrad.sharded._work import Failure

__all__ = ["Step"]


PATIENCE = 1.0
"""After how many seconds without news the futures are asked whether they are done."""


@dataclass(slots=True, eq=False)
class Block:
    """Shards that follow each other and go to one worker."""

    first: int
    shards: list[Any]
    deaths: int = 0
    """How many executors it was with when a worker of theirs died."""

    def __str__(self) -> str:
        last = self.first + len(self.shards) - 1
        if last == self.first:
            return f"shard {self.first}"
        return f"shards {self.first} to {last}"


class Step:
    """One pass over all shards."""

    def __init__(
        self,
        job: Job,
        source: Source,
        engine: Engine,
        *,
        window: int | None,
        level: int,
        retries: int,
        bar: Any,
    ) -> None:
        self._job = job
        self._source = source
        self._engine = engine
        self._letter: Any = None
        self._window = window or 0
        """How many blocks are in flight at most; 0 until the workers are counted."""
        self._level = level
        """A block has 2 to this many shards."""
        self._retries = retries
        self._bar = bar
        self._again: deque[Block] = deque()
        self._flying: dict[Any, tuple[Block, int]] = {}
        """By future: the block, and how often workers had died when it left."""
        self._renewals = 0
        self._done: SimpleQueue[Any] = SimpleQueue()
        self._tree = job.tree()

    def run(self) -> Tree:
        """The tree with the parts of all shards.

        Whatever ends this early, also Ctrl-C, what has not begun is cancelled.
        """
        try:
            self._window = self._window or 2 * self._engine.workers()
            self._letter = self._engine.sent(self._job)
        except RuntimeError as error:
            raise self._shut(error) from error
        try:
            while self._filled():
                for future in self._finished():
                    if future in self._flying:
                        self._take(future, *self._flying.pop(future))
        finally:
            for future in self._flying:
                future.cancel()
            self._engine.forget(self._letter)
        return self._tree

    def _finished(self) -> list[Any]:
        """Futures that are done: one, or after some patience those that were silent.

        Not every executor calls back if a future is lost with its worker.
        """
        try:
            return [self._done.get(timeout=PATIENCE)]
        except Empty:
            return [future for future in self._flying if future.done()]

    def _filled(self) -> bool:
        """Submit blocks until the window is full; whether any is in flight."""
        while len(self._flying) < self._window:
            block = self._next()
            if block is None:
                break
            self._submit(block)
        return bool(self._flying)

    def _next(self) -> Block | None:
        """The next block, or ``None`` if none can be submitted now.

        A block on its last try is alone in flight: if a worker dies, that is the one.
        """
        if any(self._is_last_try(block) for block, _ in self._flying.values()):
            return None
        if self._again:
            if self._is_last_try(self._again[0]) and self._flying:
                return None
            return self._again.popleft()
        first = self._source.count
        shards = self._source.block(2**self._level)
        return Block(first, shards) if shards else None

    def _is_last_try(self, block: Block) -> bool:
        return 0 < block.deaths == self._retries

    def _submit(self, block: Block) -> None:
        engine = self._engine
        try:
            future = engine.submit(self._letter, block.first, block.shards)
        except Exception as error:
            if engine.lost(error):
                self._renew()
                return self._submit(block)
            if isinstance(error, RuntimeError):
                raise self._shut(error) from error
            return self._give_up(block, error)
        self._flying[future] = block, self._renewals
        return future.add_done_callback(self._done.put)

    def _shut(self, error: RuntimeError) -> SettingError:
        """What all executors say of themselves when they are shut down."""
        name = type(self._engine.executor).__name__
        return SettingError(
            f"the {name} of {self._job.name} takes no work: {error}. Call "
            f"{self._job.name} before its executor is shut down"
        )

    def _take(self, future: Any, block: Block, renewals: int) -> None:
        """Do what has to be done with a future that is done."""
        try:
            result = future.result()
        except Exception as error:  # noqa: BLE001 (whatever the executor says)
            if not self._engine.lost(error):
                return self._give_up(block, error)
            return self._died(block, renewals, error)
        if isinstance(result, Failure):
            raise result.named(self._job.name)
        if isinstance(result, Exception):
            raise result
        self._tree.add(result, self._level)
        return self._bar.update(len(block.shards))

    def _died(self, block: Block, renewals: int, error: Exception) -> None:
        """Take a block back whose worker may have died."""
        block.deaths += 1
        if block.deaths > self._retries:
            others = [b for b, n in self._flying.values() if n == renewals]
            which = " or ".join(map(str, sorted([block, *others], key=_first)))
            times = "once" if block.deaths == 1 else f"{block.deaths} times"
            raise ShardError(
                f"{self._job.name}: a worker died {times} while it had {which}, and "
                f"retries={self._retries}. Perhaps it needs more memory than there is",
                shard=None if others else block.first,
            ) from error
        self._again.append(block)
        if renewals == self._renewals:
            self._renew()

    def _renew(self) -> None:
        """Go on after a worker died, and say how."""
        name = type(self._engine.executor).__name__
        self._renewals += 1
        done = self._engine.renew()
        if done:
            self._letter = self._engine.resent(self._letter, self._job)
        else:
            done = "this process goes on alone"
            self._engine.forget(self._letter)
            self._engine, self._letter, self._window = Here(), self._job, 1
        words = f"{self._job.name}: a worker of {name} died; {done}"
        warn_at(user_frame(sys._getframe()), words, RuntimeWarning)

    def _give_up(self, block: Block, error: Exception) -> None:
        """Say why there is no result, and no word from the worker either."""
        self._engine.check(self._job, block.first, block.shards)
        raise ShardError(
            f"{self._job.name} got no result for {block}: "
            f"{type(error).__name__}: {error}",
            shard=block.first,
        ) from error


def _first(block: Block) -> int:
    return block.first
