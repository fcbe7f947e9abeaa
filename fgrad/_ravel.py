"""A tree of arrays as one vector, and back."""

from collections.abc import Callable
from typing import Any

import numpy as np

from fgrad._engine.box import primal, space
from fgrad._engine.trace import Space
from fgrad._tree import Structure, flatten, leaf_paths, unflatten
from fgrad.errors import TreeError

__all__ = ["components", "ravel"]


class Unravel:
    """From a vector back to the tree. Pickles when the tree's containers do."""

    def __init__(self, structure: Structure, spaces: list[Space]) -> None:
        self._structure = structure
        self._spaces = spaces
        self._size = sum(part.size for part in spaces)
        self._complex = any(part.dtype.kind == "c" for part in spaces)

    def __call__(self, vector: Any) -> Any:
        if np.shape(vector) != (self._size,):
            raise TreeError(
                f"unravel expects a vector of shape {(self._size,)}, but got shape "
                f"{np.shape(vector)}"
            )
        if np.iscomplexobj(primal(vector)) and not self._complex:
            raise TreeError(
                "unravel expects a vector of real numbers, like the tree, but got "
                "complex ones"
            )
        leaves: list[Any] = []
        start = 0
        for shape, dtype in self._spaces:
            stop = start + Space(shape, dtype).size
            leaf = np.reshape(vector[start:stop], shape)
            if leaf.dtype.kind == "c" and dtype.kind != "c":
                leaf = np.real(leaf)
            leaves.append(leaf.astype(dtype)[()])
            start = stop
        return unflatten(self._structure, leaves)


def ravel(tree: Any) -> tuple[Any, Unravel]:
    """All leaves of a tree in one vector, and the way back.

    Parameters
    ----------
    tree : tree of array_like
        Numbers and arrays, plain or traced.

    Returns
    -------
    vector : ndarray, shape (n,)
        The leaves from left to right, in their common dtype. Differentiable.
    unravel : callable
        Takes a vector of shape ``(n,)``, plain or traced, and returns a tree like
        `tree`, each leaf with its own shape and dtype. Differentiable. It pickles.

    Raises
    ------
    TreeError
        If a leaf is no number or array of numbers. By `unravel`, if the vector does
        not have shape ``(n,)``, or is complex where the tree is real.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import ravel
    >>> vector, unravel = ravel({"w": np.ones((2, 2)), "b": 3.0})
    >>> vector
    array([1., 1., 1., 1., 3.])
    >>> unravel(2 * vector)["b"]
    np.float64(6.0)
    """
    leaves, structure = flatten(tree)
    spaces = [Space(*space(leaf)) for leaf in leaves]
    for path, here in zip(leaf_paths(structure, "tree"), spaces, strict=True):
        if here.dtype.kind not in "biufc":
            raise TreeError(f"ravel needs numbers, but {path} has dtype {here.dtype}.")
    unravel = Unravel(structure, spaces)
    if not leaves:
        return np.zeros(0), unravel
    return np.concatenate([np.ravel(leaf) for leaf in leaves]), unravel


def components(tree: Any) -> tuple[Any, Callable[[Any], Any]]:
    """All numbers of a tree in one real vector, and the way back.

    A complex leaf gives its real parts, then its imaginary parts: what a function of
    it does is linear in these, whether the function is holomorphic or not. The dtype is
    one that `np.linalg` takes.
    """
    leaves, structure = flatten(tree)
    vector, unravel = ravel([_split(leaf) for leaf in leaves])
    if vector.dtype == np.float16:
        vector = vector.astype(np.float32)

    def joined(vector: Any) -> Any:
        return unflatten(
            structure,
            [
                parts[0] if len(parts) == 1 else parts[0] + 1j * parts[1]
                for parts in unravel(vector)
            ],
        )

    return vector, joined


def _split(leaf: Any) -> list[Any]:
    """A real leaf, or the real and the imaginary part of a complex one."""
    return [np.real(leaf), np.imag(leaf)] if np.iscomplexobj(leaf) else [leaf]
