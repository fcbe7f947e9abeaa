"""The rule tables. Importing a module registers its rules."""

from fgrad.primitives import (
    constant,
    elementwise,
    indexing,
    joining,
    products,
    reductions,
    selection,
    shaping,
    sorting,
)

__all__ = [
    "constant",
    "elementwise",
    "indexing",
    "joining",
    "products",
    "reductions",
    "selection",
    "shaping",
    "sorting",
]
