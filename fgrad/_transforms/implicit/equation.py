"""An equation, and what its function and its solver must return."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fgrad._engine.box import Box
from fgrad._ravel import components
from fgrad._tree import flatten, unflatten
from fgrad.errors import ConversionError, OutputTypeError

__all__ = ["Matvec", "Problem"]

Matvec = Callable[[Any], Any]


class Problem:
    """An equation ``fun(x, *args) = 0`` and how to solve it.

    The solver takes the residual of a tree and a first guess, and returns the solution.
    The function `tree` makes the unknown from its components.
    """

    def __init__(
        self,
        name: str,
        fun: Callable[..., Any],
        solver: Callable[[Callable[[Any], Any], Any], Any],
        linear_solver: Callable[[Matvec, Any], Any] | None,
        tree: Callable[[Any], Any],
    ) -> None:
        self.name = name
        self.fun = fun
        self.solver = solver
        self.linear_solver = linear_solver
        self.tree = tree

    def residual(self, x: Any, *args: Any) -> Any:
        """The components of the residual, from those of the unknown."""
        return components(self.fun(self.tree(x), *args))[0]

    def solve(self, x0: Any, args: tuple[Any, ...]) -> Any:
        """The solution, a tree like `x0`."""
        self._check(x0, args)
        found = self.solver(lambda x: self.fun(x, *args), x0)
        name = f"the solve of {self.name}"
        _refuse_boxes(name, found)
        if not _fits(found, x0, _stands_for):
            raise OutputTypeError(_unlike(name, "x0", x0, found))
        leaves, structure = flatten(x0)
        pairs = zip(flatten(found)[0], map(np.asarray, leaves), strict=True)
        x = unflatten(
            structure,
            [np.asarray(x, like.dtype).reshape(like.shape)[()] for x, like in pairs],
        )
        self._check(x, args)  # where the theorem is applied
        return x

    def _check(self, x: Any, args: tuple[Any, ...]) -> None:
        """Refuse a function that returns no residual, or hides what it depends on."""
        out = self.fun(x, *args)
        _refuse_boxes(self.name, out)
        if not _fits(out, x, _is_residual_of):
            raise OutputTypeError(_unlike(self.name, "x", x, out))


def _refuse_boxes(name: str, tree: Any) -> None:
    for leaf in flatten(tree)[0]:
        if type(leaf) is Box:
            raise ConversionError(leaf._trace.enclosed(name))


def _fits(tree: Any, like: Any, fits: Callable[[Any, Any], bool]) -> bool:
    leaves, structure = flatten(tree)
    others, expected = flatten(like)
    return structure == expected and all(
        fits(np.asarray(leaf), np.asarray(other))
        for leaf, other in zip(leaves, others, strict=True)
    )


def _is_residual_of(y: Any, x: Any) -> bool:
    """Whether there are as many real equations as real unknowns."""
    return y.shape == x.shape and (y.dtype.kind == "c") == (x.dtype.kind == "c")


def _stands_for(x: Any, x0: Any) -> bool:
    """Whether nothing is lost in the shape and dtype of the first guess.

    Solvers of vectors return a number as a vector of one.
    """
    same = x.shape == x0.shape or x.size == x0.size == 1
    return same and np.can_cast(x.dtype, x0.dtype, "same_kind")


def _unlike(name: str, what: str, wanted: Any, got: Any) -> str:
    return (
        f"{name} must return a tree like {what}, which is {_described(wanted)}, but it "
        f"returned {_described(got)}."
    )


def _described(tree: Any) -> str:
    leaves, structure = flatten(tree)
    return f"{structure!r} with [{', '.join(map(_described_leaf, leaves))}]"


def _described_leaf(leaf: Any) -> str:
    array = np.asarray(leaf)
    if array.dtype.kind not in "biufc":
        return type(leaf).__name__
    return f"{array.dtype} {array.shape}"
