"""NumPy functions that are, for traced values, short compositions of primitives.

Importing a module registers its compositions.
"""

from fgrad.derived import (
    applying,
    calculus,
    concatenators,
    creation,
    elementwise,
    fft,
    histograms,
    indexing,
    joining,
    padding,
    polynomial,
    products,
    reductions,
    selection,
    sets,
    shaping,
    statistics,
)

__all__ = [
    "applying",
    "calculus",
    "concatenators",
    "creation",
    "elementwise",
    "fft",
    "histograms",
    "indexing",
    "joining",
    "padding",
    "polynomial",
    "products",
    "reductions",
    "selection",
    "sets",
    "shaping",
    "statistics",
]
