"""Compiled functions, as programs of NumPy and with C, beside jax.jit.

python -m benchmarks.in_c [workload ...] [--markdown]

A time is the least one of the processor in many interleaved rounds, with one thread for
each. All results are compared with those of the functions as they are. The first call
has its own columns, also in seconds of the processor; what was compiled before is not
taken, since the folder for it is a new one.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.interleaved import timings
from benchmarks.peers import restrict, setup
from benchmarks.tables import SECONDS, Table, checked, ratio
from benchmarks.transforms import network, normal, rosenbrock, weights
from fgrad import compile, grad, hessian, vmap  # noqa: A004 (its name)


def chain(np: Any) -> Callable[..., Any]:
    def f(x):
        for _ in range(250):
            x = np.tanh(np.sin(x) * 1.01 + 0.1)
        return np.sum(x)

    return f


def wide(np: Any) -> Callable[..., Any]:
    def f(x):
        y = 1 + x * x
        waves = np.sin(x) * np.exp(-x * x) + np.tanh(x) / y
        return np.sum(waves + np.log1p(x * x) * np.sqrt(y))

    return f


def mixture(np: Any) -> Callable[..., Any]:
    """The likelihood of a mixture of Gaussians."""

    def f(weights, means, roots, x):
        apart = x[:, None, :] - means
        y = np.einsum("kij,nkj->nki", roots, apart)
        sizes = np.sum(np.log(np.abs(np.diagonal(roots, axis1=1, axis2=2))), -1)
        e = -0.5 * np.sum(y * y, -1) + weights + sizes
        m = np.max(e, 1, keepdims=True)
        return np.mean(np.log(np.sum(np.exp(e - m), 1)) + m[:, 0])

    return f


def lstm(np: Any) -> Callable[..., Any]:
    """A hundred steps; for JAX, whose compiler would take minutes, as a loop of it."""

    def step(params, state, x):
        h, c = state
        z = np.concatenate([h, x])
        forget, into, out = (1 / (1 + np.exp(-(w @ z))) for w in params[:3])
        c = forget * c + into * np.tanh(params[3] @ z)
        return out * np.tanh(c), c

    def f(params, xs):
        state = np.zeros(16), np.zeros(16)
        if np.__name__ == "jax.numpy":
            import jax

            h, _ = jax.lax.scan(lambda s, x: (step(params, s, x), None), state, xs)[0]
            return np.sum(h * h)
        for x in xs:
            state = step(params, state, x)
        return np.sum(state[0] ** 2)

    return f


def slope_by_hand(x: Any) -> Any:
    """The gradient of Rosenbrock's function."""
    left = x[:-1]
    apart = x[1:] - left**2
    slope = np.zeros_like(x)
    slope[:-1] = -400 * apart * left - 2 * (1 - left)
    slope[1:] += 200 * apart
    return slope


params = weights(20, 16, 1)
gates = tuple(normal(16, 24, scale=0.3, seed=i) for i in range(4))
clusters = normal(10), normal(10, 4), normal(10, 4, 4)
examples = normal(256, 20), normal(256, 1)
batch = normal(128, 784), normal(128, 10)

WORKLOADS: dict[str, tuple[Callable[..., Any], str, tuple[Any, ...]]] = {
    "chain of 1,000 operations on 10 elements": (chain, "grad", (normal(10),)),
    "Rosenbrock's function, 100 variables": (rosenbrock, "grad", (normal(100),)),
    "its Hessian, 100 variables": (rosenbrock, "hessian", (normal(100),)),
    "its Hessian, 300 variables": (rosenbrock, "hessian", (normal(300),)),
    "LSTM, 100 steps": (lstm, "grad", (gates, normal(100, 8))),
    "gradients of 256 examples, network 20-16-1": (
        *(network, "examples", (params, *examples)),
    ),
    "network 784-256-10, batch 128": (
        *(network, "grad", (weights(784, 256, 10), *batch)),
    ),
    "six functions of 1,000,000 numbers": (wide, "grad", (normal(1_000_000),)),
    "Gaussian mixture, 5,000 points": (
        mixture,
        "mixture",
        (*clusters, normal(5000, 4)),
    ),
}


def derivative(kind: str, of: Any) -> Callable[..., Any]:
    """What a workload asks for, by fgrad or by JAX."""
    if kind == "examples":
        return lambda f: of.vmap(of.grad(f), in_axes=(None, 0, 0))
    if kind == "mixture":
        return lambda f: of.grad(f, argnums=(0, 1, 2))
    return getattr(of, kind)


class Ours:
    """fgrad's transforms under JAX's names."""

    grad, hessian, vmap = staticmethod(grad), staticmethod(hessian), staticmethod(vmap)


def seconds(call: Callable[[], Any]) -> float:
    """What a call costs, with the processes that it starts."""
    start = os.times()
    call()
    end = os.times()
    return sum(end[:4]) - sum(start[:4])


def measured(name: str) -> list[str]:
    """A row of the table."""
    import jax
    import jax.numpy as jnp

    make, kind, args = WORKLOADS[name]
    eager = derivative(kind, Ours)(make(np))
    ready = jax.tree.map(jnp.asarray, args)
    compiled = {
        "compiled": compile(eager),
        "exact=False": compile(eager, exact=False),
        'backend="c"': compile(eager, backend="c"),
    }
    jit = jax.jit(derivative(kind, jax)(make(jnp)))
    calls: dict[str, Callable[[], Any]] = {
        "eager": lambda: eager(*args),
        **{n: (lambda f=f: f(*args)) for n, f in compiled.items()},
        "jax.jit": lambda: jax.block_until_ready(jit(*ready)),
    }
    if kind == "grad" and make is rosenbrock:
        calls["by hand"] = lambda: slope_by_hand(*args)
    first = {n: seconds(calls[n]) for n in ('backend="c"', "jax.jit")}
    checked(calls)
    for fun in compiled.values():
        fun(*args)
    found = timings(calls, rounds=200, seconds=SECONDS)
    unit = found['backend="c"'].least
    columns = ("by hand", "eager", "compiled", "exact=False", "jax.jit")
    cells = [ratio(found[n].least / unit) if n in found else "" for n in columns]
    firsts = [f"{first[n]:.1f} s" for n in ('backend="c"', "jax.jit")]
    return [name, f"{ratio(unit * 1e6)} µs", *cells, *firsts]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workload", nargs="*", help="a part of a workload's name")
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    restrict(1)
    print(setup())
    os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp()
    header = ["", 'backend="c"', "by hand", "eager", "compiled", "exact=False"]
    header += ["jax.jit", "first call of C", "of jax.jit"]
    rows: list[list[str]] = []
    for name in WORKLOADS:
        if not given.workload or any(part in name for part in given.workload):
            start = time.perf_counter()
            rows.append(measured(name))
            print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)
    table = Table('Time relative to `backend="c"`', header, rows)
    print(table.markdown() if given.markdown else table.text())


if __name__ == "__main__":
    main()
