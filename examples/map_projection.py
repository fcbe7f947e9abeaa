"""How maps distort, from the derivative of a NumPy module as it is.

Matplotlib's map projections know nothing of fgrad. The Jacobian of such a function at a
place says what becomes of a small circle there: an ellipse, named after Tissot. Saves a
map of them as ``map_projection.png``.

    python examples/map_projection.py [--figure path/to/figure.png]
"""

import matplotlib.pyplot as plt
import numpy as np
from command_line import arguments
from matplotlib.projections.geo import AitoffAxes, HammerAxes

from fgrad import jacobian, vmap

# Matplotlib's Aitoff leaves out a factor of 2, which makes it as wide as Aitoff's own.
PROJECTIONS = {
    "Hammer": (HammerAxes.HammerTransform(1).transform_non_affine, 1.0),
    "Aitoff": (AitoffAxes.AitoffTransform(1).transform_non_affine, 2.0),
}
# None lies in the centre, where Aitoff's formula, with arccos(1), has no derivative.
MERIDIANS, PARALLELS = np.radians(np.r_[-150:151:30]), np.radians(np.r_[-75:76:30])
PLACES = np.stack(np.meshgrid(MERIDIANS, PARALLELS), axis=-1).reshape(-1, 2)


def on_map(place, name):
    """Where a longitude and a latitude are on the map."""
    project, stretch = PROJECTIONS[name]
    return project(np.atleast_2d(place)).squeeze() * [stretch, 1]


def distortion(place, name):
    """The Jacobian, for steps of one length to the east and to the north."""
    return jacobian(on_map)(place, name) / np.stack([np.cos(place[1]), 1.0])


def main():
    options = arguments(__doc__, __file__)
    figure, axes = plt.subplots(2, 1, figsize=(7, 7.5), layout="constrained")
    circle = 0.09 * np.stack(
        [f(np.linspace(0, 2 * np.pi, 60)) for f in (np.cos, np.sin)]
    )
    fine = np.linspace(-1, 1, 100)
    for cell, name in zip(axes, PROJECTIONS, strict=True):
        jacobians = vmap(distortion, in_axes=(0, None))(PLACES, name)
        areas = np.linalg.det(jacobians)
        longest, shortest = np.linalg.svd(jacobians, compute_uv=False).T
        print(
            f"{name}: areas {areas.min():.12f} to {areas.max():.12f}, "
            f"ellipses up to {np.max(longest / shortest):.2f} times as long as wide"
        )
        for meridian in MERIDIANS:
            line = np.stack([np.full(100, meridian), fine * np.pi / 2], axis=1)
            cell.plot(*on_map(line, name).T, color="0.8", lw=0.6)
        for parallel in PARALLELS:
            line = np.stack([fine * np.pi, np.full(100, parallel)], axis=1)
            cell.plot(*on_map(line, name).T, color="0.8", lw=0.6)
        centres = on_map(PLACES, name)
        for centre, matrix, area in zip(centres, jacobians, areas, strict=True):
            color = plt.cm.RdBu_r(area / 2)  # white where areas are right
            cell.fill(*(centre[:, None] + matrix @ circle), fc=color, ec="k", lw=0.5)
        cell.set(
            title=f"{name}: small circles of one size on the globe", aspect="equal"
        )
        cell.set_axis_off()
    print(f"{2 * len(PLACES)} Jacobians of functions that matplotlib wrote for NumPy")
    figure.savefig(options.figure, dpi=100)


if __name__ == "__main__":
    main()
