"""Variational inference: the nearest Gaussian to a distribution that is none.

A draw is mean + factor @ noise, a function of the parameters, so the mean over draws
has a gradient: no derivative of a density is written by hand. Saves the target and the
Gaussian as ``variational.png``.

    python examples/variational.py [--steps 800] [--figure path/to/figure.png]
"""

import matplotlib.pyplot as plt
import numpy as np
from command_line import arguments
from tqdm import trange

from fgrad import grad, optim

DRAWS = 64


def log_density(z):
    """A banana, for points of shape (..., 2), up to a constant."""
    x, y = z[..., 0], z[..., 1]
    return -0.5 * (x**2 + ((y - 0.5 * x**2) / 0.5) ** 2)


def factor(params):
    """A triangular matrix with a positive diagonal: of any covariance, there is one."""
    return np.tril(params["below"], -1) + np.diag(np.exp(params["log_diagonal"]))


def loss(params, noise):
    """Kullback's and Leibler's distance from the target, up to a constant."""
    draws = params["mean"] + noise @ factor(params).T
    entropy = np.sum(params["log_diagonal"])
    return -entropy - np.mean(log_density(draws))


def main():
    options = arguments(__doc__, __file__, steps=800)
    rng = np.random.default_rng(0)
    params = {"mean": np.array([-1.0, 3.0])}
    params |= {"below": np.zeros((2, 2)), "log_diagonal": np.zeros(2)}
    optimiser = optim.adam(optim.cosine_decay_schedule(0.05, options.steps))
    state, seen = optimiser.init(params), [params]
    for _ in trange(options.steps, desc="fitting", unit="step"):
        gradient = grad(loss)(params, rng.normal(size=(DRAWS, 2)))
        updates, state = optimiser.update(gradient, state, params)
        params = optim.apply_updates(params, updates)
        seen.append(params)

    check = rng.normal(size=(100_000, 2))
    first, last = loss(seen[0], check), loss(params, check)
    print(f"distance {first:.2f} at first, {last:.3f} in the end")
    print(f"mean {params['mean'].round(2)}, of the banana itself [0, 0.5]")
    deviations = np.sqrt(np.diag(factor(params) @ factor(params).T)).round(2)
    print(f"deviations {deviations}, of the banana itself [1, 0.87]: it stays inside")

    figure, axes = plt.subplots(figsize=(6, 4.5), layout="constrained")
    x, y = np.linspace(-3.5, 3.5, 150), np.linspace(-2, 5, 150)
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    axes.contourf(*grid.T, np.exp(log_density(grid)).T, 15, cmap="Oranges")
    angle = np.linspace(0, 2 * np.pi, 100)
    circles = np.stack([np.cos(angle), np.sin(angle)])
    for i in np.unique(np.geomspace(1, len(seen), 7).astype(int) - 1):
        color = ("tab:blue", 0.15 + 0.85 * (i + 1) / len(seen))
        for radius in (1, 2):
            ellipse = radius * factor(seen[i]) @ circles
            axes.plot(*seen[i]["mean"][:, None] + ellipse, color=color)
    axes.set(title="From the first guess (pale) to the nearest Gaussian")
    figure.savefig(options.figure, dpi=100)


if __name__ == "__main__":
    main()
