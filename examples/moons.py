"""Two moons: a small network learns which of two interlaced arcs a point lies on.

The network is a function of a list of arrays, and `fgrad.optim` moves the list. Saves
the decision boundary as ``moons.png``.

    python examples/moons.py [--steps 1500] [--figure path/to/figure.png]
"""

import time
import tracemalloc

import matplotlib.pyplot as plt
import numpy as np
from command_line import arguments
from sklearn.datasets import make_moons
from tqdm import trange

from fgrad import optim, value_and_grad


def score(params, x):
    """The log-odds of the lower moon for points of shape (n, 2)."""
    for w, b in params[:-1]:
        x = np.tanh(x @ w + b)
    w, b = params[-1]
    return (x @ w + b)[:, 0]


def loss(params, x, y):
    """Cross-entropy: log(1 + exp(z)) - y z, written so that nothing overflows."""
    z = score(params, x)
    return np.mean(np.logaddexp(0, z) - y * z)


def main():
    options = arguments(__doc__, __file__, steps=1500)
    rng = np.random.default_rng(0)
    x, y = make_moons(500, noise=0.2, random_state=0)
    x_test, y_test = make_moons(500, noise=0.2, random_state=1)
    sizes = [(2, 16), (16, 16), (16, 1)]
    params = [(rng.normal(0, m**-0.5, (m, n)), np.zeros(n)) for m, n in sizes]
    rate = optim.cosine_decay_schedule(0.02, options.steps)
    optimiser = optim.adamw(rate, weight_decay=0.01)
    state = optimiser.init(params)
    start = time.perf_counter()
    for _ in trange(options.steps, desc="training", unit="step"):
        value, gradient = value_and_grad(loss)(params, x, y)
        updates, state = optimiser.update(gradient, state, params)
        params = optim.apply_updates(params, updates)
    seconds = time.perf_counter() - start
    tracemalloc.start()
    value_and_grad(loss)(params, x, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    accuracy = np.mean((score(params, x_test) > 0) == y_test)
    print(f"loss {value:.3f} after {options.steps} steps")
    print(f"accuracy {accuracy:.1%} on {len(y_test)} points that were not trained on")
    print(f"{seconds:.1f} s; one gradient needs {peak / 1e6:.2f} MB at its peak")
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    grid = np.stack(np.meshgrid(np.linspace(-2, 3, 160), np.linspace(-1.5, 2, 120)), -1)
    odds = score(params, grid.reshape(-1, 2)).reshape(120, 160).T
    surface = axes.contourf(
        *grid.T, 1 / (1 + np.exp(-odds)), 20, cmap="RdBu", alpha=0.5
    )
    axes.contour(*grid.T, odds, [0], colors="k")
    axes.scatter(*x_test.T, c=y_test, cmap="bwr_r", edgecolors="k", lw=0.5, s=18)
    axes.set(title=f"Probability of the lower moon; {accuracy:.1%} of new points right")
    figure.colorbar(surface, ticks=[0, 0.5, 1])
    figure.savefig(options.figure, dpi=100)


if __name__ == "__main__":
    main()
