"""The transforms' figures: costs relative to the function, and to autograd.

python -m benchmarks.transforms
"""

import time
import tracemalloc

import numpy as np

import fgrad.numpy as fnp
from benchmarks.interleaved import report
from fgrad import checkpoint, grad, hessian, hvp, jacobian, jvp, vmap

try:
    import autograd
    import autograd.numpy as anp
except ImportError:  # the bench extra is optional
    autograd = anp = None


def forward_mode():
    """A chain of elementwise functions on 1e6 elements."""

    def f(x):
        for _ in range(5):
            x = np.tanh(x) * 1.5 + np.sin(x)
        return x

    def by_hand(x, v):
        for _ in range(5):
            a, b = np.tanh(x), np.sin(x)
            v = v * (1 - a * a) * 1.5 + v * np.cos(x)
            x = a * 1.5 + b
        return x, v

    rng = np.random.default_rng(0)
    x, v = rng.normal(size=(2, 1_000_000))
    np.testing.assert_allclose(jvp(f, (x,), (v,))[1], by_hand(x, v)[1])
    calls = {
        "function": lambda: f(x),
        "jvp": lambda: jvp(f, (x,), (v,)),
        "function and jvp by hand": lambda: by_hand(x, v),
    }
    report("jvp of 20 elementwise operations, 1e6 elements", calls, 8)
    a = rng.normal(size=(400, 400)) / 20
    b, w = rng.normal(size=(2, 400, 400))

    def products(x):
        for _ in range(5):
            x = np.tanh(a @ x)
        return x

    report(
        "jvp of 5 products of 400 x 400 matrices",
        {"function": lambda: products(b), "jvp": lambda: jvp(products, (b,), (w,))},
        15,
    )


def hessian_vector():
    """A network's loss, and Rosenbrock's function."""
    rng = np.random.default_rng(0)
    data, target = rng.normal(size=(128, 200)), rng.normal(size=(128, 10))
    params = (rng.normal(size=(200, 100)) * 0.05, rng.normal(size=(100, 10)) * 0.05)
    vector = tuple(rng.normal(size=p.shape) for p in params)

    def loss(params):
        return np.mean((np.tanh(data @ params[0]) @ params[1] - target) ** 2)

    calls = {
        "grad": lambda: grad(loss)(params),
        "hvp": lambda: hvp(loss, (params,), (vector,)),
    }
    report("hvp of a network 200-100-10, batch 128", calls, 60)
    x, v = rng.normal(size=(2, 1_000_000))
    calls = {
        "grad": lambda: grad(rosenbrock(np))(x),
        "hvp": lambda: hvp(rosenbrock(np), (x,), (v,)),
    }
    report("hvp of Rosenbrock's function, n = 1e6", calls, 8)


def rosenbrock(np):
    def f(x):
        return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    return f


def jacobians():
    """R^10 -> R^500."""
    a = np.random.default_rng(0).normal(size=(500, 10))
    x = np.linspace(0.1, 1, 10)

    def program(np):
        return lambda x: np.tanh(a @ np.sin(x)) * np.sum(x)

    calls = {"fgrad": lambda: jacobian(program(fnp))(x)}
    if autograd is not None:
        theirs = autograd.jacobian(program(anp))
        np.testing.assert_allclose(calls["fgrad"](), theirs(x), rtol=1e-10, atol=1e-12)
        calls["autograd"] = lambda: theirs(x)
    report("Jacobian R^10 -> R^500", calls, 15)


def hessians():
    for n, rounds in ((100, 15), (300, 6)):
        x = np.linspace(-1, 1, n)
        calls = {"fgrad": lambda x=x: hessian(rosenbrock(fnp))(x)}
        if autograd is not None:
            theirs = autograd.hessian(rosenbrock(anp))
            np.testing.assert_allclose(calls["fgrad"](), theirs(x), atol=1e-9)
            calls["autograd"] = lambda x=x, theirs=theirs: theirs(x)
        report(f"Hessian of Rosenbrock's function, n = {n}", calls, rounds)


def per_example():
    """Gradients of a network 20-16-1 for each of 256 examples."""
    rng = np.random.default_rng(0)
    params = {"w": rng.normal(size=(20, 16)) * 0.2, "v": rng.normal(size=16)}
    xs, ys = rng.normal(size=(256, 20)), rng.normal(size=256)

    def loss(params, x, y):
        return (np.tanh(x @ params["w"]) @ params["v"] - y) ** 2

    def loop():
        results = [grad(loss)(params, x, y) for x, y in zip(xs, ys, strict=True)]
        return {name: np.stack([r[name] for r in results]) for name in params}

    mapped = vmap(grad(loss), in_axes=(None, 0, 0))
    for name, gradient in loop().items():
        np.testing.assert_allclose(mapped(params, xs, ys)[name], gradient, rtol=1e-10)
    calls = {"vmap(grad)": lambda: mapped(params, xs, ys), "Python loop": loop}
    report("per-example gradients of a network 20-16-1, batch 256", calls, 15)


def checkpointed():
    """A heat equation on 1,000 points: memory and time for n steps."""

    def step(u, rate):
        return u + rate * (np.roll(u, 1) - 2 * u + np.roll(u, -1)) - 0.01 * np.sin(u)

    def plain(u, n, rate):
        for _ in range(n):
            u = step(u, rate)
        return u

    def measured(loop, n):
        gradient = grad(lambda rate: np.sum(loop(u, n, rate) ** 2))
        start = time.perf_counter()
        value = gradient(0.2)
        seconds = time.perf_counter() - start
        tracemalloc.start()
        gradient(0.2)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return value, seconds, peak

    u = np.random.default_rng(0).normal(size=1000)
    measured(plain, 10)
    print("\nsimulation of n steps: checkpointed every √n steps, relative to plain")
    for n in (100, 400, 1600, 10_000):
        value, seconds, peak = measured(plain, n)
        ours = checkpoint(step, every=round(n**0.5))
        value2, seconds2, peak2 = measured(ours, n)
        np.testing.assert_allclose(value2, value, rtol=1e-12)
        print(
            f"  n = {n:6d}: peak {peak / u.nbytes:8.0f} arrays plain, "
            f"{peak2 / u.nbytes:6.0f} checkpointed ({peak / peak2:5.1f} times less), "
            f"time {seconds2 / seconds:5.2f} x"
        )


if __name__ == "__main__":
    for case in (
        forward_mode,
        hessian_vector,
        jacobians,
        hessians,
        per_example,
        checkpointed,
    ):
        case()
