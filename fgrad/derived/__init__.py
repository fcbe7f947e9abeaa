"""NumPy functions that are, for traced values, short compositions of primitives.

Importing a module registers its compositions.
"""

from fgrad.derived import (
    applying,
    concatenators,
    creation,
    elementwise,
    fft,
    indexing,
    joining,
    padding,
    products,
    reductions,
    selection,
    shaping,
)

__all__ = [
    "applying",
    "concatenators",
    "creation",
    "elementwise",
    "fft",
    "indexing",
    "joining",
    "padding",
    "products",
    "reductions",
    "selection",
    "shaping",
]
