"""A function of trees as one of the float leaves of its arguments, and directions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from fgrad._engine.box import primal, stored
from fgrad._tree import flatten, leaf_paths, unflatten

__all__ = [
    "Flat",
    "direction",
    "fixed",
    "flat_function",
    "float_positions",
    "floats_of",
    "paired",
    "sizes",
    "widened",
]

WIDE = {"f": np.dtype("f8"), "c": np.dtype("c16")}


class fixed:  # noqa: N801 (used like a function)
    """A float argument that `check_rule` shall not differentiate."""

    def __init__(self, value: Any) -> None:
        self.value = value


def float_positions(leaves: Sequence[Any]) -> list[int]:
    """Positions of the leaves that vary continuously."""
    return [
        i
        for i, leaf in enumerate(leaves)
        if type(leaf) is not fixed and np.asarray(stored(leaf)).dtype.kind in "fc"
    ]


def floats_of(tree: Any) -> list[Any]:
    """The leaves of a tree that vary continuously."""
    leaves = flatten(tree)[0]
    return [leaves[i] for i in float_positions(leaves)]


def widened(leaf: Any) -> Any:
    """A leaf in double precision, with its memory order."""
    if not isinstance(leaf, np.ndarray | np.generic) or leaf.dtype.kind not in "fc":
        return leaf
    wide = WIDE[leaf.dtype.kind]
    if leaf.itemsize >= wide.itemsize:
        return leaf
    return leaf.astype(wide, order="K") if leaf.ndim else wide.type(leaf)


class Flat(NamedTuple):
    """A function of the float leaves of its arguments."""

    call: Callable[..., list[Any]]
    """It returns the float leaves of its result."""
    values: list[Any]
    """Where, as the user has given it."""
    paths: list[str]
    """What these leaves are called."""
    given: list[Any]
    """All leaves, to see whether the function changes them."""


def flat_function(
    fun: Callable[..., Any],
    args: tuple[Any, ...],
    names: Sequence[str] | None = None,
    *,
    keep: bool = False,
) -> Flat:
    """Make a function of trees one of float leaves.

    The arguments are called ``args[0]`` and so on, or by `names`. All leaves are in
    double precision, unless they shall `keep` theirs.
    """
    leaves, structure = flatten(args)
    positions = float_positions(leaves)
    names = names or [f"args[{i}]" for i in range(len(args))]
    paths = [
        path
        for child, name in zip(structure.children, names, strict=True)
        for path in leaf_paths(child, name)
    ]
    wide = leaves if keep else [widened(leaf) for leaf in leaves]

    def call(*values: Any) -> list[Any]:
        full = list(wide)
        for position, value in zip(positions, values, strict=True):
            full[position] = value
        return floats_of(fun(*unflatten(structure, full)))

    values = [leaves[i] for i in positions]
    return Flat(call, values, [paths[i] for i in positions], leaves)


def sizes(value: Any) -> Any:
    """The natural size of each entry: its own, but not far below the largest one.

    An entry that is 0 has the size of the largest, or 1 if all are 0.
    """
    size = np.abs(value)
    top = size.max(initial=0.0)
    if not np.isfinite(top) or top == 0:
        return np.ones(np.shape(value))
    return np.where(size == 0, top, np.maximum(size, top * 2.0**-10))


def direction(value: Any, rng: np.random.Generator) -> Any:
    """Random numbers like a leaf: of size 1/2 to 1, of any sign or phase."""
    value = np.asarray(primal(value))
    v = rng.uniform(0.5, 1.0, value.shape)
    v = np.where(rng.random(value.shape) < 0.5, -v, v)
    if value.dtype.kind == "c":
        v = v * np.exp(2j * np.pi * rng.random(value.shape))
    return v


def paired(a: Sequence[Any], b: Sequence[Any]) -> tuple[float, float]:
    """Re ⟨a, b⟩, and the root of the sum of the terms' squares."""
    value, length = 0.0, 0.0
    for x, y in zip(a, b, strict=True):
        product: Any = np.asarray(x * y)
        value += float(product.real.sum())
        terms = np.abs(product)
        top = float(terms.max(initial=0.0))
        if 0 < top < np.inf:  # the squares themselves may overflow, or be 0
            top *= float(((terms / top) ** 2).sum()) ** 0.5
        length = float(np.hypot(length, top))
    return value, length
