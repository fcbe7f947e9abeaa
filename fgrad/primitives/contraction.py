"""A sum of products of two arrays as one stack of matrix products, which is faster.

It adds up in another order than `np.einsum`, so it is for sums that NumPy's own result
does not fix: those of derivatives.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Layout", "layout", "product_of_matrices"]


class Layout(NamedTuple):
    """How two arrays become stacks of matrices, and their product becomes the sum.

    Each is an order of axes and a shape; of the sum, the shape comes first.
    """

    left: Any
    right: Any
    last: Any


def product_of_matrices(a: Any, b: Any, left: Any, right: Any, last: Any) -> Any:
    """A sum of products as one stack of matrix products; axes and shapes are given."""
    a = a.transpose(left[0]).reshape(left[1])
    b = b.transpose(right[0]).reshape(right[1])
    return np.matmul(a, b).reshape(last[0]).transpose(last[1])


def layout(x: str, y: str, result: str, size: Mapping[str, int]) -> Layout | None:
    """The layout for ``np.einsum(f"{x},{y}->{result}", a, b)``, if that is a product.

    Each array has an axis once. There must be axes to sum over, rows and columns;
    axes that both arrays and the result have count the matrices.
    """
    if any(len({*axes}) < len(axes) for axes in (x, y, result)):
        return None
    batch = [c for c in result if c in x and c in y]
    inner = [c for c in x if c in y and c not in result]
    rows, columns = ([c for c in p if c not in q] for p, q in ((x, y), (y, x)))
    if not (inner and rows and columns) or {*rows, *columns} - {*result}:
        return None

    def lengths(*groups: list[str]) -> tuple[int, ...]:
        return (*[size[c] for c in batch], *[prod(size[c] for c in g) for g in groups])

    made = [*batch, *rows, *columns]
    return Layout(
        (tuple(map(x.index, [*batch, *rows, *inner])), lengths(rows, inner)),
        (tuple(map(y.index, [*batch, *inner, *columns])), lengths(inner, columns)),
        (tuple(size[c] for c in made), tuple(map(made.index, result))),
    )
