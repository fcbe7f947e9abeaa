"""Compare callables by running them in turn, in one process.

A shared machine speeds up and slows down; things that run in turn do so together. So
what counts are ratios, of the best of many short rounds. What takes less than a few
milliseconds is repeated within its turn: else it would pay for caches that the others
left cold, which a loop over it does not.
"""

import gc
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

TURN = 0.005
"""How long a turn takes at least, in seconds."""


@dataclass
class Timing:
    """What was measured of one call; times in seconds."""

    repeats: int = 1
    best: float = math.inf
    wall: float = 0.0
    processor: float = 0.0
    least: float = math.inf
    """The shortest time of the processor, in which nothing else is done."""

    @property
    def threads(self) -> float:
        """How many threads were busy on average."""
        return self.processor / self.wall


def timings(
    calls: dict[str, Callable[[], object]],
    rounds: int = 30,
    seconds: float = math.inf,
) -> dict[str, Timing]:
    """Time each call, which has run before, in interleaved rounds.

    There are no more than `rounds`; after `seconds`, none begins but the first three.
    """
    found = {name: Timing() for name in calls}
    gc.collect()
    gc.freeze()  # so that what was there before makes no collection slow
    begin = time.perf_counter()
    for done in range(rounds):
        if done >= 3 and time.perf_counter() - begin > seconds:
            break
        for name, call in calls.items():
            gc.collect()
            gc.disable()
            timing = found[name]
            start, processor = time.perf_counter(), time.process_time()
            repeats = timing.repeats
            for _ in range(repeats):
                call()
            wall = time.perf_counter() - start
            timing.best = min(timing.best, wall / timing.repeats)
            timing.repeats = math.ceil(TURN / timing.best)
            timing.wall += wall
            spent = time.process_time() - processor
            timing.least = min(timing.least, spent / repeats)
            timing.processor += spent
            gc.enable()
    gc.unfreeze()
    return found


def best_times(
    calls: dict[str, Callable[[], object]], rounds: int = 30
) -> dict[str, float]:
    """The shortest time of each call, in seconds, over `rounds` interleaved rounds."""
    for call in calls.values():
        call()  # warm up
    return {name: timing.best for name, timing in timings(calls, rounds).items()}


def report(
    title: str, calls: dict[str, Callable[[], object]], rounds: int = 30
) -> None:
    """Print each call's time relative to the first one."""
    best = best_times(calls, rounds)
    reference = next(iter(best.values()))
    print(f"\n{title}")
    for name, seconds in best.items():
        print(f"  {name:28s} {seconds / reference:8.2f} x")
