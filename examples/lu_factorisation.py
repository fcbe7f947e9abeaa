"""LU with partial pivoting, written with loops and row operations in place.

The program is a textbook's; its `np` is `fgrad.numpy`. Its derivative is compared with
that of `np.linalg.solve`. Saves both as ``lu_factorisation.png``.

    python examples/lu_factorisation.py [--size 12] [--figure path/to/figure.png]
"""

import matplotlib.pyplot as plt
import numpy
from command_line import arguments

import fgrad.numpy as np
from fgrad import grad, hvp


def factorise(a):
    """Both factors in one array, and the order of the rows."""
    lu, order = a.copy(), numpy.arange(len(a))
    for k in range(len(a)):
        pivot = k + np.argmax(np.abs(lu[k:, k]))
        lu[[k, pivot]] = lu[[pivot, k]]
        order[[k, pivot]] = order[[pivot, k]]
        for i in range(k + 1, len(a)):
            lu[i, k] /= lu[k, k]
            lu[i, k + 1 :] -= lu[i, k] * lu[k, k + 1 :]
    return lu, order


def solve(a, b):
    lu, order = factorise(a)
    x = np.array(b[order])
    for i in range(len(b)):
        x[i] -= lu[i, :i] @ x[:i]
    for i in reversed(range(len(b))):
        x[i] -= lu[i, i + 1 :] @ x[i + 1 :]
        x[i] /= lu[i, i]
    return x


def by_loops(a, b):
    return np.sum(solve(a, b) ** 2)


def by_numpy(a, b):
    return np.sum(np.linalg.solve(a, b) ** 2)


def largest(x, y):
    return np.max(np.abs(x - y)) / np.max(np.abs(y))


def main():
    options = arguments(__doc__, __file__, least=2, size=12)
    rng = numpy.random.default_rng(0)
    a, b = rng.normal(size=(options.size,) * 2), rng.normal(size=options.size)
    found, known = (grad(f, (0, 1))(a, b) for f in (by_loops, by_numpy))
    same = max(largest(x, y) for x, y in zip(found, known, strict=True))
    print(f"gradients of solve by loops and of np.linalg.solve agree: {same < 1e-9}")
    (_, found2), (_, known2) = (
        hvp(lambda a, f=f: f(a, b), (a,), (a.T,)) for f in (by_loops, by_numpy)
    )
    print(f"so do products with their Hessians: {largest(found2, known2) < 1e-8}")
    rows = factorise(a)[1]
    print(f"{numpy.sum(rows != numpy.arange(len(a)))} of {len(a)} rows were moved")

    figure, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
    shown = {"factors": factorise(a)[0], "gradient by loops": found[0]}
    shown["gradient by NumPy"] = known[0]
    for cell, (title, image) in zip(axes, shown.items(), strict=True):
        most = numpy.max(numpy.abs(image))
        drawn = cell.imshow(image, cmap="RdBu", vmin=-most, vmax=most)
        figure.colorbar(drawn, ax=cell, shrink=0.7)
        cell.set(title=title)
    figure.savefig(options.figure, dpi=100)


if __name__ == "__main__":
    main()
