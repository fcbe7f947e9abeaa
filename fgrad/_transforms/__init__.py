"""The transforms, one family a file."""

from fgrad._transforms.reverse import grad, stop_gradient, value_and_grad, vjp

__all__ = ["grad", "stop_gradient", "value_and_grad", "vjp"]
