"""An LSTM learns Tim Peters' Zen of Python, one letter after the other.

The text is that of ``import this``, and the loop over letters is Python's own. Saves
the loss, and what the network writes while it learns, as ``lstm.png``.

    python examples/lstm.py [--steps 400] [--figure path/to/figure.png]
"""

import codecs
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from command_line import arguments
from tqdm import trange

from fgrad import optim, value_and_grad

SOURCE = Path(codecs.__file__).with_name("this.py").read_text()
TEXT = codecs.decode(SOURCE.split('"""')[1], "rot13").replace("\n", " ")
LETTERS, CODES = np.unique(list(TEXT), return_inverse=True)
LENGTH, CELLS, ROWS = 24, 48, np.arange(32)


def step(params, state, letter):
    """Forget, write and show something. A sigmoid is 1/2 + tanh(z/2) / 2."""
    hidden, cell = state
    z = params["letters"][letter] + hidden @ params["hidden"]
    forget, write, show = np.split(0.5 + 0.5 * np.tanh(0.5 * z[:, CELLS:]), 3, axis=1)
    cell = forget * cell + write * np.tanh(z[:, :CELLS])
    return show * np.tanh(cell), cell


def loss(params, windows):
    """Bits for each letter after the first. Scores are logarithms to the base 2."""
    state, bits = (np.zeros((len(ROWS), CELLS)),) * 2, 0.0
    for i in range(LENGTH):
        state = step(params, state, windows[i])
        z = state[0] @ params["out"]
        bits += np.mean(np.logaddexp2.reduce(z, axis=1) - z[ROWS, windows[i + 1]])
    return bits / LENGTH


def written(params):
    """The first ten letters of the text, and what the network adds to them."""
    state, letters = (np.zeros((1, CELLS)),) * 2, CODES[:70].copy()
    for i in range(69):
        state = step(params, state, letters[i : i + 1])
        letters[i + 1] = CODES[i + 1] if i < 9 else np.argmax(state[0] @ params["out"])
    return "".join(LETTERS[letters])


def main():
    options = arguments(__doc__, __file__, steps=400)
    rng = np.random.default_rng(0)
    n, m = len(LETTERS), CELLS
    shapes = {"letters": (n, 4 * m), "hidden": (m, 4 * m), "out": (m, n)}
    params = {name: rng.normal(0, 0.1, shape) for name, shape in shapes.items()}
    optimiser = optim.chain(optim.clip_by_global_norm(1.0), optim.adam(0.02))
    state, losses = optimiser.init(params), []
    figure, axes = plt.subplots(figsize=(9, 3.5), layout="constrained")
    for i in trange(options.steps, desc="reading", unit="step"):
        starts = rng.integers(len(CODES) - LENGTH, size=len(ROWS))
        windows = CODES[starts + np.c_[: LENGTH + 1]]
        value, gradient = value_and_grad(loss)(params, windows)
        updates, state = optimiser.update(gradient, state, params)
        params = optim.apply_updates(params, updates)
        losses.append(value)
        if i % max(1, options.steps // 10) == 0:
            place = 0.4 * options.steps, 5.2 - 3.4 * i / options.steps
            axes.text(*place, f"{i:4} {written(params)}", family="monospace", size=7)
    print(f"{losses[0]:.2f} bits for each letter at first, {losses[-1]:.2f} in the end")
    print(f"after {options.steps} steps it writes:\n{written(params)}")
    axes.plot(losses)
    axes.set(ylim=(0, None), xlabel="step", ylabel="bits for each letter")
    figure.savefig(options.figure, dpi=100)


if __name__ == "__main__":
    main()
