"""Compare callables by running them in turn, in one process.

A shared machine speeds up and slows down; things that run in turn do so together. So
only ratios are reported, of the best of many short rounds.
"""

import gc
import time
from collections.abc import Callable


def best_times(
    calls: dict[str, Callable[[], object]], rounds: int = 30
) -> dict[str, float]:
    """The shortest time of each call, in seconds, over `rounds` interleaved rounds."""
    best = dict.fromkeys(calls, float("inf"))
    for call in calls.values():
        call()  # warm up
    for _ in range(rounds):
        for name, call in calls.items():
            gc.collect()
            gc.disable()
            start = time.perf_counter()
            call()
            best[name] = min(best[name], time.perf_counter() - start)
            gc.enable()
    return best


def report(
    title: str, calls: dict[str, Callable[[], object]], rounds: int = 30
) -> None:
    """Print each call's time relative to the first one."""
    best = best_times(calls, rounds)
    reference = next(iter(best.values()))
    print(f"\n{title}")
    for name, seconds in best.items():
        print(f"  {name:28s} {seconds / reference:8.2f} x")
