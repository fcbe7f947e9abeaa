"""The orbit of a planet from where it was seen, through Kepler's equation.

Where a planet is at a time needs the solution E of E = M + e sin(E). `fixed_point`
finds it in a loop, and differentiates the equation, not the loop: it keeps nothing of
the loop, and its derivative is that of the exact solution. Saves ``fixed_point.png``.

    python examples/fixed_point.py [--figure path/to/figure.png]
"""

import matplotlib.pyplot as plt
import numpy as np
from command_line import arguments

from fgrad import fixed_point, grad, optim


def kepler(E, M, e):
    return M + e * np.sin(E)


def anomaly(M, e):
    """The angle E, from an angle M that grows evenly, and the eccentricity e."""
    return fixed_point(kepler, M, M, e)


def place(orbit, time):
    """Where the planet is: on an ellipse with the sun in one focus."""
    e = 1 / (1 + np.exp(-orbit["eccentricity"]))  # between 0 and 1
    E = anomaly(time / orbit["size"] ** 1.5 + orbit["phase"], e)
    across = np.sqrt(1 - e**2) * np.sin(E)
    x, y = orbit["size"] * np.stack([np.cos(E) - e, across])
    c, s = np.cos(orbit["turn"]), np.sin(orbit["turn"])
    return np.stack([c * x - s * y, s * x + c * y], axis=-1)


def loss(orbit, times, seen):
    return np.sum((place(orbit, times) - seen) ** 2)


def main():
    options = arguments(__doc__, __file__)
    E, slope = anomaly(1.0, 0.6), grad(anomaly, argnums=1)(1.0, 0.6)
    error = slope / (np.sin(E) / (1 - 0.6 * np.cos(E))) - 1
    print(f"dE/de = {slope:.6f}, {abs(error):.0e} from the formula")

    rng = np.random.default_rng(0)
    truth = {"eccentricity": np.log(0.6 / 0.4), "size": 1.5, "phase": 0.3, "turn": 0.7}
    times = np.sort(rng.uniform(0, 8, 12))
    seen = place(truth, times) + rng.normal(0, 0.03, (12, 2))
    guess = {"eccentricity": -1.0, "size": 1.2, "phase": 0.0, "turn": 0.0}
    found = optim.lbfgs(loss, guess, times, seen)
    e = 1 / (1 + np.exp(-found.params["eccentricity"]))
    first = loss(guess, times, seen)
    print(f"loss {first:.2f} at first, {found.value:.4f} after {found.steps} steps")
    size = found.params["size"]
    print(f"eccentricity {e:.3f} (truth 0.6), size {size:.3f} (truth 1.5)")

    figure, axes = plt.subplots(figsize=(6, 4.5), layout="constrained")
    orbits = {"truth": truth, "first guess": guess, "found": found.params}
    for (label, orbit), style in zip(orbits.items(), ("k:", "C1--", "C0"), strict=True):
        year = np.linspace(0, 2 * np.pi * orbit["size"] ** 1.5, 300)
        axes.plot(*place(orbit, year).T, style, label=label)
    axes.plot(*seen.T, "k.", label="seen")
    axes.plot(0, 0, "*", ms=16, color="gold", mec="k")
    axes.set(title="An orbit from twelve observations", aspect="equal")
    axes.legend(loc="upper right", fontsize=8)
    figure.savefig(options.figure, dpi=100)


if __name__ == "__main__":
    main()
