"""Functions of parameters and a shard, which worker processes import from here."""

import os
import signal
import time
from pathlib import Path

import numpy as np


def loss(params, shard, scale=1.0):
    x, y = shard
    hidden = np.tanh(x @ params["w"] + params["b"])
    return scale * np.sum((hidden @ params["v"] - y) ** 2)


def loss_and_rows(params, shard):
    return loss(params, shard), {"rows": len(shard[1])}


def residuals(params, shard):
    x, y = shard
    return np.tanh(x @ params["w"] + params["b"]) @ params["v"] - y


def residual(params, example):
    x, y = example
    return np.tanh(x @ params["w"] + params["b"]) @ params["v"] - y


def rows(shard):
    return len(shard[1])


def simple(p, shard):
    return p * shard


def fails_at_three(p, shard):
    if shard == 3.0:
        raise ValueError("three is not allowed")
    return p * shard


class Stubborn(Exception):
    """An exception that pickles, but cannot be made again."""

    def __init__(self, a, b):
        super().__init__(f"{a} and {b}")


def fails_stubbornly(p, shard):
    raise Stubborn(p, shard)


def returns_function(p, shard):
    return p * shard, lambda: None


def end_worker():
    """End this process as the system does if there is no memory left."""
    if os.name == "nt":
        os._exit(1)
    os.kill(os.getpid(), signal.SIGKILL)


def dies_once(p, shard, flag):
    """The worker of shard 3 dies, but not that of the second try."""
    if shard == 3.0 and not Path(flag).exists():
        Path(flag).touch()
        end_worker()
    return p * shard * 0.1


def dies_at_three(p, shard):
    if shard == 3.0:
        end_worker()
    return p * shard


def sleeps(p, shard):
    time.sleep(shard)
    return p * shard


def fails_to_start():
    raise RuntimeError("no start")


def shifted(p, shard, offset):
    return p * shard + offset
