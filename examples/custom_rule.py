"""Rules of your own: a cosine, logsumexp, and a check of both.

A primitive is one operation for fgrad, however it is computed. Its rule says how a
cotangent of the result becomes one of the argument, and that is all there is to it:
forward mode, higher derivatives and vmap follow from it. Saves the cosine and its first
three derivatives as ``custom_rule.png``.

    python examples/custom_rule.py [--figure path/to/figure.png]
"""

import matplotlib.pyplot as plt
import numpy as np
from command_line import arguments

from fgrad import defvjp, elementwise_grad, grad, primitive
from fgrad.testing import check_rule


@primitive
def cos(x):
    return np.cos(x)


@primitive
def logsumexp(x):
    """The maximum goes out of the sum, so that nothing overflows."""
    largest = np.max(x)
    return largest + np.log(np.sum(np.exp(x - largest)))


# What a rule names besides g is kept until it is needed: the argument x, or the result.
defvjp(cos, x=lambda g, x: -g * np.sin(x))
defvjp(logsumexp, x=lambda g, ans, x: g * np.exp(x - ans))


def power_of_ratio(a, b, c, d):
    """NumPy broadcasts (3, 4) against (1,); gradients come back in the old shapes."""
    return np.sum(((a @ b) / c) ** d)


def main():
    options = arguments(__doc__, __file__)
    rng = np.random.default_rng(0)
    check_rule(cos, (rng.normal(size=5),))
    check_rule(logsumexp, (np.array([999.0, 1000.0, 1001.0]),))
    print("both rules agree with the five-point stencil at 1e-9, up to second order")
    shares = grad(logsumexp)(np.array([999.0, 1000.0, 1001.0]))
    print(f"the gradient of logsumexp is a softmax: {shares.round(4)}")
    shapes = [(3, 2), (2, 4), (1,), (1,)]
    arrays = [rng.uniform(1, 2, shape) for shape in shapes]
    gradients = grad(power_of_ratio, argnums=(0, 1, 2, 3))(*arrays)
    print("gradients of ((a @ b) / c) ** d:", *(g.shape for g in gradients))

    x, derivative = np.linspace(-np.pi, np.pi, 200), cos
    figure, axes = plt.subplots(figsize=(7, 3.5), layout="constrained")
    for order in range(4):
        axes.plot(x, derivative(x), label=f"cos{chr(39) * order}", lw=2.5 - 0.5 * order)
        derivative = elementwise_grad(derivative)
    axes.set(xlabel="x", ylim=(-1.5, 1.1))
    axes.set_title("A cosine by its own rule, differentiated three times")
    axes.legend(ncols=4, loc="lower center")
    figure.savefig(options.figure, dpi=100)


if __name__ == "__main__":
    main()
