"""A small convolutional network reads handwritten digits, and is right in 99 of 100.

The network is a function of a dict of arrays: `fgrad.nn` has the layers, `fgrad.optim`
the steps. Each digit is shifted a little each time it is seen. Saves the
first kernels, and which digits are taken for which, as ``cnn.png``.

    python examples/cnn.py [--epochs 20] [--figure path/to/figure.png]
"""

import time
import tracemalloc

import matplotlib.pyplot as plt
import numpy as np
from command_line import arguments
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import trange

from fgrad import nn, optim, value_and_grad

BATCH = 64
SHAPES = {"k1": (16, 1, 3, 3), "k2": (32, 16, 3, 3), "w1": (64, 512), "w2": (10, 64)}


def network(params, images):
    """The scores of ten digits, for images of shape (n, 1, 8, 8)."""
    x = nn.relu(nn.conv2d(images, params["k1"], padding="same"))
    x = nn.relu(nn.conv2d(x, params["k2"], padding="same"))
    x = nn.max_pool2d(x, 2).reshape(len(images), -1)
    return nn.linear(nn.relu(nn.linear(x, params["w1"])), params["w2"])


def loss(params, images, labels):
    return nn.cross_entropy(network(params, images), labels)


def shifted(rng, images):
    """The images, moved by up to one pixel in each direction."""
    moves = zip(rng.integers(-1, 2, (len(images), 2)), images, strict=True)
    return np.stack([np.roll(image, move, axis=(1, 2)) for move, image in moves])


def main():
    options = arguments(__doc__, __file__, epochs=20)
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    x, x_test, y, y_test = train_test_split(images, labels, random_state=0)
    rng, steps = np.random.default_rng(0), options.epochs * (len(x) // BATCH)
    params = {n: nn.init.he_normal(rng, s, dtype="float32") for n, s in SHAPES.items()}
    optimiser = optim.adamw(optim.cosine_onecycle_schedule(steps, 0.005))
    state, start = optimiser.init(params), time.perf_counter()
    for _ in trange(steps, desc="training", unit="step"):
        some = rng.choice(len(x), BATCH, replace=False)
        value, slope = value_and_grad(loss)(params, shifted(rng, x[some]), y[some])
        updates, state = optimiser.update(slope, state, params)
        params = optim.apply_updates(params, updates)
    seconds = time.perf_counter() - start
    tracemalloc.start()
    value_and_grad(loss)(params, x[:BATCH], y[:BATCH])
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    guesses = np.argmax(network(params, x_test), axis=1)
    print(f"loss {value:.3f} after {steps} steps of {BATCH} digits")
    print(f"{np.mean(guesses == y_test):.2%} of {len(y_test)} held-out digits are read")
    print(f"{seconds:.1f} s; one gradient needs {peak:.1f} MB at its peak")
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (y_test, guesses), 1)
    figure, (left, axes) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    tiles = np.pad(params["k1"].reshape(4, 4, 3, 3), [(0, 0)] * 2 + [(0, 1)] * 2)
    left.imshow(tiles.transpose(0, 2, 1, 3).reshape(16, 16), cmap="RdBu")
    left.set(title="The first kernels", xticks=[], yticks=[])
    axes.imshow(np.log1p(confusion), cmap="Blues")
    for place in np.argwhere(confusion):
        axes.text(*place[::-1], confusion[*place], color="tab:orange", ha="center")
    axes.set(xlabel="read as", ylabel="digit", xticks=range(10), yticks=range(10))
    figure.savefig(options.figure, dpi=100)


if __name__ == "__main__":
    main()
