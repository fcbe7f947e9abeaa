"""Lynx and hares: a differential equation is fitted to 21 years of furs.

The numbers are those of furs that the Hudson's Bay Company bought from 1900 to 1920, in
thousands, of hares and of lynx, which eat them. The solver is a loop of plain NumPy, so
the gradient goes through it. Saves data and fit as ``ode.png``.

    python examples/ode.py [--steps 300] [--figure path/to/figure.png]
"""

import matplotlib.pyplot as plt
import numpy as np
from command_line import arguments

from fgrad import hessian, optim

HARES = """30 47.2 70.2 77.4 36.3 20.6 18.1 21.4 22 25.4 27.1 40.3 57 76.6 52.3 19.5
    11.2 7.6 14.6 16.2 24.7"""
LYNX = """4 6.1 9.8 35.2 59.4 41.7 19 13 8.3 9.1 7.4 8 12.3 19.5 45.7 51.1 29.7 15.8 9.7
    10.1 8.6"""
FURS = np.array([HARES.split(), LYNX.split()], float).T
SUBSTEPS = 6


def rate(log_state, rates):
    """Lotka and Volterra, for logarithms: d log(hare)/dt = a - b lynx, and so on."""
    a, b, c, d = rates
    hare, lynx = np.exp(log_state)
    return np.stack([a - b * lynx, d * hare - c])


def solve(params, years, substeps=SUBSTEPS):
    """Hares and lynx in each year, by the method of Runge and Kutta."""
    state, rates, h = params["start"], np.exp(params["log_rates"]), 1 / substeps
    path = [state]
    for _ in range((years - 1) * substeps):
        k1 = rate(state, rates)
        k2 = rate(state + h / 2 * k1, rates)
        k3 = rate(state + h / 2 * k2, rates)
        k4 = rate(state + h * k3, rates)
        state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        path.append(state)
    return np.exp(np.stack(path))


def loss(params):
    """Minus the log-likelihood for errors of 25 %, up to a constant."""
    error = np.log(solve(params, len(FURS))[::SUBSTEPS]) - np.log(FURS)
    return 0.5 * np.sum((error / 0.25) ** 2)


def main():
    options = arguments(__doc__, __file__, steps=300)
    guess = {"start": np.log(FURS[0]), "log_rates": np.log([0.5, 0.02, 0.9, 0.03])}
    found = optim.lbfgs(loss, guess, max_steps=options.steps)
    print(f"loss {loss(guess):.1f}, and {found.value:.2f} after {found.steps} steps")
    curvature = hessian(loss)(found.params)["log_rates"]["log_rates"]
    errors = np.sqrt(np.diag(np.linalg.inv(curvature)))
    rates = np.exp(found.params["log_rates"])
    shown = zip("abcd", rates, errors, strict=True)
    print("rates a year:", ", ".join(f"{n} = {r:.4f} ± {e:.0%}" for n, r, e in shown))
    a, b, c, d = rates
    print(f"at rest with {c / d:.1f} thousand hares and {a / b:.1f} thousand lynx")

    figure, axes = plt.subplots(figsize=(7, 3.5), layout="constrained")
    years, fine = 1900 + np.arange(21), 1900 + np.arange(30 * SUBSTEPS + 1) / SUBSTEPS
    for i, (name, color) in enumerate([("hares", "tab:brown"), ("lynx", "tab:blue")]):
        axes.plot(fine, solve(found.params, 31)[:, i], color=color)
        axes.plot(fine, solve(guess, 31)[:, i], ":", color=color, lw=0.8)
        axes.plot(years, FURS[:, i], "o", color=color, label=name, ms=4)
    axes.set(ylabel="thousand furs", ylim=(0, 110))
    axes.set_title("Fitted, and ten years on (dotted: first guess)")
    axes.legend()
    figure.savefig(options.figure, dpi=100)


if __name__ == "__main__":
    main()
