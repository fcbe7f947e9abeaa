"""Two processes train a network, and one of them is killed in the middle of a step.

Dask starts the processes, and could as well start a thousand on other machines. What
the process had is given to the other one, and training goes on. In the end the
parameters have the same bits as without a cluster.

    python examples/dask_cluster.py [--steps 10]
"""

import logging
import os
import signal
from argparse import ArgumentParser
from functools import partial
from threading import Timer

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the workers have one thread, too

import numpy as np
from dask.distributed import Client, LocalCluster

from fgrad import optim, sharded, tree


def load(number):
    """A shard: a worker calls this when it is to work on it."""
    rng = np.random.default_rng(number)
    x = rng.normal(size=(10_000, 10))
    return x, np.sin(x[:, 0] + x[:, 1])


def loss(params, shard):
    """The mean square error of a network with one hidden layer."""
    x, y = shard
    return np.mean((np.tanh(x @ params["w"] + params["b"]) @ params["v"] - y) ** 2)


def train(steps, executor, accident=None):
    """Parameters after some steps. If there is an accident, it is in the second one."""
    rng = np.random.default_rng(0)
    params = {"w": rng.normal(size=(10, 32)), "b": np.zeros(32), "v": np.zeros(32)}
    shards = [partial(load, number) for number in range(16)]
    slope = sharded.value_and_grad(loss, shards, executor=executor, reduce="mean")
    optimiser = optim.adam(0.02)
    state = optimiser.init(params)
    for step in range(steps):
        if accident and step == 1:
            Timer(0.05, accident).start()
        value, gradient = slope(params)
        updates, state = optimiser.update(gradient, state, params)
        params = optim.apply_updates(params, updates)
    print(f"loss {value:.4f} in step {steps}")
    return params


def main():
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=10)
    steps = parser.parse_args().steps

    quiet = {"dashboard_address": None, "silence_logs": logging.CRITICAL}
    with (
        LocalCluster(2, threads_per_worker=1, **quiet) as cluster,
        Client(cluster) as client,
    ):
        victim = next(iter(client.run(os.getpid).values()))

        def kill():
            os.kill(victim, getattr(signal, "SIGKILL", signal.SIGTERM))
            print("a worker was killed")

        on_cluster = train(steps, client, kill)
    alone = train(steps, None)
    pairs = zip(tree.leaves(on_cluster), tree.leaves(alone), strict=True)
    same = all(a.tobytes() == b.tobytes() for a, b in pairs)
    print("the cluster and one process end with the same bits:", same)


if __name__ == "__main__":
    main()
