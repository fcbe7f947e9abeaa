"""Trees like an example, and directions in them."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.extra import numpy as hnp

from fgrad._tree import flatten, unflatten
from fgrad.testing.hypothesis._arrays import Points, arrays, numbers

__all__ = ["directions", "like"]


def like(
    tree: Any,
    *,
    scale: tuple[float, float] = (1e-3, 1e3),
    away_from: Points = 0.0,
) -> st.SearchStrategy[Any]:
    """Trees like an example: the same structure, shapes and dtypes, other numbers.

    Parameters
    ----------
    tree : tree of arrays and numbers, or a class
        Floats and complex numbers are drawn; all other leaves stay as they are. A leaf
        may be a strategy. A dataclass or named tuple, given as a class, is drawn by its
        type hints: ``float``, ``NDArray[np.float64]``, and other such classes.
    scale, away_from
        As in `numbers`.

    Returns
    -------
    SearchStrategy
        It shrinks to ones.

    Raises
    ------
    hypothesis.errors.InvalidArgument
        If nothing is left to be drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from hypothesis import find
    >>> from fgrad.testing import hypothesis as fh
    >>> params = {"w": np.zeros((1, 2)), "b": 0.5, "steps": 3}
    >>> find(fh.like(params), lambda p: p["b"] < 0)
    {'w': array([[1., 1.]]), 'b': -1.0, 'steps': 3}
    """
    if isinstance(tree, type):
        return _of_hint(tree, scale, away_from)
    leaves, structure = flatten(tree)
    drawn = [_leaf(leaf, scale, away_from) for leaf in leaves]
    return st.tuples(*drawn).map(lambda found: unflatten(structure, list(found)))


def _leaf(
    leaf: Any, scale: tuple[float, float], away_from: Points
) -> st.SearchStrategy[Any]:
    if isinstance(leaf, st.SearchStrategy):
        return typing.cast("st.SearchStrategy[Any]", leaf)
    if type(leaf) in {float, complex} or isinstance(leaf, np.inexact):
        return numbers(np.asarray(leaf).dtype, scale=scale, away_from=away_from)
    if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fc":
        return arrays(leaf.dtype, leaf.shape, scale=scale, away_from=away_from)
    return st.just(leaf)


def _of_hint(
    hint: Any, scale: tuple[float, float], away_from: Points
) -> st.SearchStrategy[Any]:
    """What a type hint says: a class with fields, a number, or an array."""
    if hint in {float, complex}:
        return numbers(hint, scale=scale, away_from=away_from)
    if typing.get_origin(hint) is np.ndarray:
        kind: Any = typing.get_args(typing.get_args(hint)[1])
        dtype = kind[0] if kind and isinstance(kind[0], type) else np.float64
        shapes = hnp.array_shapes(max_dims=2, max_side=3)
        return arrays(dtype, shapes, scale=scale, away_from=away_from)
    if hint is np.ndarray:
        return arrays(float, hnp.array_shapes(), scale=scale, away_from=away_from)
    named = hasattr(hint, "_fields")
    if isinstance(hint, type) and (dataclasses.is_dataclass(hint) or named):
        hints = typing.get_type_hints(hint)
        fields = {name: _of_hint(h, scale, away_from) for name, h in hints.items()}
        return st.builds(hint, **fields)
    return st.from_type(hint)


SIZES = (1.0, 0.0, 1e6, 1e-6)
"""Of directions: a rule that clips or adds something is not linear in one of these."""


def directions(tree: Any) -> st.SearchStrategy[Any]:
    """Tangents and cotangents: directions for `jvp`, and for pullbacks of `vjp`.

    Parameters
    ----------
    tree : tree of arrays and numbers
        The arguments of a function, for tangents; its result, for cotangents.

    Returns
    -------
    SearchStrategy
        It shrinks to ones. Some directions are 0, and some a million times larger or
        smaller, since a derivative is linear in them.

    Raises
    ------
    hypothesis.errors.InvalidArgument
        If the tree has a leaf that is not differentiated.

    Examples
    --------
    >>> import numpy as np
    >>> from hypothesis import find
    >>> from fgrad.testing import hypothesis as fh
    >>> find(fh.directions({"w": np.zeros(2)}), lambda v: True)
    {'w': array([1., 1.])}
    """
    leaves, structure = flatten(tree)
    for leaf in leaves:
        if np.asarray(leaf).dtype.kind not in "fc":
            raise InvalidArgument(
                f"only floats and complex numbers have directions, but {leaf!r} is a "
                f"leaf of the tree."
            )
    plain = st.tuples(*[_leaf(leaf, (0.1, 10.0), None) for leaf in leaves])

    def sized(pair: tuple[tuple[Any, ...], float]) -> Any:
        found, size = pair
        return unflatten(structure, [v * np.asarray(v).dtype.type(size) for v in found])

    return st.tuples(plain, st.sampled_from(SIZES)).map(sized)
