"""A Gaussian process learns how wiggly, how tall and how noisy a curve is.

The evidence, the probability of the data under the process, has a formula: a Cholesky
factor, a triangular solve and a logarithm. Its gradient leads to the best
hyperparameters. Saves the curve and its uncertainty as ``gaussian_process.png``.

    python examples/gaussian_process.py [--points 40] [--figure path/to/figure.png]
"""

import matplotlib.pyplot as plt
import numpy as np
from command_line import arguments

from fgrad import grad, optim


def truth(t):
    return np.sin(2 * t) + 0.4 * t - 2


def kernel(params, s, t):
    """Covariances: points nearer than a length have similar values."""
    distance = (s[:, None] - t) / np.exp(params["log_length"])
    return np.exp(2 * params["log_height"] - 0.5 * distance**2)


def covariance(params, t):
    noise = np.exp(2 * params["log_noise"])
    return kernel(params, t, t) + noise * np.eye(len(t))


def loss(params, t, y):
    """Minus the logarithm of the evidence."""
    factor = np.linalg.cholesky(covariance(params, t))
    whitened = np.linalg.solve(factor, y)
    log_det = np.sum(np.log(np.diag(factor)))
    return 0.5 * whitened @ whitened + log_det + 0.5 * len(t) * np.log(2 * np.pi)


def predict(params, t, y, new):
    """Mean and standard deviation at new points."""
    cross = kernel(params, new, t)
    solved = np.linalg.solve(covariance(params, t), cross.T)
    variance = np.exp(2 * params["log_height"]) - np.sum(cross.T * solved, axis=0)
    return solved.T @ y, np.sqrt(variance)


def main():
    options = arguments(__doc__, __file__, points=40)
    rng = np.random.default_rng(0)
    places = rng.uniform(0, 4, options.points), rng.uniform(7, 10, 10)
    t = np.sort(np.concatenate(places))
    y = truth(t) + rng.normal(0, 0.3, len(t))
    start = {"log_length": 1.5, "log_height": 1.5, "log_noise": 0.5}
    found = optim.lbfgs(loss, start, t, y)
    first = -loss(start, t, y)
    print(f"log evidence {first:.2f}, and {-found.value:.2f} after {found.steps} steps")
    learned = ", ".join(f"{k[4:]} {np.exp(v):.3f}" for k, v in found.params.items())
    print(f"learned: {learned} (the noise is 0.3)")
    slope = max(abs(g) for g in grad(loss)(found.params, t, y).values())
    print(f"largest slope that is left: {slope:.0e}")

    new = np.linspace(-1, 11, 300)
    figure, axes = plt.subplots(2, 1, figsize=(7, 5), sharex=True, layout="constrained")
    for cell, params in zip(axes, (start, found.params), strict=True):
        mean, deviation = predict(params, t, y, new)
        cell.fill_between(new, mean - 2 * deviation, mean + 2 * deviation, alpha=0.3)
        cell.plot(new, mean)
        cell.plot(new, truth(new), "k--", lw=0.8, label="truth")
        cell.plot(t, y, "k.", ms=4)
        title = "first guess" if params is start else "learned"
        cell.set(title=f"{title}: log evidence {-loss(params, t, y):.1f}", ylim=(-5, 5))
    axes[1].legend()
    figure.savefig(options.figure, dpi=100)


if __name__ == "__main__":
    main()
