"""NumPy functions that are, for traced values, short compositions of primitives.

Importing a module registers its compositions.
"""

from fgrad.derived import (
    applying,
    calculus,
    concatenators,
    creation,
    elementwise,
    families,
    fft,
    histograms,
    indexing,
    joining,
    linalg,
    padding,
    polynomial,
    products,
    reductions,
    selection,
    series,
    sets,
    shaping,
    statistics,
    ufunc_methods,
    vectorizing,
)

__all__ = [
    "applying",
    "calculus",
    "concatenators",
    "creation",
    "elementwise",
    "families",
    "fft",
    "histograms",
    "indexing",
    "joining",
    "linalg",
    "padding",
    "polynomial",
    "products",
    "reductions",
    "selection",
    "series",
    "sets",
    "shaping",
    "statistics",
    "ufunc_methods",
    "vectorizing",
]
