"""Which patient changed the model most? The influence of each training point.

`vmap` of `grad` gives one gradient for each example. With the Hessian of the loss, they
say how a prediction would change if an example had been left out, for all of them at
once. The picture compares that with training again. Saves ``influence.png``.

    python examples/influence.py [--again 150] [--figure path/to/figure.png]
"""

import matplotlib.pyplot as plt
import numpy as np
from command_line import arguments
from scipy.optimize import minimize
from sklearn.datasets import load_breast_cancer
from tqdm import tqdm

from fgrad import grad, hessian, value_and_grad, vmap

DOUBTFUL = 184  # a patient of whom the model is not sure


def loss(w, x, y):
    """Minus the log-probability of the label of one tumour."""
    z = x @ w
    return np.logaddexp(0, z) - y * z


def total(w, xs, ys):
    return np.sum(vmap(loss, in_axes=(None, 0, 0))(w, xs, ys)) + 0.5 * w @ w


def fitted(xs, ys, start):
    found = minimize(value_and_grad(total), start, (xs, ys), jac=True, tol=1e-8)
    return found.x


def main():
    options = arguments(__doc__, __file__, least=2, again=150)
    xs, ys = load_breast_cancer(return_X_y=True)
    xs = (xs - xs.mean(axis=0)) / xs.std(axis=0)
    xs, ys = xs[:, :10], 1 - ys
    x, y = xs[DOUBTFUL], ys[DOUBTFUL]
    xs, ys = np.delete(xs, DOUBTFUL, axis=0), np.delete(ys, DOUBTFUL)

    w = fitted(xs, ys, np.zeros(10))
    gradients = vmap(grad(loss), in_axes=(None, 0, 0))(w, xs, ys)
    toward = np.linalg.solve(hessian(total)(w, xs, ys), grad(loss)(w, x, y))
    influence = gradients @ toward
    most = np.argsort(-np.abs(influence))[: options.again]
    actual = []
    for i in tqdm(most, desc="training again", unit="model"):
        again = fitted(np.delete(xs, i, axis=0), np.delete(ys, i), w)
        actual.append(loss(again, x, y) - loss(w, x, y))
    actual, predicted = np.array(actual), influence[most]
    print(f"{len(xs)} gradients of {len(w)} weights, in one call")
    print(f"largest change: {predicted[0]:+.4f} predicted, {actual[0]:+.4f} in fact")
    correlation = np.corrcoef(predicted, actual)[0, 1]
    print(f"correlation {correlation:.4f} with {len(most)} models trained again")

    figure, axes = plt.subplots(figsize=(6, 4.5), layout="constrained")
    axes.axline((0, 0), slope=1, color="0.7")
    for label, name in enumerate(("benign", "malignant")):
        those = ys[most] == label
        axes.plot(predicted[those], actual[those], "o", ms=4, alpha=0.6, label=name)
    axes.set(
        xlabel="predicted, from gradients and one Hessian",
        ylabel="in fact, after training again",
        title="How one patient's loss changes when another is left out",
    )
    axes.legend()
    figure.savefig(options.figure, dpi=100)


if __name__ == "__main__":
    main()
