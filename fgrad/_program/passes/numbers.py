"""Single numbers: which may be computed in an array, and how they get there."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

import numpy as np

from fgrad._program.calls import Variable

__all__ = [
    "ARITHMETIC",
    "FEWEST",
    "NUMBERS_ONLY",
    "entry",
    "first_of",
    "in_turns",
    "is_array",
    "is_constant",
    "is_number",
    "is_packed",
    "one_by_one",
    "repeated",
    "run_or_list",
    "same_alone",
    "same_in_parts",
]

FEWEST = 8
"""How many numbers make an array that is worth a call."""

ARITHMETIC = {
    *(np.add, np.subtract, np.multiply, np.divide),
    *(np.negative, np.absolute, np.sqrt, np.square),
}
"""Ufuncs whose results are exact, or the nearest numbers: there is one right one."""

NUMBERS_ONLY = {operator.pow, operator.mod, operator.floordiv, np.fmax, np.fmin}
"""Functions that compute numbers in another way than arrays, on some machines."""


def is_number(value: Any) -> bool:
    """Whether a variable is a floating-point number of NumPy's."""
    return type(value) is Variable and value.kind in (np.float64, np.float32)


def in_turns(pairs: Iterable[tuple[int, Any]]) -> list[list[tuple[int, Any]]]:
    """Pairs of places and numbers in rounds, in the order of places within a round."""
    rounds: list[list[tuple[int, Any]]] = []
    turns: dict[int, int] = {}
    for place, value in pairs:
        turn = turns[place] = turns.get(place, -1) + 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append((place, value))
    return [sorted(found, key=first_of) for found in rounds]


def run_or_list(where: list[int]) -> Any:
    """An index for some places: a slice if there are no gaps."""
    low, high = where[0], where[-1] + 1
    return slice(low, high) if where == [*range(low, high)] else np.array(where)


def first_of(pair: tuple[int, Any]) -> int:
    return pair[0]


def entry(index: Any, shape: tuple[int, ...]) -> int:
    """The position of the one entry that an index picks, in C order; else -1."""
    parts = index if type(index) is tuple else (index,)
    if len(parts) != len(shape) or any(type(i) is not int for i in parts):
        return -1
    position = 0
    for i, n in zip(parts, shape, strict=True):
        position = position * n + i % n
    return position


def is_packed(source: Variable) -> bool:
    """Whether entries of an array have one step between them, or it has one axis."""
    if source.kind is not np.ndarray or source.strides is None:
        return False
    return in_one_piece(source.shape, source.strides, source.dtype.itemsize)


@lru_cache(4096)
def in_one_piece(shape: tuple[int, ...], strides: tuple[int, ...], step: int) -> bool:
    """Whether an array lies in C order without gaps, so many bytes for each entry."""
    for n, stride in zip(reversed(shape), reversed(strides), strict=True):
        if n != 1 and stride != step:
            return False
        step *= n
    return True


def is_constant(value: Any, dtype: np.dtype[Any]) -> bool:
    """Whether a number takes part in a call as a number of this dtype."""
    if type(value) is int:
        return abs(value) <= 1 << 24  # a float of each dtype
    return type(value) is float or type(value) is dtype.type


def is_array(value: Any) -> bool:
    return type(value) is Variable and value.kind is np.ndarray


def repeated(array: Any) -> Any:
    """The number that an array repeats, or the array."""
    same = array.tobytes() == array[:1].tobytes() * len(array)
    return array[0] if same else array


def one_by_one(fun: Any, *columns: Any) -> Any:
    """The results of a function for one number after the other."""
    return np.array([fun(*numbers) for numbers in zip(*columns, strict=True)])


@cache
def same_alone(fun: np.ufunc, char: str) -> bool:
    """Whether a ufunc gives the same for many numbers at once and for each alone."""
    known = getattr(np, fun.__name__, None) is fun and char in "fdFD"
    if not known or f"{char * fun.nin}->{char}" not in fun.types:
        return False  # another library's would take long, at such numbers
    x = examples(char)
    shifts = range(len(SPECIAL)) if fun.nin > 1 else (0,)
    with np.errstate(all="ignore"):
        for shift in shifts:
            columns = [np.roll(x, shift * i) for i in range(fun.nin)]
            alone = [fun(*numbers) for numbers in zip(*columns, strict=True)]
            if not agree(fun(*columns), np.array(alone, char)):
                return False
    return True


@cache
def same_in_parts(exponent: float, char: str) -> bool:
    """Whether powers are the same for an array and for its parts."""
    x = examples(char)
    cuts = np.cumsum([1, 2, 3, 5, 8, 13, 21, 34, 64, 65, 127])
    with np.errstate(all="ignore"):
        parts = [part**exponent for part in np.split(x, cuts)]
        return agree(x**exponent, np.concatenate(parts))


def agree(x: Any, y: Any) -> bool:
    """Whether arrays have the same bits, but for those of a nan."""
    real = x.real.dtype
    a, b = np.ravel(x).view(real), np.ravel(y).view(real)
    missing = np.isnan(a)
    same = np.array_equal(missing, np.isnan(b))
    return same and a[~missing].tobytes() == b[~missing].tobytes()


SPECIAL = (0.0, -0.0, np.inf, -np.inf, np.nan, 0.5, 1.0, -1.0)


def examples(char: str) -> Any:
    """Numbers of all sizes, and some that are special, side by side with themselves."""
    sizes = np.geomspace(1e-30, 1e30, 400) * np.tile([1, -1, 1, -1, 1], 80)
    real = np.concatenate([np.linspace(-3, 3, 301), sizes, SPECIAL, SPECIAL])
    with np.errstate(all="ignore"):
        x = real + (1j if char in "FD" else 0) * np.roll(real, 5)
        return x.astype(char)
