"""What a pullback returns: a tuple of cotangents, which is no array.

``x - pullback(g)`` for the gradient of one argument is easily written. NumPy would make
an array of the tuple, with one more axis, and the result would go on in a wrong shape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from fgrad._tree import alias
from fgrad._words.callsite import at

__all__ = ["Pulled"]

ARRAYS = (np.ndarray, np.generic)

OPERATORS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul")


class Pulled(tuple[Any, ...]):  # noqa: SLOT001 (a tuple cannot have any)
    """A tuple in all but arithmetic with arrays, which is refused in words."""

    __array_ufunc__ = None  # so NumPy's operators leave it to those below

    def __array_function__(
        self, fun: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Other functions read it like any tuple: several cotangents can be stacked."""
        named = {name: _plain(value) for name, value in kwargs.items()}
        return fun(*map(_plain, args), **named)

    def __reduce__(self) -> Any:
        return tuple, (tuple(self),)

    def __neg__(self) -> NoReturn:
        _refuse()

    def __eq__(self, other: object) -> bool:
        return _refuse() if isinstance(other, ARRAYS) else super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return _refuse() if isinstance(other, ARRAYS) else super().__ne__(other)

    __hash__ = tuple.__hash__


def _plain(value: Any) -> Any:
    return tuple(value) if type(value) is Pulled else value


def _refuse() -> NoReturn:
    raise TypeError(
        at(
            "a pullback returns a tuple with one cotangent for each argument, which is "
            "no array; take its entry for an argument, as in pullback(g)[0]"
        )
    )


def _after(mine: Pulled, other: Any) -> tuple[Any, ...]:
    """``other + mine``."""
    return (*other, *mine)


def _operator(name: str) -> Callable[[Any, Any], Any]:
    """What tuples can do, and a refusal of all else."""
    of_tuples: Any = getattr(tuple, f"__{name}__", None)
    if name == "radd":
        of_tuples = _after

    def method(self: Any, other: Any) -> Any:
        if of_tuples is not None and isinstance(other, tuple | int):
            return of_tuples(self, other)
        return _refuse()

    return method


for _name in OPERATORS:
    setattr(Pulled, f"__{_name}__", _operator(_name))
    setattr(Pulled, f"__r{_name}__", _operator(f"r{_name}"))
alias(Pulled, tuple)
