"""The ten lines of the README."""

import numpy as np

from fgrad import grad, value_and_grad


def loss(params, x, y):
    """Mean squared error of one layer."""
    hidden = np.tanh(x @ params["w"] + params["b"])
    return np.mean((hidden - y) ** 2)


params = {"w": np.ones((2, 3)), "b": np.zeros(3)}
x, y = np.ones((4, 2)), np.zeros((4, 3))

value, gradient = value_and_grad(loss)(params, x, y)
print(f"loss {value:.4f}, gradient of w {gradient['w'].shape}, of b {gradient['b']}")
print(f"second derivative of sin at 0.5: {grad(grad(np.sin))(0.5):.4f}")
