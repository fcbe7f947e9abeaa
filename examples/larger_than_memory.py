"""A network learns from more data than this program may have in memory.

The data are a file of 800 MB. The program allows itself 256 MB for arrays (on Linux),
and so it cannot load them. It learns all the same, from pieces of the file: each of two
threads maps one, adds its gradient to a sum, and forgets it.

    python examples/larger_than_memory.py [--megabytes 800] [--steps 10]
"""

import os
import sys
import tempfile
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as many as there are workers, each

import numpy as np
from tqdm import trange

from fgrad import optim, sharded

if sys.platform == "linux":
    import resource

ROW = 32  # numbers in a row: 31 that are known, and one to learn
PIECE = 25_000  # rows in a shard, 3.2 MB


def write(path, rows):
    """Write the data piece by piece."""
    rng = np.random.default_rng(0)
    with open(path, "wb") as file:
        for start in range(0, rows, PIECE):
            piece = rng.standard_normal((min(PIECE, rows - start), ROW), np.float32)
            piece[:, -1] = np.sin(piece[:, 0] + piece[:, 1]) + 0.1 * piece[:, -1]
            piece.tofile(file)


def peak_memory() -> int:
    """The most bytes that this process had in memory, without those before `exec`."""
    status = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def limit_memory(megabytes):
    """Let the system refuse to give this program more memory for its arrays."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (megabytes * 1_000_000, hard))


def loss(params, rows):
    """The mean square error of a network with one hidden layer."""
    hidden = np.tanh(rows[:, :-1] @ params["w"] + params["b"])
    return np.mean((hidden @ params["v"] - rows[:, -1]) ** 2)


def main():
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=800)
    parser.add_argument("--steps", type=int, default=10)
    options = parser.parse_args()
    rng = np.random.default_rng(1)
    params = {
        "w": rng.normal(0, ROW**-0.5, (ROW - 1, 16)).astype(np.float32),
        "b": np.zeros(16, np.float32),
        "v": rng.normal(0, 0.25, 16).astype(np.float32),
    }
    optimiser = optim.adam(0.05)
    state = optimiser.init(params)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        path = Path(folder) / "data.bin"
        write(path, options.megabytes * 1_000_000 // (4 * ROW))
        if sys.platform == "linux":
            limit_memory(256)
            try:
                np.fromfile(path, np.float32)
            except MemoryError as error:
                print("to load all data at once:", error)
        data = np.memmap(path, np.float32, "r").reshape(-1, ROW)
        shards = [data[i : i + PIECE] for i in range(0, len(data), PIECE)]
        step = sharded.value_and_grad(
            loss, shards, executor=pool, reduce="mean", weight=len
        )
        values = []
        for _ in trange(options.steps, unit="step"):
            value, gradient = step(params)
            updates, state = optimiser.update(gradient, state, params)
            params = optim.apply_updates(params, updates)
            values.append(value)
        print(f"{len(data)} rows in {len(shards)} shards")
        print(f"loss {values[0]:.3f} at first, {values[-1]:.3f} in step {len(values)}")
        if sys.platform == "linux":
            peak = peak_memory() / 1e6
            print(f"at most {peak:.0f} MB were in memory, the program among them")
        del data, shards, step  # Windows removes no file that is mapped


if __name__ == "__main__":
    main()
