"""How calls on batched values are computed for all examples at once.

Importing a module registers its functions. What is in no table is called for one
example after the other.
"""

from fgrad.batching.tables import (
    constants,
    elementwise,
    indexing,
    joining,
    linalg,
    products,
    reductions,
    series,
    shaping,
    sorting,
)

__all__ = [
    "constants",
    "elementwise",
    "indexing",
    "joining",
    "linalg",
    "products",
    "reductions",
    "series",
    "shaping",
    "sorting",
]
