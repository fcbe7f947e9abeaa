"""Sums over shards: time and memory on data on disk, overhead, and the cost model.

A network 200-64-1 and 800 MB of float32 in a file. One process that streams the file is
compared with workers; all take turns. Two cores are needed for what is said of two
workers, and the files stay in the system's cache.

    python -m benchmarks.sharded [disk] [memory] [overhead] [model] [--megabytes 800]
"""

import argparse
import logging
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # for each worker, and for the one process

import numpy as np

from fgrad import sharded, tree, value_and_grad

SPAWN = multiprocessing.get_context("spawn")
ROWS = 20_000
COLUMNS = 200
SHARD = 4 * ROWS * COLUMNS  # bytes


def loss(params: Any, x: Any) -> Any:
    hidden = np.tanh(x @ params["w"] + params["b"])
    return np.sum((hidden @ params["v"] - x[:, 0]) ** 2)


def light(params: Any, x: Any) -> Any:
    return np.dot(params, params) * x


def network(hidden: int = 64) -> Any:
    rng = np.random.default_rng(0)
    return {
        "w": rng.normal(0, 0.05, (COLUMNS, hidden)).astype(np.float32),
        "b": np.zeros(hidden, np.float32),
        "v": rng.normal(0, 0.1, hidden).astype(np.float32),
    }


def written(folder: str, megabytes: int) -> Any:
    """Data on disk, as a memory map, in shards."""
    rng, path = np.random.default_rng(1), Path(folder) / "data.bin"
    count = megabytes * 1_000_000 // SHARD
    piece = rng.standard_normal((ROWS, COLUMNS), np.float32)
    with path.open("wb") as file:
        for number in range(count):
            (piece + np.float32(number % 7)).tofile(file)
    whole = np.memmap(path, np.float32, "r").reshape(-1, ROWS, COLUMNS)
    return list(whole)


def pools_of(stack: ExitStack, *names: str) -> dict[str, Any]:
    """Executors with two workers, by their names."""
    import dask
    from dask.distributed import Client, LocalCluster

    def on_dask() -> Any:
        # Without its default, by which all memory that is freed goes to the system.
        dask.config.set({"distributed.nanny.pre-spawn-environ": {"OMP_NUM_THREADS": 1}})
        options = {"dashboard_address": None, "silence_logs": logging.ERROR}
        cluster = LocalCluster(n_workers=2, threads_per_worker=1, **options)
        return Client(stack.enter_context(cluster))

    makers = {
        "threads": lambda: ThreadPoolExecutor(2),
        "processes": lambda: ProcessPoolExecutor(2, SPAWN),
        "Dask": on_dask,
    }
    return {name: stack.enter_context(makers[name]()) for name in names or makers}


class Taken(NamedTuple):
    """What one call took, in seconds."""

    wall: float
    processor: float
    """Of all cores together, in this process and in those of the pools."""


def processor(name: str = "") -> float:
    """Seconds of the processor that this process has taken, and a pool of that name."""
    kind = {"processes": "SpawnProcess", "Dask": "Dask"}.get(name, "no process")
    children = multiprocessing.active_children()
    pids = [os.getpid(), *(c.pid for c in children if c.name.startswith(kind))]
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def taken(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, Taken]:
    """The least that each call took. They take turns, after one that warms up."""
    found: dict[str, list[Taken]] = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name, call in calls.items():
            busy, start = processor(name.split()[0]), time.perf_counter()
            call()
            wall = time.perf_counter() - start
            if number:
                found[name].append(Taken(wall, processor(name.split()[0]) - busy))
    return {
        name: Taken(*map(min, zip(*several, strict=True)))
        for name, several in found.items()
    }


# Data on disk -------------------------------------------------------------------------


def streamed(params: Any, shards: list[Any]) -> Any:
    """One process, by hand: no window, no tree, nobody who may die."""
    total = None
    for shard in shards:
        found = value_and_grad(loss)(params, shard)
        total = found if total is None else tree.map(np.add, total, found)
    return total


def disk(shards: list[Any], rounds: int) -> None:
    """Time and bits on data on disk."""
    bits: set[bytes] = set()
    # Dask takes its turns apart: its cluster keeps the processor busy all the time.
    for names in (("threads", "processes"), ("Dask",)):
        params = network()
        with ExitStack() as stack:
            pools = {"sharded, no executor": None} | pools_of(stack, *names)
            calls: dict[str, Any] = {"one process": lambda: streamed(params, shards)}
            for name, pool in pools.items():
                step = sharded.value_and_grad(loss, shards, executor=pool, block=4)
                leaves = tree.leaves(step(params))
                bits.add(b"".join(np.asarray(leaf).tobytes() for leaf in leaves))
                calls[name] = lambda step=step: step(params)
            times = taken(calls, rounds)
        alone = times["one process"]
        for name, found in times.items():
            ratio = 2 * alone.processor / found.processor
            print(
                f"{name:22} {found.wall:5.2f} s, {alone.wall / found.wall:.2f} times "
                f"as fast; {found.processor:.2f} s of the processor, so that two free "
                f"cores would be {ratio:.2f} times as fast as one"
            )
    print("different bits among executors:", len(bits) - 1)


# Memory -------------------------------------------------------------------------------


def status(pid: int, what: str) -> float:
    """A line of what Linux says of a process, in MB."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split(f"{what}:")[1].split()[0]) / 1000


def memory(shards: list[Any]) -> None:
    """How much each process grows during steps, at its peak."""
    params = network()
    print(f"{len(shards)} shards of {SHARD / 1e6:.0f} MB, window 2")
    with ExitStack() as stack:
        pools = {"no executor": None} | pools_of(stack)
        for name, pool in pools.items():
            step = sharded.value_and_grad(loss, shards, executor=pool, window=2)
            pids = {"this process": os.getpid()}
            if name == "Dask":
                found = sorted(pool.run(os.getpid).values())
                pids |= {f"worker {i}": pid for i, pid in enumerate(found)}
            few = sharded.value_and_grad(loss, shards[:4], executor=pool, window=2)
            few(params)  # imports, buffers of BLAS, pages of the allocator
            if name == "processes":
                pids |= {f"worker {i}": pid for i, pid in enumerate(pool._processes)}
            for pid in pids.values():
                Path(f"/proc/{pid}/clear_refs").write_text("5")  # peaks from now on
            before = {who: status(pid, "VmRSS") for who, pid in pids.items()}
            step(params)
            for who, pid in pids.items():
                peak = status(pid, "VmHWM")
                shard = SHARD / 1e6
                print(
                    f"{name:12} {who:13} {before[who]:4.0f} MB before, {peak:4.0f} MB "
                    f"at the peak: {(peak - before[who]) / shard:.2f} shards more"
                )


# Overhead -----------------------------------------------------------------------------


def overhead(rounds: int) -> dict[str, float]:
    """Microseconds for each of many tiny shards, and for a block of 32."""
    numbers = [np.float64(i) for i in range(513)]
    with ExitStack() as stack:
        pools = {"no executor": None} | pools_of(stack)
        calls: dict[str, Any] = {}
        for name, pool in pools.items():
            for block in (1, 32):
                for count in (1, 513):
                    step = sharded.value_and_grad(
                        light, numbers[:count], executor=pool, block=block
                    )
                    calls[f"{name} {block} {count}"] = lambda s=step: s(np.ones(2))
        plain = value_and_grad(light)
        calls["plain"] = lambda: [plain(np.ones(2), x) for x in numbers]
        times = {name: found.wall for name, found in taken(calls, rounds).items()}
    print(f"value_and_grad itself: {times['plain'] / 513 * 1e6:.0f} µs")
    for name in pools:
        row = [
            (times[f"{name} {block} 513"] - times[f"{name} {block} 1"]) / 512 * 1e6
            for block in (1, 32)
        ]
        print(
            f"{name:12} {row[0]:6.0f} µs a shard, {row[1]:5.0f} in blocks of 32; a "
            f"step with one shard {times[f'{name} 1 1'] * 1e3:.2f} ms"
        )


# The cost model -----------------------------------------------------------------------


def nothing(params: Any, x: Any) -> Any:
    """A function with a gradient like `loss`, and hardly any work."""
    return x * sum(np.sum(leaf) for leaf in tree.leaves(params))


class Costs(NamedTuple):
    """Seconds of the processor that are not spent in the user's function."""

    step: float
    """Of the asking process, for each step."""
    asking: float
    """Of the asking process, for each block."""
    worker: float
    """Of the worker, for each block."""


def costs(pool: Any, params: Any) -> Costs:
    """What remains if there is nothing to compute, for two numbers of blocks."""
    found: list[tuple[float, float]] = []
    for count in (2, 66):
        step = sharded.value_and_grad(nothing, [1.0] * count, executor=pool)
        step(params)
        ours, everyone = time.process_time(), processor("processes")
        for _ in range(10):
            step(params)
        everyone = processor("processes") - everyone
        found.append(((time.process_time() - ours) / 10, everyone / 10))
    (few, few_all), (many, many_all) = found
    asking = (many - few) / 64
    return Costs(few - 2 * asking, asking, (many_all - few_all) / 64 - asking)


def model(shards: list[Any], rounds: int) -> None:
    """Predict the time of a step from four measured numbers, and measure it."""
    cores = os.cpu_count() or 1
    for hidden, rows, count in ((64, ROWS, 8), (2500, 20, 48)):
        params, data = network(hidden), [shard[:rows] for shard in shards[:count]]
        size = sum(leaf.nbytes for leaf in tree.leaves(params)) / 1e6
        with ExitStack() as stack:
            pools = {
                w: stack.enter_context(ProcessPoolExecutor(w, SPAWN)) for w in (1, 2, 4)
            }
            cost = costs(pools[1], params)
            calls: dict[str, Any] = {
                "one": lambda: sharded.value_and_grad(loss, data)(params)
            }
            for w, pool in pools.items():
                step = sharded.value_and_grad(loss, data, executor=pool)
                calls[f"processes {w}"] = lambda step=step: step(params)
            times = taken(calls, rounds)
        work = times["one"].processor
        print(
            f"{count} shards, parameters of {size:.2f} MB: {work / count * 1e3:.1f} ms "
            f"a shard; {cost.step * 1e3:.1f} ms for a step; for a block, "
            f"{cost.asking * 1e3:.2f} ms of the asking process, and "
            f"{cost.worker * 1e3:.2f} ms of a worker"
        )
        for w in (1, 2, 4):
            asking = cost.step + count * cost.asking
            working = work + count * cost.worker
            predicted = max(working / w, asking, (working + asking) / cores)
            found = times[f"processes {w}"]
            print(
                f"  {w} workers: predicted {predicted:.3f} s, measured "
                f"{found.wall:.3f} s; of the processor {working + asking:.2f} s and "
                f"{found.processor:.2f} s"
            )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*")
    parser.add_argument("--megabytes", type=int, default=800)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    parts = options.parts or ["disk", "memory", "overhead", "model"]
    with tempfile.TemporaryDirectory() as folder:
        shards = written(folder, options.megabytes)
        if "memory" in parts:
            memory(shards)
        if "disk" in parts:
            disk(shards, options.rounds)
        if "overhead" in parts:
            overhead(options.rounds)
        if "model" in parts:
            model(shards, options.rounds)


if __name__ == "__main__":
    main()
