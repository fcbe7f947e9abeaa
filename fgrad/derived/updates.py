"""``x.at[i].set(v)``: a changed copy, for those who come from JAX.

A copy is made and changed by assignment, so this means what assignment means: an index
that is out of bounds is an error, and of several values for one entry the last counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fgrad._engine.box import Box, boxes_in
from fgrad._engine.constants import constant_box
from fgrad._engine.dispatch import traced
from fgrad._words.callsite import at as located

__all__ = ["At", "at"]


def at(x: Any) -> At:
    """Changed copies of an array: ``at(x)[i].set(v)`` is `x` with ``x[i] = v``.

    A traced array, and an array that `fgrad.numpy` makes while a transform runs, has
    it as a property, too: ``x.at[i].set(v)``. The methods after the index are ``set``,
    ``add``, ``subtract``, ``multiply``, ``divide``, ``power``, ``min``, ``max`` (an
    entry that is picked several times changes as often), ``apply(fun)`` and ``get()``.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    At
        An object to index, as `x` is indexed.

    Raises
    ------
    IndexError
        By the methods, if the index is out of bounds, as in NumPy (JAX drops it).

    Examples
    --------
    >>> import fgrad.numpy as np
    >>> np.at([1.0, 2.0, 3.0])[0].set(5.0)
    array([5., 2., 3.])
    >>> np.at(np.zeros(3))[[0, 0, 2]].add(1.0)
    array([2., 0., 1.])
    """
    return At(x if type(x) is Box else traced(np.array)(x) if boxes_in(x) else x)


class At:
    """An array to be indexed."""

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array = array

    def __getitem__(self, index: Any) -> Place:
        return Place(self.array, index)


class Place:
    """An array and an index, for one change of a copy."""

    __slots__ = ("array", "index")

    def __init__(self, array: Any, index: Any) -> None:
        self.array = array
        self.index = index

    def set(self, values: Any, **options: Any) -> Any:
        """``x[index] = values``."""
        _no_options("set", options)
        copy = self._copy(values)
        copy[self.index] = values
        return copy

    def apply(self, fun: Callable[[Any], Any], **options: Any) -> Any:
        """``x[index] = fun(x[index])``."""
        _no_options("apply", options)
        return self.set(fun(self.get()))

    def get(self, **options: Any) -> Any:
        """``x[index]``."""
        _no_options("get", options)
        array = self.array if type(self.array) is Box else np.asarray(self.array)
        return traced(np.copy)(array[self.index])

    def _copy(self, values: Any) -> Any:
        """A copy into which the values can be written."""
        if type(self.array) is Box:
            return np.copy(self.array)
        copy = np.array(self.array)
        return constant_box(copy) if boxes_in([values, self.index]) else copy


def _changing(name: str, ufunc: np.ufunc) -> Callable[..., Any]:
    def method(self: Any, values: Any, **options: Any) -> Any:
        _no_options(name, options)
        copy = self._copy(values)
        ufunc.at(copy, self.index, values)
        return copy

    method.__name__ = name
    method.__qualname__ = f"Place.{name}"
    method.__doc__ = f"``np.{ufunc.__name__}.at(x, index, values)``."
    return method


for _name, _ufunc in {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "power": np.power,
    "min": np.minimum,
    "max": np.maximum,
}.items():
    setattr(Place, _name, _changing(_name, _ufunc))


def _no_options(name: str, options: dict[str, Any]) -> None:
    if options:
        option = next(iter(options))
        raise TypeError(
            located(
                f"x.at[...].{name} has no option {option}: an index means what it "
                f"means in NumPy, and is an error out of bounds"
            )
        )
