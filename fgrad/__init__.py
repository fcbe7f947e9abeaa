"""Differentiate NumPy programs: functional transforms over pure functions.

>>> import numpy as np
>>> import fgrad
>>> fgrad.grad(lambda x: np.sum(np.sin(x) ** 2))(np.array([0.0, np.pi / 4]))
array([0., 1.])
"""

from fgrad import errors, primitives
from fgrad._dispatch import primitive
from fgrad._rules import defvjp
from fgrad._transforms import grad, stop_gradient, value_and_grad, vjp, vmap
from fgrad._tree import register_dataclass, register_node
from fgrad.debug import coverage
from fgrad.primitives.indexing import index_add, index_update

__version__ = "0.1.0"

__all__ = [
    "coverage",
    "batching",
    "defvjp",
    "errors",
    "grad",
    "index_add",
    "index_update",
    "primitive",
    "primitives",
    "register_dataclass",
    "register_node",
    "stop_gradient",
    "value_and_grad",
    "vjp",
    "vmap",
]
