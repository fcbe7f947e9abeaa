"""`fgrad.compile`, small and large workloads, beside JAX, PyTorch and by hand.

python -m benchmarks.compiled
"""

import statistics
import time

import numpy as np

from benchmarks.core import chain_by_hand, chain_of
from benchmarks.peers import peak, restrict
from fgrad import compile, grad, hessian, vmap  # noqa: A004 (its name)

try:
    import jax
except ImportError:  # the bench extra is optional
    jax = None
try:
    import torch
except ImportError:
    torch = None

ROUNDS = 15


def rosenbrock(np):
    def f(x):
        return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    return f


def rosenbrock_by_hand(x):
    left, right = x[:-1], x[1:]
    t = right - left**2
    g = np.zeros_like(x)
    g[:-1] = -400 * t * left - 2 * (1 - left)
    g[1:] += 200 * t
    return g


def entries(_):
    """A loop over single entries."""

    def f(x):
        total = 0.0
        for i in range(len(x)):
            total = total + x[i] * x[i]
        return total

    return f


def wide(np):
    """Six elementwise functions."""

    def f(x):
        return np.sum(
            np.tanh(np.sin(x) * np.exp(-x * x)) + np.log1p(np.cos(x) * np.cos(x))
        )

    return f


def wide_by_hand(x):
    s, c, e = np.sin(x), np.cos(x), np.exp(-x * x)
    t = np.tanh(s * e)
    u = (1 - t * t) * e
    return u * c - 2 * x * (u * s) - 2 * c * s / (1 + c * c)


def network(np):
    """784-256-10."""

    def f(params, x, y):
        w1, b1, w2, b2 = params
        z = np.tanh(x @ w1 + b1) @ w2 + b2
        z = z - np.max(z, axis=1, keepdims=True)
        log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
        return -np.mean(np.sum(log_p * y, axis=1))

    return f


def network_by_hand(params, x, y):
    w1, b1, w2, b2 = params
    h = np.tanh(x @ w1 + b1)
    z = h @ w2 + b2
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    g = (e / np.sum(e, axis=1, keepdims=True) - y) / len(y)
    gh = (g @ w2.T) * (1 - h * h)
    return x.T @ gh, np.sum(gh, 0), h.T @ g, np.sum(g, 0)


def mixture(np):
    """A Gaussian mixture with precision factors, by `einsum`."""

    def f(params, x):
        logits, means, factors = params
        away = x[:, None, :] - means[None]
        y = np.einsum("nkd,kde->nke", away, factors)
        logs = logits - 0.5 * np.sum(y * y, axis=2)
        top = np.max(logs, axis=1, keepdims=True)
        return np.sum(top[:, 0] + np.log(np.sum(np.exp(logs - top), axis=1)))

    return f


def mixture_by_hand(params, x):
    logits, means, factors = params
    away = x[:, None, :] - means[None]
    y = np.einsum("nkd,kde->nke", away, factors)
    logs = logits - 0.5 * np.sum(y * y, axis=2)
    e = np.exp(logs - np.max(logs, axis=1, keepdims=True))
    p = e / np.sum(e, axis=1, keepdims=True)
    gy = -p[:, :, None] * y
    ga = np.einsum("nke,kde->nkd", gy, factors)
    return np.sum(p, 0), -np.sum(ga, 0), np.einsum("nkd,nke->kde", away, gy)


def lstm(np):
    """100 steps of 16 units."""

    def f(params, xs):
        w, u, b = params
        h = c = b[:16] * 0.0
        for t in range(100):
            z = xs[t] @ w + h @ u + b
            i, f, o = (1 / (1 + np.exp(-z[k : k + 16])) for k in (0, 16, 32))
            c = f * c + i * np.tanh(z[48:])
            h = o * np.tanh(c)
        return np.sum(h * h)

    return f


def examples(np):
    """A network 20-16-1, of one example."""

    def f(params, x, y):
        w1, b1, w2 = params
        return (np.tanh(x @ w1 + b1) @ w2 - y) ** 2

    return f


def newton(x):
    y = x
    while abs(y * y - x) > 1e-12:
        y = 0.5 * (y + x / y)
    return y


def measured(calls, seconds=4.0):
    """The processor's time of each call, as a ratio to the first one within a round."""
    repeats, found = {}, {name: [] for name in calls}
    for name, call in calls.items():
        call()
        start = time.process_time()
        call()
        repeats[name] = max(1, int(0.01 / max(time.process_time() - start, 1e-7)))
    begin = time.perf_counter()
    for done in range(ROUNDS):
        if done >= 5 and time.perf_counter() - begin > seconds:
            break
        for name, call in calls.items():
            start = time.process_time()
            for _ in range(repeats[name]):
                call()
            found[name].append((time.process_time() - start) / repeats[name])
    first = next(iter(found.values()))
    ratios = {
        name: statistics.median(a / b for a, b in zip(times, first, strict=True))
        for name, times in found.items()
    }
    return min(first), ratios


def report(title, make, by_hand, *args, transform=grad, jitted=True, exact=True):
    fun = transform(make(np))
    calls = {"by hand": lambda: by_hand(*args)} if by_hand else {}
    calls["eager"] = lambda: fun(*args)
    compiled = compile(fun)
    calls["compiled"] = lambda: compiled(*args)
    if not exact:
        loose = compile(fun, exact=False)
        calls["exact=False"] = lambda: loose(*args)
        for _ in range(3):
            loose(*args)
    start = time.process_time()
    compiled(*args)
    first = {"compiled": time.process_time() - start}
    compiled(*args)
    if jax is not None and jitted:
        transforms = {grad: jax.grad, hessian: jax.hessian, vmapped: jax_vmapped}
        theirs = jax.jit(transforms[transform](make(jax.numpy)))
        given = jax.tree.map(jax.numpy.asarray, args)
        calls["jax.jit"] = lambda: jax.block_until_ready(theirs(*given))
        start = time.process_time()
        calls["jax.jit"]()
        first["jax.jit"] = time.process_time() - start
    if torch is not None:
        transforms = {grad: torch.func.grad, hessian: torch.func.hessian}
        transforms[vmapped] = torch_vmapped
        of_torch = transforms[transform](make(Torch()))
        tensors = torch.utils._pytree.tree_map(torch.tensor, args)
        calls["torch"] = lambda: of_torch(*tensors)
    unit, ratios = measured(calls)
    print(f"\n{title}: {unit * 1e6:.1f} µs")
    for name, ratio in ratios.items():
        begun = f"first call {first[name] * 1e3:.0f} ms" if name in first else ""
        print(f"  {name:12s} {ratio:9.2f} x  {begun}", flush=True)
    return compiled


class Torch:
    """PyTorch under NumPy's names, as far as the workloads use them."""

    def __getattr__(self, name):
        return getattr(torch, name)

    @staticmethod
    def max(x, axis, keepdims):
        return torch.amax(x, axis, keepdims)


def vmapped(fun):
    return vmap(grad(fun), in_axes=(None, 0, 0))


def jax_vmapped(fun):
    return jax.vmap(jax.grad(fun), (None, 0, 0))


def torch_vmapped(fun):
    return torch.func.vmap(torch.func.grad(fun), (None, 0, 0))


def many_roots():
    """200 arguments, so that the branches differ."""
    compiled, xs = compile(newton), np.random.default_rng(0).uniform(0.5, 9, 200)
    slopes = grad(newton), compile(grad(newton))
    for x in xs:
        compiled(x)
        slopes[1](x)
    calls = {
        "eager": lambda: [slopes[0](x) for x in xs],
        "compiled": lambda: [slopes[1](x) for x in xs],
    }
    unit, ratios = measured(calls)
    print(f"\nNewton with `while`: {unit / 200 * 1e6:.1f} µs")
    print(f"  compiled {ratios['compiled']:.3f} x")


def overhead():
    compiled = compile(lambda x: x)
    for _ in range(3):
        compiled(2.0)
    unit, _ = measured({"x": lambda: [compiled(2.0) for _ in range(1000)]})
    print(f"\ncall overhead: {unit * 1e3:.2f} µs")
    for n in (250, 2500, 11_000):

        def deep(x, n=n):
            for _ in range(n):
                x = np.sin(x) * 1.5
                x = x + x * 0.1
            return np.sum(x)

        compiled = compile(grad(deep))
        start = time.process_time()
        compiled(np.linspace(0.1, 1, 10))
        spent = time.process_time() - start
        (program,) = compiled.variants.programs()
        count = len(program.recorded.calls)
        print(f"  {count} operations: {spent / count * 1e6:.0f} µs each", flush=True)


def main():
    rng = np.random.default_rng(0)
    x = np.linspace(0.1, 1, 10)
    report("chain", chain_of, chain_by_hand, x)
    for n in (100,):
        report("Rosenbrock", rosenbrock, rosenbrock_by_hand, rng.normal(size=n))
    report("1,000 x[i]", entries, lambda x: 2 * x, rng.normal(size=1000), jitted=False)
    report("LSTM", lstm, None, (
        rng.normal(size=(8, 64)) * 0.1,
        rng.normal(size=(16, 64)) * 0.1,
        np.zeros(64),
    ), rng.normal(size=(100, 8)), jitted=False)  # fmt: skip
    params = (
        *(rng.normal(size=(784, 256)) * 0.05, np.zeros(256)),
        *(rng.normal(size=(256, 10)) * 0.05, np.zeros(10)),
    )
    y = np.eye(10)[rng.integers(0, 10, 128)]
    report(
        "784-256-10", network, network_by_hand, params, rng.normal(size=(128, 784)), y
    )
    large = rng.normal(size=1_000_000)
    compiled = report("wide", wide, wide_by_hand, large)
    peaks = [peak(f, large) / 1e6 for f in (wide_by_hand, grad(wide(np)), compiled)]
    print(f"  peak MB: by hand, eager, compiled {[round(p, 1) for p in peaks]}")
    gmm = (
        *(np.zeros(8), rng.normal(size=(8, 10))),
        rng.normal(size=(8, 10, 10)) * 0.1 + np.eye(10),
    )
    points = rng.normal(size=(5000, 10))
    report("mixture", mixture, mixture_by_hand, gmm, points, exact=False)
    for n in (100, 300):
        report("Hessian", rosenbrock, None, rng.normal(size=n), transform=hessian)
    small = rng.normal(size=(20, 16)), np.zeros(16), rng.normal(size=16)
    batch = rng.normal(size=(256, 20)), rng.normal(size=256)
    report("per example", examples, None, small, *batch, transform=vmapped)
    many_roots()
    overhead()


if __name__ == "__main__":
    restrict(1)
    if jax is not None:
        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_cpu_enable_async_dispatch", False)
    if torch is not None:
        torch.set_num_threads(1)
    main()
