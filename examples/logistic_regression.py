"""Logistic regression on 569 tumours, with standard errors from the Hessian.

SciPy minimises the loss with fgrad's gradient and products with the Hessian. The
inverse of the Hessian at the minimum is the covariance of the weights, so one call of
`hessian` says how sure each of them is. Saves ``logistic_regression.png``.

    python examples/logistic_regression.py [--figure path/to/figure.png]
"""

import matplotlib.pyplot as plt
import numpy as np
from command_line import arguments
from scipy.optimize import minimize
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from fgrad import hessian, hvp, value_and_grad


def loss(w, x, y):
    """Minus the log of the posterior: a normal prior of variance 1 on each weight."""
    z = x @ w[:-1] + w[-1]
    return np.sum(np.logaddexp(0, z) - y * z) + 0.5 * np.sum(w[:-1] ** 2)


def main():
    options = arguments(__doc__, __file__)
    data = load_breast_cancer()
    x, x_test, y, y_test = train_test_split(
        data.data, 1 - data.target, test_size=0.3, stratify=data.target, random_state=0
    )
    mean, scale = x.mean(axis=0), x.std(axis=0)
    x, x_test = (x - mean) / scale, (x_test - mean) / scale
    found = minimize(
        value_and_grad(loss),
        np.zeros(x.shape[1] + 1),
        args=(x, y),
        jac=True,
        hessp=lambda w, v, x, y: hvp(lambda w: loss(w, x, y), (w,), (v,))[1],
        method="trust-ncg",
    )
    errors = np.sqrt(np.diag(np.linalg.inv(hessian(loss)(found.x, x, y))))
    accuracy = np.mean((x_test @ found.x[:-1] + found.x[-1] > 0) == y_test)
    order = np.argsort(found.x[:-1] / errors[:-1])
    strongest = order[-1]
    print(f"minimum {found.fun:.4f} after {found.nit} steps of Newton's method")
    print(f"{accuracy:.1%} of {len(y_test)} tumours that were held out are told apart")
    print(
        f"clearest sign of malignancy: {data.feature_names[strongest]}, weight "
        f"{found.x[strongest]:.2f} ± {errors[strongest]:.2f}"
    )

    figure, axes = plt.subplots(figsize=(7, 5.5), layout="constrained")
    axes.errorbar(
        found.x[order], range(len(order)), xerr=errors[order], fmt="o", capsize=2, ms=4
    )
    axes.axvline(0, color="0.7", zorder=0)
    axes.set_yticks(range(len(order)), data.feature_names[order], fontsize=7)
    axes.set(
        xlabel="weight of one standard deviation, with its standard error",
        title="What speaks for a malignant tumour",
    )
    figure.savefig(options.figure, dpi=100)


if __name__ == "__main__":
    main()
