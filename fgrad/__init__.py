"""Differentiate NumPy programs: functional transforms over pure functions.

>>> import numpy as np
>>> import fgrad
>>> fgrad.grad(lambda x: np.sum(np.sin(x) ** 2))(np.array([0.0, np.pi / 4]))
array([0., 1.])
"""

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from fgrad import errors, primitives as _primitives  # noqa: F401 # pyright: ignore[reportUnusedImport] (registers the rules)
from fgrad._engine.dispatch import primitive
from fgrad._engine.later import LATER
from fgrad._engine.rule_checks import defvjp
from fgrad._ravel import ravel
from fgrad._transforms import (
    checkpoint,
    compile,  # noqa: A004 (its name)
    custom_jvp,
    custom_root,
    custom_vjp,
    elementwise_grad,
    fixed_point,
    grad,
    hessian,
    hvp,
    is_traced,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    linear_transpose,
    linearize,
    stop_gradient,
    value_and_grad,
    value_and_jacobian,
    vjp,
    vmap,
)
from fgrad._tree import register_dataclass, register_node
from fgrad.primitives.indexing import index_add, index_update

if TYPE_CHECKING:
    from fgrad.debug import coverage

__version__ = "0.1.0"

LATER.update(
    (name, partial(import_module, module))
    for name, module in {
        "compositions": "fgrad.derived",
        "batchers": "fgrad.batching.tables",
        "flat": "fgrad.derived.flat",
        "updates": "fgrad.derived.updates",
        "c": "fgrad._program.native.compiled",
        "numpy": "fgrad.numpy",
        "numpy.random": "fgrad.numpy.random",
        "numpy.polynomial": "fgrad.numpy.polynomial",
        "fgrad.scipy.linalg": "fgrad.scipy.linalg",  # these need SciPy
        "fgrad.scipy.special": "fgrad.scipy.special",
        "fgrad.scipy.stats": "fgrad.scipy.stats",
        "namespaces of scipy": "fgrad.scipy._namespaces",
        "scipy.linalg": "scipy.linalg",  # if it is there
        "scipy.optimize": "scipy.optimize",  # likewise
        "matplotlib.figure": "matplotlib.figure",  # likewise
        "matplotlib.patches": "matplotlib.patches",
        "tqdm": "tqdm.auto",  # likewise
    }.items()
)

# glibc returns the memory of a large array to the system at once, until a larger one
# was freed; pages that come back fresh cost more than the arithmetic on them. 32 MB is
# the most that it minds.
np.empty(4_000_000)

__all__ = [
    "checkpoint",
    "compile",
    "coverage",
    "custom_jvp",
    "custom_root",
    "custom_vjp",
    "defvjp",
    "elementwise_grad",
    "errors",
    "fixed_point",
    "grad",
    "hessian",
    "hvp",
    "index_add",
    "index_update",
    "is_traced",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "linear_transpose",
    "linearize",
    "primitive",
    "ravel",
    "register_dataclass",
    "register_node",
    "stop_gradient",
    "value_and_grad",
    "value_and_jacobian",
    "vjp",
    "vmap",
]


SUBMODULES = {
    "debug",
    "linalg",
    "nn",
    "numpy",
    "optim",
    "scipy",
    "sharded",
    "testing",
    "tree",
}
"""What loads when it is first asked for, and is no part of ``import *``."""


def __getattr__(name: str) -> Any:
    """Load what not every program needs when it is first asked for."""
    if name == "coverage":
        return import_module("fgrad._coverage").coverage
    if name in SUBMODULES:
        return import_module(f"fgrad.{name}")
    raise AttributeError(f"module 'fgrad' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *SUBMODULES})
