"""Hamiltonian Monte Carlo: a ball rolls over a landscape, and draws from it.

The landscape is minus the logarithm of a density, and its slope is all that the sampler
needs. `vmap` rolls 200 balls at once, in a function that is written for one of them.
Saves some ways and all draws as ``hmc.png``.

    python examples/hmc.py [--draws 100] [--figure path/to/figure.png]
"""

import matplotlib.pyplot as plt
import numpy as np
from command_line import arguments
from tqdm import trange

from fgrad import value_and_grad, vmap

CHAINS, LEAPS, STEP = 200, 15, 0.15


def energy(q):
    """A ring around the origin, of radius 2 and width 0.3, denser on the right."""
    radius = np.sqrt(q @ q)
    return 0.5 * ((radius - 2) / 0.3) ** 2 - 0.5 * q[0]


def roll(q, p):
    """Leapfrog: half a push, then moves and pushes in turn. It keeps areas and time."""
    start, slope = value_and_grad(energy)(q)
    start = start + 0.5 * p @ p
    p = p - 0.5 * STEP * slope
    way = [q]
    for leap in range(LEAPS):
        q = q + STEP * p
        value, slope = value_and_grad(energy)(q)
        p = p - STEP * slope * (1 if leap + 1 < LEAPS else 0.5)
        way.append(q)
    return np.stack(way), value + 0.5 * p @ p - start


def main():
    options = arguments(__doc__, __file__, draws=100)
    rng = np.random.default_rng(0)
    q, draws, accepted = rng.normal(size=(CHAINS, 2)), [], []
    for _ in trange(options.draws, desc="rolling", unit="draw"):
        ways, gained = vmap(roll)(q, rng.normal(size=q.shape))
        # A step that gains energy is taken with the probability exp(-gain).
        accept = np.log(rng.uniform(size=CHAINS)) < -gained
        q = np.where(accept[:, None], ways[:, -1], q)
        draws.append(q)
        accepted.append(np.mean(accept))

    points = np.concatenate(draws[len(draws) // 5 :])
    grid = np.stack(np.meshgrid(*[np.linspace(-4, 4, 400)] * 2), axis=-1)
    weights = np.exp(-vmap(vmap(energy))(grid))
    exact = np.tensordot(weights, grid) / np.sum(weights)
    print(f"{len(points)} draws from {CHAINS} chains, {np.mean(accepted):.0%} accepted")
    print(f"their mean ({points[:, 0].mean():.3f}, {points[:, 1].mean():.3f})")
    print(f"exact mean ({exact[0]:.3f}, {exact[1]:.3f})")

    figure, axes = plt.subplots(figsize=(6, 5), layout="constrained")
    axes.contourf(*grid.T, weights.T, 15, cmap="Oranges")
    axes.plot(*points[:3000].T, "k.", ms=1, alpha=0.5)
    for way in ways[:6]:
        axes.plot(*way.T, "o-", ms=2, lw=1)
    axes.set(title="Draws, and how six of the last ones were reached", aspect="equal")
    figure.savefig(options.figure, dpi=100)


if __name__ == "__main__":
    main()
