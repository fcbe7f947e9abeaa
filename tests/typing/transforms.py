"""What an editor knows of the transforms: checked by the type checker, and run."""

from collections.abc import Callable
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

from fgrad import grad, stop_gradient, value_and_grad, vjp, vmap

Vector = NDArray[np.float64]
Params = dict[str, Vector]


def loss(params: Params, x: Vector, scale: float = 1.0) -> np.float64:
    """A scalar."""
    return np.float64(scale) * np.sum(params["w"] * x)


def with_aux(params: Params, x: Vector) -> tuple[np.float64, str]:
    """A scalar and something else."""
    return loss(params, x), "aux"


params: Params = {"w": np.ones(2)}
x: Vector = np.ones(2)

# The gradient has the type of the first argument.
assert_type(grad(loss)(params, x), Params)
assert_type(grad(loss)(params, x, scale=2.0), Params)
assert_type(grad(with_aux, has_aux=True)(params, x), tuple[Params, str])
assert_type(grad(loss, (0, 1))(params, x), tuple[Any, ...])

# The value has the type of the result.
assert_type(value_and_grad(loss)(params, x), tuple[np.float64, Params])
value, gradient = value_and_grad(with_aux, has_aux=True)(params, x)
assert_type(value, tuple[np.float64, str])
assert_type(gradient, Params)

out, pullback = vjp(loss, params, x)
assert_type(out, np.float64)
assert_type(pullback, Callable[[Any], tuple[Any, ...]])
assert_type(stop_gradient(params), Params)


# Transformed functions can be transformed.
def square(v: Vector) -> np.float64:
    """A scalar of a vector."""
    return np.sum(v**2)


def slope(v: Vector) -> np.float64:
    """The sum of a gradient."""
    return np.sum(grad(square)(v))


assert_type(grad(slope)(x), Vector)
doubled = vmap(square)(np.ones((3, 2)))
