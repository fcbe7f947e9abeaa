"""The transforms' figures, beside those of autograd, JAX and torch.func.

python -m benchmarks.transforms [case ...] [--markdown] [--threads N]

A program is written once and runs on each library's own float64 arrays. Before anything
is timed, the values are compared with fgrad's. A time begins with arrays of the
library's kind, and ends when the result has been computed. What jax.jit spends once, on
tracing and compiling, is not in the ratios; it has a column.
"""

import argparse
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.interleaved import timings
from benchmarks.peers import (
    Call,
    Library,
    each,
    having,
    libraries,
    peak,
    restrict,
    setup,
)
from benchmarks.tables import SECONDS, Calls, Table, checked, compare, ratio


def normal(*shape: int, scale: float = 1.0, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape) * scale


def rosenbrock(np):
    def f(x):
        return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    return f


def network(np):
    """The loss of a network with one hidden layer, for one example or for a batch."""

    def loss(params, x, y):
        w1, b1, w2, b2 = params
        return np.mean((np.tanh(x @ w1 + b1) @ w2 + b2 - y) ** 2)

    return loss


def weights(inputs: int, hidden: int, outputs: int, seed: int = 0) -> Any:
    return (
        normal(inputs, hidden, scale=inputs**-0.5, seed=seed),
        normal(hidden, seed=seed + 1),
        normal(hidden, outputs, scale=hidden**-0.5, seed=seed + 2),
        normal(outputs, seed=seed + 3),
    )


def jvp() -> Iterator[Table]:
    """The value and the tangent."""

    def elementwise(np):
        def f(x):
            for _ in range(5):
                x = np.tanh(x) * 1.5 + np.sin(x)
            return x

        return f

    def by_hand(x, v):
        for _ in range(5):
            a, b = np.tanh(x), np.sin(x)
            v = v * (1 - a * a) * 1.5 + v * np.cos(x)
            x = a * 1.5 + b
        return x, v

    x, v = normal(2, 1_000_000)
    calls = each(lambda lib: lib.call(lib.jvp(elementwise(lib.np)), x, v), "jvp")
    bases = each(lambda lib: lib.call(elementwise(lib.np), x), "jvp")
    yield compare(
        "`jvp` of 20 elementwise operations, 1e6 elements",
        calls | {"NumPy, by hand": lambda: by_hand(x, v)},
        bases | {"NumPy": lambda: elementwise(np)(x)},
        "function",
    )

    def products(np):
        def f(x, a):
            for _ in range(5):
                x = np.tanh(a @ x)
            return x

        return f

    y, w, a = normal(3, 400, 400)
    a /= 20
    yield compare(
        "`jvp` of 5 products of 400 × 400 matrices",
        each(lambda lib: lib.call(lib.jvp(products(lib.np)), y, w, a), "jvp"),
        each(lambda lib: lib.call(products(lib.np), y, a), "jvp"),
        "function",
    )


def jvp_memory() -> Iterator[Table]:
    """What Python and NumPy allocate, and what XLA sets aside for a program."""

    def chain(np, n):
        def f(x):
            for _ in range(n):
                x = np.tanh(x) * 0.9
            return x

        return f

    x, v = normal(2, 10_000)
    rows = []
    for n in (100, 1000):
        pushes = {lib: lib.jvp(chain(lib.np, n)) for lib in having("jvp", "memory")}
        checked({lib.name: lib.call(push, x, v) for lib, push in pushes.items()})
        peaks = [lib.memory(push, x, v) for lib, push in pushes.items()]
        peaks = [peak(chain(np, n), x), *peaks]
        rows.append([f"{n:,}", *(f"{size / x.nbytes:,.0f}" for size in peaks)])
    yield Table(
        "Peak memory of `jvp` of n steps `tanh(x) * 0.9`, in arrays",
        ["n", "function", *(lib.name for lib in pushes)],
        rows,
    )


def hvp() -> Iterator[Table]:
    """The gradient and the product with the Hessian, relative to the gradient.

    Forward over reverse; in autograd, and in torch once more, reverse over reverse.
    """
    params, vector = weights(200, 100, 10), weights(200, 100, 10, seed=9)
    x, y = normal(128, 200), normal(128, 10)
    yield compare(
        "`hvp` of a network 200-100-10, batch 128",
        each(
            lambda lib: lib.call(lib.hvp(network(lib.np)), params, vector, x, y), "hvp"
        ),
        each(lambda lib: lib.call(lib.grad(network(lib.np)), params, x, y), "grad"),
        "grad",
    )
    x, v = normal(2, 1_000_000)
    yield compare(
        "`hvp` of Rosenbrock's function, n = 1e6",
        each(lambda lib: lib.call(lib.hvp(rosenbrock(lib.np)), x, v), "hvp"),
        each(lambda lib: lib.call(lib.grad(rosenbrock(lib.np)), x), "grad"),
        "grad",
    )


def jacobian() -> Iterator[Table]:
    """Forward mode for the tall matrix, reverse mode for the wide one.

    fgrad's `jacobian` chooses, autograd's has reverse mode only; forward mode in
    autograd is one make_jvp and a push for each column.
    """

    def program(np):
        return lambda x, a: np.tanh(a @ np.sin(x)) * np.sum(x)

    for mode, rows, columns in (("jacfwd", 500, 10), ("jacrev", 10, 500)):
        x, a = np.linspace(0.1, 1, columns), normal(rows, columns)
        yield compare(
            f"Jacobian of a function R^{columns} → R^{rows}",
            each(lambda lib: lib.call(getattr(lib, mode)(program(lib.np)), x, a), mode),
        )


def hessian() -> Iterator[Table]:
    """Dense, of one function; and of one with 10 arguments at 64 points."""
    for n in (100, 300):
        x = np.linspace(-1, 1, n)
        yield compare(
            f"Hessian of Rosenbrock's function, n = {n}",
            each(lambda lib: lib.call(lib.hessian(rosenbrock(lib.np)), x), "hessian"),
        )

    xs = normal(64, 10)

    def mapped(lib):
        return lib.call(lib.vmap(lib.hessian(rosenbrock(lib.np)), 0), xs)

    def loop(lib):
        one = lib.hessian(rosenbrock(lib.np))
        return lib.call(lambda xs: np.stack([one(x) for x in xs]), xs)

    yield compare(
        "Hessian of Rosenbrock's function, n = 10, at 64 points",
        each(mapped, "hessian", "vmap") | loops(loop),
    )


def loops(make: Callable[[Library], Call]) -> Calls:
    """One example after the other: autograd's only way, and what vmap saves."""
    return {
        f"{lib.name}, Python loop": make(lib)
        for lib in libraries()
        if lib.name in {"fgrad", "autograd"}
    }


def per_example() -> Iterator[Table]:
    """One gradient for each example, of networks with one output and with ten."""
    for sizes in ((20, 16, 1), (64, 128, 10)):
        params = weights(*sizes)
        xs, ys = normal(256, sizes[0]), normal(256, sizes[-1])

        def mapped(lib):
            gradients = lib.vmap(lib.grad(network(lib.np)), (None, 0, 0))
            return lib.call(gradients, params, xs, ys)

        def loop(lib):
            one = lib.grad(network(lib.np))

            def gradients(params, xs, ys):
                found = [one(params, x, y) for x, y in zip(xs, ys, strict=True)]
                return tuple(map(np.stack, zip(*found, strict=True)))

            return lib.call(gradients, params, xs, ys)

        yield compare(
            f"Gradients of a network {'-'.join(map(str, sizes))} for 256 examples",
            each(mapped, "grad", "vmap") | loops(loop),
        )


def linearize() -> Iterator[Table]:
    """The derivative at one point along 20 directions, one after the other.

    With jit, all of it is one compiled program, in which XLA may merge the pushes into
    products of matrices. autograd's pushforward is a jvp that runs the function again.
    """

    def program(np):
        def f(x, a):
            for _ in range(10):
                x = x + np.tanh(a @ x)
            return x

        return f

    def pushed(lib):
        def products(x, vs, a):
            _, push = lib.linearize(lambda x: program(lib.np)(x, a), x)
            return [push(v) for v in vs]

        return lib.call(products, x, vs, a)

    def again(lib):
        along = lib.jvp(program(lib.np))
        return lib.call(lambda x, vs, a: [along(x, v, a)[1] for v in vs], x, vs, a)

    x, vs, a = normal(200), normal(20, 200), normal(200, 200, scale=0.05)
    yield compare(
        "`linearize` of 10 steps `x + tanh(a @ x)` in R^200, and 20 pushes",
        each(pushed, "linearize") | each(again, "jvp", way="20 jvp"),
        each(lambda lib: lib.call(program(lib.np), x, a), "jvp"),
        "function",
    )


def fixed_point() -> Iterator[Table]:
    """The gradient through a solution of `x = tanh(a @ x + b)`.

    By the library's fixed_point, which for fgrad solves with a dense Jacobian, and for
    autograd iterates; by the implicit function theorem, written with the library's
    grad, jacrev and solve; and in reverse through the steps of the solver. The last two
    do as many steps as the first one needs.
    """

    def step(np):
        return lambda x, params: np.tanh(params[0] @ x + params[1])

    def loss(np):
        return lambda x: np.sum(x**2)

    def provided(lib):
        def through(params, x0):
            return loss(lib.np)(lib.fixed_point(step(lib.np), x0, params))

        return lib.call(lib.grad(through), params, x0)

    def solution(np, params, x):
        for _ in range(steps):
            x = step(np)(x, params)
        return x

    def theorem(lib):
        f = step(lib.np)

        def gradient(params, x0, identity):
            x = solution(lib.np, params, x0)
            g = lib.grad(loss(lib.np))(x)
            j = lib.jacrev(f)(x, params)
            w = lib.np.linalg.solve((identity - j).T, g)
            return lib.grad(lambda params: w @ f(x, params))(params)

        return lib.call(gradient, params, x0, np.eye(x0.size))

    def unrolled(lib):
        def through(params, x0):
            return loss(lib.np)(solution(lib.np, params, x0))

        return lib.call(lib.grad(through), params, x0)

    params, x0 = (normal(50, 50, scale=0.07), normal(50)), np.zeros(50)
    steps = steps_needed(step(np), x0, params)
    yield compare(
        f"Gradient through a fixed point in R^50, {steps} steps",
        each(provided, "grad", "fixed_point", way="fixed_point")
        | each(theorem, "grad", "jacrev", way="theorem")
        | each(unrolled, "grad", "jacrev", way="steps"),
    )


def steps_needed(fun: Callable[..., Any], x: Any, params: Any) -> int:
    """After how many steps x no longer changes, by the tolerance of `fixed_point`."""
    steps, change = 0, np.inf
    while change > 100 * np.finfo(float).eps * (1 + np.max(np.abs(x))):
        x, last = fun(x, params), x
        steps, change = steps + 1, np.max(np.abs(x - last))
    return steps


def checkpoint() -> Iterator[Table]:
    """A heat equation on 1,000 points: memory and time of the gradient for n steps.

    Plain, and checkpointed in blocks of √n steps. The loop is Python's, and a scan in
    JAX. autograd's checkpoint runs the block's derivative when the block is called, so
    it keeps no less; torch's does not work under torch.func.
    """
    u, target = normal(1000), np.sin(np.linspace(0, 20, 1000))

    def step(np):
        def f(u, rate, target):
            flow = np.roll(u, 1) - 2 * u + np.roll(u, -1)
            return u + rate * flow - 0.01 * np.sin(u - target)

        return f

    def gradient(lib, loop):
        def energy(rate, u, target):
            return lib.np.sum(loop(u, rate, target) ** 2)

        return lib.grad(energy)

    peaks, times = [], []
    for n in (100, 400, 1600, 10_000):
        gradients, calls = {}, {}
        for lib in having("grad", "memory"):
            loops = {lib.name: lib.repeat(step(lib.np), n)}
            if lib.blocks:
                blocks = lib.blocks(step(lib.np), n, round(n**0.5))
                loops[f"{lib.name}, checkpoint"] = blocks
            elif n > 1600:  # tracemalloc would need a minute
                continue
            for name, loop in loops.items():
                gradients[name] = lib, gradient(lib, loop)
                calls[name] = lib.call(gradients[name][1], 0.2, u, target)
        checked(calls)
        peaks.append({"n": f"{n:,}"})
        times.append({"n": f"{n:,}"})
        found = timings(calls, rounds=20, seconds=SECONDS / 2)
        for name, (lib, fun) in gradients.items():
            size = lib.memory(fun, 0.2, u, target)
            peaks[-1][name] = f"{size / u.nbytes:,.0f}"
            times[-1][name] = ratio(found[name].best / found["fgrad"].best)
    title = "Gradient of a simulation of n steps"
    for what, rows in (("peak memory, in arrays", peaks), ("time, fgrad = 1", times)):
        header = list(rows[0])
        cells = [[row.get(name, "") for name in header] for row in rows]
        yield Table(f"{title}: {what}", header, cells)


CASES = {
    case.__name__: case
    for case in (
        jvp,
        jvp_memory,
        hvp,
        jacobian,
        hessian,
        per_example,
        linearize,
        fixed_point,
        checkpoint,
    )
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Time and memory of the transforms.")
    parser.add_argument("cases", nargs="*", metavar="case", help=", ".join(CASES))
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    parser.add_argument("--threads", type=int, default=1, help="for each library")
    options = parser.parse_args()
    if unknown := set(options.cases) - set(CASES):
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(CASES)}")
    restrict(options.threads)
    print(setup())
    for name in options.cases or CASES:
        for table in CASES[name]():
            text = table.markdown() if options.markdown else table.text()
            print(f"\n{text}", flush=True)


if __name__ == "__main__":
    main()
