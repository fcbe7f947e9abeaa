"""Heat equation: from where the heat is in the end, find where it was at first.

A rod cools by a stencil that changes its state in place. `checkpoint` keeps the state
of every 50th step only. Both gradients are compared with others: by the power of a
matrix, and by differences. Saves states and gradient as ``heat_equation.png``.

    python examples/heat_equation.py [--steps 2500] [--figure path/to/figure.png]
"""

import tracemalloc

import matplotlib.pyplot as plt
import numpy
from command_line import arguments

import fgrad.numpy as np
from fgrad import checkpoint, grad

CELLS = 200
PLACE = numpy.linspace(0, 1, CELLS)


def step(u, rate):
    u[1:-1] += rate * (u[2:] - 2 * u[1:-1] + u[:-2])
    return u


def cooled(u, rate, steps):
    u = np.array(u)
    for _ in range(steps):
        u = step(u, rate)
    return u


def in_parts(u, rate, steps):
    return checkpoint(step, every=50)(np.array(u), steps, rate)


def misfit(u, rate, steps, target, run=in_parts):
    return np.sum((run(u, rate, steps) - target) ** 2)


def peak(run, *args):
    """The gradient in the state, and the megabytes that it needs at its peak."""
    tracemalloc.start()
    slope = grad(misfit)(*args, run=run)
    most = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return slope, most


def main():
    options = arguments(__doc__, __file__, steps=2500)
    rate, steps = 0.4, options.steps
    u = numpy.exp(-(((PLACE - 0.3) / 0.05) ** 2))
    target = numpy.exp(-(((PLACE - 0.6) / 0.2) ** 2))
    args = u, rate, steps, target
    (whole, most), (parts, least) = peak(cooled, *args), peak(in_parts, *args)
    second = sum(numpy.eye(CELLS, k=k) for k in (-1, 1)) - 2 * numpy.eye(CELLS)
    second[[0, -1]] = 0  # the ends stay
    power = numpy.linalg.matrix_power(numpy.eye(CELLS) + rate * second, steps)
    known = 2 * power.T @ (power @ u - target)
    same = numpy.allclose([parts, whole], [known, known])
    print(f"the gradient in {CELLS} cells is that of linear algebra: {same}")
    slope, h = grad(misfit, 1)(*args), 1e-5
    ahead, behind = (misfit(u, rate + e, steps, target) for e in (h, -h))
    near = numpy.isclose(slope, (ahead - behind) / (2 * h), rtol=1e-6)
    print(f"the slope in the diffusivity is that of differences: {near}")
    print(f"at most {most:.1f} MB, and {least:.1f} MB with checkpoints")

    figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    axes.plot(PLACE, numpy.stack([u, cooled(u, rate, steps), target], 1))
    inner = parts[1:-1]  # at the ends, which stay as they are, it is larger
    axes.plot(PLACE[1:-1], inner / numpy.max(numpy.abs(inner)), "--")
    axes.legend(["at first", f"after {steps} steps", "wanted", "gradient, scaled"])
    figure.savefig(options.figure, dpi=100)


if __name__ == "__main__":
    main()
