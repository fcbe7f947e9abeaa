"""Bundle adjustment: cameras and points from pictures, beginning without any rotation.

A rotation is a vector r: axis times angle. Rodrigues' formula has r / norm(r), and the
start is r = 0. With nan_to_num around that quotient the value is right, but the slope
is lost: no camera would ever begin to turn. With sin(t) / t in its place, which is
`np.sinc`, the formula is smooth, and its slope at 0 is exact. Saves
``bundle_adjustment.png``.

    python examples/bundle_adjustment.py [--points 30] [--figure path/to/figure.png]
"""

import matplotlib.pyplot as plt
import numpy as np
from command_line import arguments
from scipy.optimize import least_squares

from fgrad import jacobian, ravel, vmap


def rotated(r, x):
    """Rodrigues: x + sin(t)/t r×x + (1 - cos(t))/t² r×(r×x), for the angle t."""
    t = np.linalg.norm(r)
    once = np.cross(r, x)
    twice = np.cross(r, once)
    return x + np.sinc(t / np.pi) * once + 0.5 * np.sinc(t / (2 * np.pi)) ** 2 * twice


def picture(camera, points):
    """Where a camera sees points: turned, moved, and divided by their distance."""
    seen = rotated(camera["r"], points) + camera["shift"]
    return seen[:, :2] / seen[:, 2:]


def main():
    options = arguments(__doc__, __file__, points=30)
    turn = jacobian(rotated)(np.zeros(3), np.array([1.0, 2.0, 3.0]))
    print(f"slope of a rotation at angle 0: {turn.tolist()}")

    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (options.points, 3))
    angles = np.linspace(-0.8, 0.8, 5)
    cameras = {
        "r": np.stack([0.2 * np.sin(3 * angles), angles, 0.1 * angles], axis=1),
        "shift": np.stack([0 * angles, 0.1 * angles, 5 + 0 * angles], axis=1),
    }
    seen = vmap(picture, in_axes=(0, None))(cameras, points)
    seen = seen + rng.normal(0, 1e-3, seen.shape)
    guess = {
        "cameras": {"r": np.zeros((5, 3)), "shift": np.array([[0.0, 0.0, 5.0]] * 5)},
        "points": points + rng.normal(0, 0.3, points.shape),
    }
    start, unravel = ravel(guess)

    def residuals(vector):
        found = unravel(vector)
        pictures = vmap(picture, in_axes=(0, None))(found["cameras"], found["points"])
        return np.ravel(pictures - seen)

    found = least_squares(residuals, start, jac=jacobian(residuals), x_scale="jac")
    before, after = (np.sqrt(np.mean(residuals(v) ** 2)) for v in (start, found.x))
    print(f"error {before:.3f} at first, {after:.5f} after {found.njev} steps")
    r = unravel(found.x)["cameras"]["r"]
    turned, error = r - r[2], r - r[2] - cameras["r"] + cameras["r"][2]
    print(f"turned by up to {np.abs(turned).max():.2f}, {np.abs(error).max():.3f} off")

    figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    for cell, vector in zip(axes, (start, found.x), strict=True):
        pictures = np.reshape(residuals(vector), seen.shape) + seen
        for i, ends in enumerate(np.stack([seen, pictures], axis=1)):
            cell.plot(*ends.transpose(2, 0, 1), color=f"C{i}", lw=0.6)
            cell.plot(*seen[i].T, ".", color=f"C{i}", ms=4)
        cell.set(title="before" if vector is start else "after", aspect="equal")
    figure.suptitle("What five cameras saw (dots), and should have seen (ends)")
    figure.savefig(options.figure, dpi=100)


if __name__ == "__main__":
    main()
