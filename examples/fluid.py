"""Steer a fluid: find the push at the start that makes smoke a heart at the end.

The fluid is 20 steps of plain NumPy; the gradient goes back through all of them.
`checkpoint` keeps only what each step starts from, and computes the rest again on the
way back. Saves the smoke at five times as ``fluid.png``.

    python examples/fluid.py [--steps 150] [--figure path/to/figure.png]
"""

import matplotlib.pyplot as plt
import numpy as np
from command_line import arguments
from tqdm import tqdm

from fgrad import checkpoint, optim

SIZE, FRAMES = 40, 20
PLACE = np.mgrid[:SIZE, :SIZE].astype(float)
WAVES = 1j * np.stack(np.meshgrid(*[np.fft.fftfreq(SIZE)] * 2, indexing="ij"))
SQUARE = np.where(np.sum(np.abs(WAVES), axis=0) == 0, 1, -np.sum(WAVES**2, axis=0))


def divergence_free(flow):
    """Nothing is squeezed: without the part of the flow along its own waves."""
    waves = np.fft.fft2(flow)
    along = np.sum(np.conj(WAVES) * waves, axis=0) / SQUARE
    return np.real(np.fft.ifft2(waves - WAVES * along))


def carried(field, flow):
    """The field a step later: what is upstream now, between four cells of a torus."""
    corner = np.floor(PLACE - flow)
    down, right = PLACE - flow - corner
    (i, j), (k, m) = corner.astype(int) % SIZE, (corner.astype(int) + 1) % SIZE
    above = (1 - right) * field[..., i, j] + right * field[..., i, m]
    below = (1 - right) * field[..., k, j] + right * field[..., k, m]
    return (1 - down) * above + down * below


@checkpoint
def step(flow, smoke):
    flow = divergence_free(carried(flow, flow))
    return flow, carried(smoke, flow)


def simulate(flow, smoke):
    frames, flow = [smoke], divergence_free(flow)
    for _ in range(FRAMES):
        flow, smoke = step(flow, smoke)
        frames.append(smoke)
    return frames


def loss(flow, smoke, target):
    return np.mean((simulate(flow, smoke)[-1] - target) ** 2)


def main():
    options = arguments(__doc__, __file__, steps=150)
    y, x = np.stack([SIZE / 2 - PLACE[0], PLACE[1] - SIZE / 2]) / (0.3 * SIZE)
    target = ((x**2 + y**2 - 1) ** 3 < x**2 * y**3).astype(float)
    smoke = (np.abs(y) < np.mean(target) / 0.6).astype(float)
    still = np.zeros((2, SIZE, SIZE))
    with tqdm(total=options.steps, desc="steering", unit="step") as progress:
        ends = {"max_steps": options.steps, "callback": lambda _: progress.update()}
        found = optim.lbfgs(loss, still, smoke, target, **ends)
    frames = simulate(found.params, smoke)
    print(f"mean square error {loss(still, smoke, target):.4f} without a push")
    print(f"mean square error {found.value:.4f} after {found.steps} steps")
    print(f"smoke at first {smoke.sum():.0f}, in the end {frames[-1].sum():.0f}")

    figure, axes = plt.subplots(1, 6, figsize=(10, 2), layout="constrained")
    for i, (cell, image) in enumerate(zip(axes, [*frames[::5], target], strict=True)):
        cell.imshow(image, cmap="magma", vmin=0, vmax=1)
        cell.set(title="wanted" if image is target else f"time {5 * i}", xticks=[])
    figure.savefig(options.figure, dpi=100)


if __name__ == "__main__":
    main()
