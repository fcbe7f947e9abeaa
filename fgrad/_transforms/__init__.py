"""The transforms, one family a file."""

from fgrad._transforms import _custom_batched as _custom_batched  # registers it
from fgrad._transforms.checkpoint import checkpoint
from fgrad._transforms.compile import compile  # noqa: A004 (its name)
from fgrad._transforms.custom import custom_vjp
from fgrad._transforms.custom_forward import custom_jvp
from fgrad._transforms.elementwise import elementwise_grad
from fgrad._transforms.forward import jvp, linear_transpose, linearize
from fgrad._transforms.hessians import hessian, hvp
from fgrad._transforms.implicit.solutions import custom_root, fixed_point
from fgrad._transforms.jacobians import (
    jacfwd,
    jacobian,
    jacrev,
    value_and_jacobian,
)
from fgrad._transforms.pullbacks import vjp
from fgrad._transforms.reverse import (
    grad,
    is_traced,
    stop_gradient,
    value_and_grad,
)
from fgrad._transforms.vmap import vmap

__all__ = [
    "checkpoint",
    "compile",
    "custom_jvp",
    "custom_root",
    "custom_vjp",
    "elementwise_grad",
    "fixed_point",
    "grad",
    "hessian",
    "hvp",
    "is_traced",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "linear_transpose",
    "linearize",
    "stop_gradient",
    "value_and_grad",
    "value_and_jacobian",
    "vjp",
    "vmap",
]
