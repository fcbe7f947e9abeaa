"""The transforms, one family a file."""

from fgrad._transforms.forward import jvp, linear_transpose, linearize
from fgrad._transforms.reverse import grad, stop_gradient, value_and_grad, vjp

__all__ = [
    "grad",
    "jvp",
    "linear_transpose",
    "linearize",
    "stop_gradient",
    "value_and_grad",
    "vjp",
]
