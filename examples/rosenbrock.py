"""Rosenbrock's valley by Newton's method, without ever forming a Hessian.

Newton-CG needs products of the Hessian with vectors. `hvp` gives one for about the
price of two gradients, in 2 dimensions as in 1,000. Saves its way through the valley,
and a comparison, as ``rosenbrock.png``.

    python examples/rosenbrock.py [--size 100] [--figure path/to/figure.png]
"""

import matplotlib.pyplot as plt
import numpy as np
from command_line import arguments
from scipy.optimize import minimize

from fgrad import grad, hvp


def valley(x):
    """A narrow, bent valley, with its lowest point at (1, ..., 1)."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def product(x, v):
    return hvp(valley, (x,), (v,))[1]


SLOPE = {"jac": grad(valley)}
METHODS = {
    "Newton-CG, with hvp": {"method": "Newton-CG", **SLOPE, "hessp": product},
    "BFGS, with grad": {"method": "BFGS", **SLOPE},
    "BFGS, by differences": {"method": "BFGS"},
}


def ways(start):
    """The way of each method, and what it found."""
    for name, method in METHODS.items():
        way = [start]
        found = minimize(valley, start, callback=way.append, **method)
        yield name, np.array(way), found


def main():
    options = arguments(__doc__, __file__, least=2, size=100)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    x, y = np.linspace(-1.6, 1.4, 200), np.linspace(-0.6, 1.7, 200)
    grid = np.stack(np.meshgrid(x, y))
    heights = 100 * (grid[1] - grid[0] ** 2) ** 2 + (1 - grid[0]) ** 2
    left.contourf(*grid, np.log10(heights + 1e-3), 30, cmap="Greys_r")
    name, way, _ = next(ways(np.array([-1.2, 1.0])))
    left.plot(*way.T, "o-", ms=3, lw=1)
    left.plot(1, 1, "*", ms=14, color="gold", mec="k", zorder=3)
    left.set(title=f"{name}, in 2 dimensions", xlabel="x[0]", ylabel="x[1]")

    for name, way, found in ways(np.zeros(options.size)):
        asked = f"{found.nfev} values, {found.get('nhev', 0)} products"
        print(f"{name}: {found.nit} steps, {asked}, value {found.fun:.0e}")
        right.semilogy([*map(valley, way)], label=f"{name}: {found.nfev} values")
    right.set(title=f"In {options.size} dimensions", xlabel="step", ylabel="value")
    right.legend()
    figure.savefig(options.figure, dpi=100)


if __name__ == "__main__":
    main()
