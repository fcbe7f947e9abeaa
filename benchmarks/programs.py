"""Gradients of whole programs: beside one by hand, the program itself, or autograd.

python -m benchmarks.programs
"""

import numpy as np

import fgrad
import fgrad.numpy as fnp
from benchmarks.interleaved import best_times, report
from fgrad import grad

try:
    import autograd
except ImportError:  # the bench extra is optional
    autograd = None

RNG = np.random.default_rng(0)


def agree(found, wanted):
    """Both gradients are the same: what is timed is right."""
    for a, b in zip(fgrad.tree.leaves(found), fgrad.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


def square():
    """The fixed cost of a gradient."""
    calls = {"fgrad": lambda: grad(lambda x: x * x)(2.0)}
    if autograd is not None:
        calls["autograd"] = lambda: autograd.grad(lambda x: x * x)(2.0)
    report("grad(lambda x: x * x)(2.0)", calls, 60)


def logistic_regression():
    """1e5 examples of 50 numbers."""
    a = RNG.normal(size=(100_000, 50))
    y = np.where(RNG.random(100_000) < 0.5, -1.0, 1.0)
    w = RNG.normal(size=50) * 0.1

    def loss(w):
        return np.mean(np.logaddexp(0.0, -y * (a @ w)))

    def by_hand(w):
        m = -y * (a @ w)
        value = np.mean(np.logaddexp(0.0, m))
        return value, a.T @ (-y / (1 + np.exp(-m)) / len(y))

    agree(grad(loss)(w), by_hand(w)[1])
    calls = {"by hand": lambda: by_hand(w), "fgrad": lambda: grad(loss)(w)}
    report("logistic regression, 1e5 x 50", calls)


def gaussian_mixture():
    """20,000 points in 4 dimensions, 8 components."""
    n, k, d = 20_000, 8, 4
    points, means = RNG.normal(size=(n, d)), RNG.normal(size=(k, d))
    factors = np.eye(d) + 0.1 * np.tril(RNG.normal(size=(k, d, d)))
    params = means, factors, np.zeros(k)

    def loss(params):
        means, factors, weights = params
        z = np.einsum("kij,nkj->nki", factors, points[:, None, :] - means)
        logs = np.sum(np.log(np.abs(np.einsum("kii->ki", factors))), axis=1)
        q = logs + weights - 0.5 * np.sum(z * z, axis=2)
        top = np.max(q, axis=1, keepdims=True)
        return -np.sum(top[:, 0] + np.log(np.sum(np.exp(q - top), axis=1)))

    def by_hand(params):
        means, factors, weights = params
        u = points[:, None, :] - means
        z = np.einsum("kij,nkj->nki", factors, u)
        diagonals = np.einsum("kii->ki", factors)
        logs = np.sum(np.log(np.abs(diagonals)), axis=1)
        q = logs + weights - 0.5 * np.sum(z * z, axis=2)
        top = np.max(q, axis=1, keepdims=True)
        e = np.exp(q - top)
        s = np.sum(e, axis=1)
        value = -np.sum(top[:, 0] + np.log(s))
        r = -e / s[:, None]
        share = np.sum(r, axis=0)
        gz = -r[:, :, None] * z
        gf = np.einsum("nki,nkj->kij", gz, u)
        gf[:, np.arange(d), np.arange(d)] += share[:, None] / diagonals
        return value, (-np.einsum("kij,nki->kj", factors, gz), gf, share)

    agree(grad(loss)(params), by_hand(params)[1])
    calls = {"by hand": lambda: by_hand(params), "fgrad": lambda: grad(loss)(params)}
    report("Gaussian mixture, 20,000 points, einsum", calls)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm():
    """100 steps of a cell with 4 numbers, one sequence."""
    steps, m, n = 100, 3, 4
    xs = RNG.normal(size=(steps, m))
    params = (
        RNG.normal(size=(m, 4 * n)) * 0.1,
        RNG.normal(size=(n, 4 * n)) * 0.1,
        np.zeros(4 * n),
    )

    def loss(params):
        wx, wh, b = params
        h = c = np.zeros(n)
        for x in xs:
            a = x @ wx + h @ wh + b
            i, f, o = (sigmoid(a[j * n : (j + 1) * n]) for j in range(3))
            c = f * c + i * np.tanh(a[3 * n :])
            h = o * np.tanh(c)
        return np.sum(h * h)

    calls = {
        "the program": lambda: loss(params),
        "gradient": lambda: grad(loss)(params),
    }
    report("LSTM, 100 steps of 4 numbers", calls)


def gaussian_process():
    """The marginal likelihood of 400 points, by Cholesky."""
    n = 400
    x = np.sort(RNG.uniform(0, 10, n))
    y = np.sin(x) + 0.1 * RNG.normal(size=n)
    squares = (x[:, None] - x) ** 2

    def loss(t):
        kernel = np.exp(t[0] - 0.5 * squares / np.exp(2 * t[1]))
        factor = np.linalg.cholesky(kernel + np.exp(t[2]) * np.eye(n))
        a = np.linalg.solve(factor, y)
        return 0.5 * np.sum(a * a) + np.sum(np.log(np.diag(factor)))

    t = np.array([0.0, 0.0, -2.0])
    calls = {"the program": lambda: loss(t), "gradient": lambda: grad(loss)(t)}
    report("Gaussian process, 400 points", calls)


def loop():
    """A loop over 1,000 numbers."""

    def total(x):
        s = 0.0
        for i in range(len(x)):
            s = s + x[i]
        return s

    x = RNG.normal(size=1000)
    calls = {"the program": lambda: total(x), "gradient": lambda: grad(total)(x)}
    report("loop over 1,000 x[i]", calls)


def nine_numbers():
    """A matrix of nine traced numbers, which stands for all small ones."""
    found = {}

    def matrix(np, v):
        return np.array([v[0:3], v[3:6], v[6:9]])

    def traced(x):
        v = [*x]
        found.update(
            best_times(
                {
                    "plain": lambda: matrix(np, plain),
                    "traced": lambda: matrix(fnp, v),
                }
            )
        )
        return x[0]

    x = RNG.normal(size=9)
    plain = [*x]
    grad(traced)(x)
    print("\nnp.array([[...], [...], [...]]) of nine numbers")
    print(f"  {'traced / plain':28s} {found['traced'] / found['plain']:8.2f} x")


if __name__ == "__main__":
    for case in (
        square,
        logistic_regression,
        gaussian_mixture,
        lstm,
        gaussian_process,
        loop,
        nine_numbers,
    ):
        case()
