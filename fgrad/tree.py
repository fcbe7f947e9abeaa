"""Trees: nested tuples, lists, dicts and registered containers of arrays.

>>> from fgrad import tree
>>> params, step = {"w": 1.0, "b": [2.0, 3.0]}, {"w": 0.1, "b": [0.2, 0.3]}
>>> tree.map(lambda p, s: p - 10 * s, params, step)
{'w': 0.0, 'b': [0.0, 0.0]}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fgrad import _tree
from fgrad._tree import Structure
from fgrad.errors import TreeError

__all__ = ["Structure", "flatten", "leaves", "map", "paths", "unflatten"]


def map(fun: Callable[..., Any], tree: Any, *rest: Any) -> Any:
    """The tree with `fun` applied to each leaf.

    Parameters
    ----------
    fun : callable
        Takes a leaf of each tree.
    tree : tree
        Its structure is that of the result.
    *rest : tree
        Trees with the same structure.

    Returns
    -------
    tree
        Like `tree`; ``None`` stays as it is, since it has no leaves.

    Raises
    ------
    TreeError
        If the trees have different structures.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import grad, tree
    >>> params = {"w": np.ones(2), "b": 0.5}
    >>> slope = grad(lambda p: np.sum(p["w"] ** 2) + p["b"])(params)
    >>> tree.map(lambda p, g: p - 0.25 * g, params, slope)
    {'w': array([0.5, 0.5]), 'b': np.float64(0.25)}
    """
    first, structure = _tree.flatten(tree)
    columns = [first]
    for i, other in enumerate(rest, 2):
        found, got = _tree.flatten(other)
        if got != structure:
            raise TreeError(
                f"tree.map needs trees of one structure: the first is {structure!r}, "
                f"but number {i} is {got!r}"
            )
        columns.append(found)
    return _tree.unflatten(structure, [fun(*row) for row in zip(*columns, strict=True)])


def leaves(tree: Any) -> list[Any]:
    """The leaves of a tree, from left to right.

    Parameters
    ----------
    tree : tree

    Returns
    -------
    list
        Everything in it that is no container and not ``None``.

    Examples
    --------
    >>> from fgrad import tree
    >>> tree.leaves({"w": 1.0, "b": [2.0, None, (3.0,)]})
    [1.0, 2.0, 3.0]
    """
    return _tree.flatten(tree)[0]


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """The leaves of a tree, and its structure.

    Parameters
    ----------
    tree : tree

    Returns
    -------
    leaves : list
    structure : Structure
        What is left without the leaves. Two trees fit if these are equal.

    Examples
    --------
    >>> from fgrad import tree
    >>> tree.flatten({"w": 1.0, "b": [2.0, 3.0]})
    ([1.0, 2.0, 3.0], dict(['w']: *, ['b']: list([0]: *, [1]: *)))
    """
    return _tree.flatten(tree)


def unflatten(structure: Structure, leaves: Iterable[Any]) -> Any:
    """The tree with a structure and leaves, as `flatten` returns them.

    Parameters
    ----------
    structure : Structure
    leaves : iterable
        From left to right.

    Returns
    -------
    tree

    Raises
    ------
    TreeError
        If there are more or fewer leaves than the structure has.

    Examples
    --------
    >>> from fgrad import tree
    >>> found, structure = tree.flatten({"w": 1.0, "b": [2.0, 3.0]})
    >>> tree.unflatten(structure, [10 * leaf for leaf in found])
    {'w': 10.0, 'b': [20.0, 30.0]}
    """
    given = list(leaves)
    count = len(_tree.leaf_paths(structure))
    if len(given) != count:
        raise TreeError(
            f"tree.unflatten needs {count} leaves for {structure!r}, but got "
            f"{len(given)}"
        )
    return _tree.unflatten(structure, given)


def paths(tree: Any) -> list[str]:
    """How each leaf is reached, as error messages write it.

    Parameters
    ----------
    tree : tree

    Returns
    -------
    list of str
        In the order of `leaves`.

    Examples
    --------
    >>> from fgrad import tree
    >>> tree.paths({"w": 1.0, "b": [2.0, 3.0]})
    ["['w']", "['b'][0]", "['b'][1]"]
    """
    return _tree.leaf_paths(_tree.flatten(tree)[1])
