"""Four graphs to look at: a formula, a network, a step of an LSTM, and a Hessian.

Writes them beside this file, or to --folder, as SVG.
"""

import argparse
from pathlib import Path

import numpy as np

from fgrad import hessian
from fgrad.debug import graph

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--folder", type=Path, default=Path(__file__).parent)
folder = parser.parse_args().folder


def formula(a, b, c):
    return a * b + c


def layer(weights, x):
    return np.tanh(x @ weights["w"] + weights["b"])


def loss(first, second, x, y):
    hidden = layer(first, x)
    output = layer(second, hidden)
    return np.mean((output - y) ** 2)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(w, b, x, h, c):
    gates = np.concatenate([x, h]) @ w + b
    forget = sigmoid(gates[0:2])
    keep = sigmoid(gates[2:4])
    show = sigmoid(gates[4:6])
    new = np.tanh(gates[6:8])
    c = forget * c + keep * new
    h = show * np.tanh(c)
    return h, c


def volume(x):
    return x[0] ** 2 * x[1]


first = {"w": np.array([[0.5, -1.0], [0.25, 0.75]]), "b": np.zeros(2)}
second = {"w": np.array([1.0, -0.5]), "b": 0.1}
w = np.cos(np.arange(32.0)).reshape(4, 8)

graphs = {
    "formula": graph(formula, 2.0, 3.0, 4.0),
    "network": graph(loss, first, second, np.array([1.0, 2.0]), 0.5),
    "lstm": graph(
        lstm, w, np.zeros(8), np.array([1.0, -1.0]), np.zeros(2), np.array([0.5, -0.5])
    ),
    "hessian": graph(hessian(volume), np.array([3.0, 5.0])),
}
for name, picture in graphs.items():
    picture.save(folder / f"{name}.svg")
    print(f"{name}.svg: {picture!r}")
