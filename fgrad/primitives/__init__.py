"""The rule tables. Importing a module registers its rules.

The table `series` is for `numpy.polynomial`, which few programs need and NumPy loads
when it is asked for: it loads with the compositions.
"""

from fgrad._engine import methods as _methods  # noqa: F401 # pyright: ignore[reportUnusedImport] (completes the box)
from fgrad.primitives import (
    accumulations,
    bessel,
    bounds,
    cholesky,
    complex,  # noqa: A004 (the module of complex numbers)
    constant,
    convolution,
    creation,
    decompositions,
    einsum,
    elementwise,
    fft,
    indexing,
    joining,
    lengths,
    linalg,
    norms,
    order_statistics,
    polynomial,
    products,
    reductions,
    selection,
    shaping,
    sorting,
    ufunc_methods,
)

__all__ = [
    "accumulations",
    "bessel",
    "bounds",
    "cholesky",
    "complex",
    "constant",
    "convolution",
    "creation",
    "decompositions",
    "einsum",
    "elementwise",
    "fft",
    "indexing",
    "joining",
    "lengths",
    "linalg",
    "norms",
    "order_statistics",
    "polynomial",
    "products",
    "reductions",
    "selection",
    "shaping",
    "sorting",
    "ufunc_methods",
]
