"""The core's figures: fgrad against gradients written by hand, and against autograd.

python -m benchmarks.core
"""

import subprocess
import sys
import threading
import time
import tracemalloc

import numpy as np

import fgrad.numpy as fnp
from benchmarks.interleaved import best_times, report
from fgrad import grad

try:
    import autograd
    import autograd.numpy as anp
except ImportError:  # the bench extra is optional
    autograd = anp = None


def with_autograd(calls, name, fun, *args, argnum=0):
    """Add autograd's gradient to the calls, if it is installed."""
    if autograd is not None:
        gradient = autograd.grad(fun, argnum)
        calls[name] = lambda: gradient(*args)
    return calls


def chain_of(np):
    """1,000 operations on 10 elements."""

    def f(x):
        for _ in range(250):
            x = np.sin(x) * 1.5
            x = x + x * 0.1
        return np.sum(x)

    return f


def chain_by_hand(x):
    """Its gradient."""
    kept = []
    for _ in range(250):
        kept.append(x)
        y = np.sin(x) * 1.5
        x = y + y * 0.1
    g = np.ones(10)
    for x in reversed(kept):
        g = (g + g * 0.1) * 1.5
        g = g * np.cos(x)
    return g


def chain():
    """1,000 operations on 10 elements."""
    x = np.linspace(0.1, 1, 10)
    np.testing.assert_allclose(grad(chain_of(fnp))(x), chain_by_hand(x))
    calls = {
        "by hand": lambda: chain_by_hand(x),
        "fgrad.numpy": lambda: grad(chain_of(fnp))(x),
        "plain numpy": lambda: grad(chain_of(np))(x),
    }
    with_autograd(calls, "autograd", chain_of(anp), x)
    report("chain of 1,000 operations on 10-element arrays", calls, 100)


def network():
    """784-256-10, batch 128."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(128, 784)), rng.integers(0, 10, 128)
    params = (
        rng.normal(size=(784, 256)) * 0.05,
        np.zeros(256),
        rng.normal(size=(256, 10)) * 0.05,
        np.zeros(10),
    )
    rows = np.arange(128)

    def program(np):
        def f(params, x, y):
            w1, b1, w2, b2 = params
            z = np.tanh(x @ w1 + b1) @ w2 + b2
            z = z - np.max(z, axis=1, keepdims=True)
            log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
            return -np.mean(log_p[rows, y])

        return f

    def by_hand(params, x, y):
        w1, b1, w2, b2 = params
        h = np.tanh(x @ w1 + b1)
        z = h @ w2 + b2
        z = z - np.max(z, axis=1, keepdims=True)
        e = np.exp(z)
        s = np.sum(e, axis=1, keepdims=True)
        log_p = z - np.log(s)
        value = -np.mean(log_p[rows, y])
        g = e / s
        g[rows, y] -= 1
        g /= len(y)
        gh = (g @ w2.T) * (1 - h * h)
        return value, (x.T @ gh, np.sum(gh, 0), h.T @ g, np.sum(g, 0))

    for a, b in zip(
        grad(program(fnp))(params, x, y), by_hand(params, x, y)[1], strict=True
    ):
        np.testing.assert_allclose(a, b, atol=1e-12)
    calls = {
        "by hand": lambda: by_hand(params, x, y),
        "fgrad.numpy": lambda: grad(program(fnp))(params, x, y),
        "plain numpy": lambda: grad(program(np))(params, x, y),
    }
    with_autograd(calls, "autograd", program(anp), params, x, y)
    report("network 784-256-10, batch 128", calls, 60)


def differences():
    """sum((x[1:] - x[:-1])**2) at 1e6."""

    def f(x):
        return np.sum((x[1:] - x[:-1]) ** 2)

    def by_hand(x):
        d = x[1:] - x[:-1]
        value = np.sum(d**2)
        g = 2 * d
        out = np.zeros_like(x)
        out[1:] += g
        out[:-1] -= g
        return value, out

    x = np.random.default_rng(0).normal(size=1_000_000)
    np.testing.assert_allclose(grad(f)(x), by_hand(x)[1])
    calls = {"by hand": lambda: by_hand(x), "fgrad": lambda: grad(f)(x)}
    with_autograd(calls, "autograd", f, x)
    report("sum((x[1:] - x[:-1])**2), 1e6 elements", calls)


def indexing():
    """A loop over x[i]: time per index."""

    def f(x):
        total = 0.0
        for i in range(len(x)):
            total = total + x[i] * x[i]
        return total

    sizes = (1000, 2000, 4000, 8000, 16000)
    xs = {n: np.random.default_rng(0).normal(size=n) for n in sizes}
    best = best_times({n: (lambda n=n: grad(f)(xs[n])) for n in sizes}, 8)
    print("\nloop over x[i]: time per index, relative to n = 1,000")
    for n, seconds in best.items():
        print(f"  n = {n:6d} {seconds / n / (best[1000] / 1000):27.2f} x")


def long_chain():
    """1,000,000 operations."""

    def f(x):
        for _ in range(1_000_000):
            x = x * 0.999999
        return x

    start = time.perf_counter()
    value = grad(f)(1.0)
    seconds = time.perf_counter() - start
    print(f"\nchain of 1,000,000 operations: gradient {value:.12f}")
    print(f"  (0.999999 ** 1,000,000 = {0.999999**1_000_000:.12f}), {seconds:.1f} s")


def memory():
    """25 tanh and 25 scalings of 1e6 float64."""

    def f(x):
        for _ in range(25):
            x = np.tanh(x) * 0.9
        return np.sum(x)

    x = np.linspace(0, 1, 1_000_000)
    tracemalloc.start()
    grad(f)(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"\n25 tanh and 25 scalings: peak {peak / x.nbytes:.2f} arrays for 25 kept")


def threads():
    """8 threads x 2,000 nested gradients."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    wrong = []

    def work(seed):
        rng = np.random.default_rng(seed)
        for _ in range(2000):
            a, x = rng.uniform(1, 2, 2)
            value = grad(lambda x, a=a: a * x * grad(lambda y: x * y * y)(x))(x)
            if not np.isclose(value, 6 * a * x * x, rtol=1e-12):
                wrong.append(value)

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    sys.setswitchinterval(interval)
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    print(f"\n8 threads x 2,000 nested gradients: {len(wrong)} wrong (GIL: {gil})")


def import_time():
    """Time that `import fgrad` adds to `import numpy`."""
    code = (
        "import time; import numpy; a = time.perf_counter(); import fgrad; "
        "print(time.perf_counter() - a)"
    )
    times = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True).stdout)
        for _ in range(15)
    ]
    print(f"\nimport fgrad after import numpy: {min(times) * 1e3:.0f} ms (best of 15)")


if __name__ == "__main__":
    for case in (
        chain,
        network,
        differences,
        indexing,
        long_chain,
        memory,
        threads,
        import_time,
    ):
        case()
