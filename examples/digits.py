"""Train a two-layer network on 1,797 real handwritten digits.

Plain functions, plain NumPy, a dict of parameters. Prints the accuracy on digits that
were held out, and saves ``digits.png`` beside this file: the loss, and the digits that
were misread.

    python examples/digits.py [--steps 1500] [--figure path/to/figure.png]
"""

import argparse
import time
from pathlib import Path

import matplotlib as mpl
import numpy as np
from command_line import whole
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import trange

from fgrad import value_and_grad

mpl.use("Agg")
import matplotlib.pyplot as plt

FIGURE = Path(__file__).with_name("digits.png")
HIDDEN, BATCH, RATE, MOMENTUM, DECAY = 256, 128, 0.2, 0.9, 5e-4


def initial(rng, sizes):
    """Weights of variance 2 / fan-in (He et al. 2015), biases of zero."""
    (n, hidden, classes) = sizes
    return {
        "w1": rng.normal(0, np.sqrt(2 / n), (n, hidden)),
        "b1": np.zeros(hidden),
        "w2": rng.normal(0, np.sqrt(2 / hidden), (hidden, classes)),
        "b2": np.zeros(classes),
    }


def logits(params, images):
    """Unnormalised log-probabilities of the ten digits."""
    hidden = np.maximum(images @ params["w1"] + params["b1"], 0)
    return hidden @ params["w2"] + params["b2"]


def loss(params, images, labels):
    """Mean cross-entropy, with a little weight decay."""
    z = logits(params, images)
    z = z - np.max(z, axis=1, keepdims=True)
    log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    decay = sum(np.sum(params[name] ** 2) for name in ("w1", "w2"))
    return -np.mean(log_p[np.arange(len(labels)), labels]) + DECAY * decay


def train(params, images, labels, steps, rng):
    """Stochastic gradient descent with momentum; the rate falls to zero."""
    velocity = {name: np.zeros_like(p) for name, p in params.items()}
    losses = []
    progress = trange(steps, desc="training", unit="step")
    for step in progress:
        batch = rng.choice(len(images), BATCH, replace=False)
        value, gradient = value_and_grad(loss)(params, images[batch], labels[batch])
        rate = RATE * (1 - step / steps)
        for name, g in gradient.items():
            velocity[name] = MOMENTUM * velocity[name] - rate * g
            params[name] = params[name] + velocity[name]
        losses.append(value)
        if step % 50 == 0:
            progress.set_postfix(loss=f"{value:.3f}")
    return params, losses


def draw(path, losses, images, labels, guesses):
    """The loss, and the digits that were misread with their guesses."""
    wrong = np.flatnonzero(guesses != labels)
    columns = 8
    rows = max(1, -(-len(wrong) // columns))
    figure = plt.figure(figsize=(9, 3 + 1.3 * rows), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[3, 1.3 * rows])
    axes = above.subplots()
    axes.semilogy(losses, lw=0.8, color="tab:blue")
    axes.set(xlabel="step", ylabel="loss", title="Training loss (one batch a step)")
    below.suptitle(f"{len(wrong)} of {len(labels)} held-out digits misread")
    for i, cell in enumerate(below.subplots(rows, columns, squeeze=False).flat):
        cell.set_axis_off()
        if i < len(wrong):
            k = wrong[i]
            cell.imshow(images[k].reshape(8, 8), cmap="gray_r")
            cell.set_title(f"{labels[k]} read as {guesses[k]}", fontsize=8)
    figure.savefig(path, dpi=120)


def main():
    """Load, train, test, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=whole(1), default=1500)
    parser.add_argument("--figure", type=Path, default=FIGURE)
    options = parser.parse_args()

    images, labels = load_digits(return_X_y=True)
    x, x_test, y, y_test = train_test_split(
        images / 16.0, labels, test_size=0.2, stratify=labels, random_state=0
    )
    rng = np.random.default_rng(0)
    params = initial(rng, (x.shape[1], HIDDEN, 10))
    start = time.perf_counter()
    params, losses = train(params, x, y, options.steps, rng)
    seconds = time.perf_counter() - start
    guesses = np.argmax(logits(params, x_test), axis=1)
    draw(options.figure, losses, x_test, y_test, guesses)
    print(f"trained on {len(x)} digits: {options.steps} steps in {seconds:.1f} s")
    print(f"test accuracy {np.mean(guesses == y_test):.2%} on {len(x_test)} digits")
    print(f"figure saved to {options.figure}")


if __name__ == "__main__":
    main()
