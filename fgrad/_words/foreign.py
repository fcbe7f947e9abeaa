"""Arguments of other kinds: subclasses of ndarray, types of other libraries, sequences.

They take part in NumPy's calls by rules of their own (masks, labels, units), which no
pullback knows. What NumPy merely reads as an array is read here, too.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import lru_cache
from typing import Any, NoReturn

import numpy as np

from fgrad._words.callsite import no_rule

__all__ = [
    "PLAIN_ARGUMENTS",
    "is_foreign",
    "is_iterable",
    "is_looked_into",
    "is_sequence",
    "operand",
    "plain_form",
    "reads_as_array",
    "refuse_foreign",
    "sequence_of",
]

PLAIN_ARGUMENTS = frozenset(
    {np.ndarray, bool, int, float, complex, str, slice, type(None), type(...)}
    | {np.bool_, np.int32, np.int64, np.intp}
    | {np.float32, np.float64, np.complex64, np.complex128}
)
"""The usual types of an argument, of which none is foreign; others are looked at."""

PLAIN_FORMS = {
    "toarray": ".toarray()",
    "to_numpy": ".to_numpy()",
    "filled": ".filled(value)",
}
"""How such types give a plain array, by their method for it."""


def operand(value: Any, *, ufunc: bool) -> Any:
    """An argument of a NumPy function as NumPy takes it, or an error.

    Ufuncs, operators among them, ask other protocols than functions do.
    """
    kind: Any = type(value)
    if kind in PLAIN_ARGUMENTS:
        return value
    if is_foreign(kind, ufunc=ufunc):
        refuse_foreign(kind)
    return np.asarray(value) if reads_as_array(kind) else value


def is_foreign(kind: Any, *, ufunc: bool) -> bool:
    """Whether arrays of this type have rules of their own."""
    if issubclass(kind, np.ndarray):
        return kind is not np.ndarray and not issubclass(kind, np.memmap)
    if issubclass(kind, np.generic) or kind.__module__.startswith("fgrad."):
        return False
    if hasattr(kind, "__array_priority__"):
        return ufunc or not reads_as_array(kind)
    return hasattr(kind, "__array_ufunc__" if ufunc else "__array_function__")


def reads_as_array(kind: Any) -> bool:
    """Whether `np.asarray` gets an array from it; NumPy's own do not need that."""
    if issubclass(kind, np.ndarray | np.generic):
        return False
    return hasattr(kind, "__array__") or hasattr(kind, "__array_interface__")


@lru_cache
def is_sequence(kind: type) -> bool:
    """Whether NumPy reads values of this type as lists: also named tuples, deques."""
    return issubclass(kind, Sequence) and not issubclass(kind, _NUMBERS_AND_TEXT)


@lru_cache
def is_looked_into(kind: type) -> bool:
    """Whether traced values are looked for in it: in the values of a dict, too."""
    return kind is _DICT_VALUES or is_sequence(kind)


_DICT_VALUES = type({}.values())


@lru_cache
def is_iterable(kind: type) -> bool:
    """Whether values of this type can be gone through, but NumPy does not read them."""
    if is_sequence(kind) or reads_as_array(kind):
        return False
    others = (np.ndarray, np.generic, Mapping, Set, *_NUMBERS_AND_TEXT)
    return issubclass(kind, Iterable) and not issubclass(kind, others)


_NUMBERS_AND_TEXT = str, bytes, bytearray, memoryview, range, array


def sequence_of(parts: Iterable[Any], kind: Any) -> Any:
    """Other parts in place of those of a sequence, for NumPy and for user's functions.

    A named tuple stays one; of other types it is not known how they are made.
    """
    if not issubclass(kind, tuple):
        return list(parts)
    return kind(*parts) if hasattr(kind, "_fields") else tuple(parts)


def plain_form(kind: Any) -> str:
    """How to make a plain array of one of this type."""
    forms = (form for name, form in PLAIN_FORMS.items() if hasattr(kind, name))
    return next(forms, "np.asarray")


def refuse_foreign(kind: Any) -> NoReturn:
    """Say what to write instead."""
    raise no_rule(
        f"arrays of type {kind.__name__}; make them plain ones with {plain_form(kind)} "
        f"first, or wrap the step in fgrad.primitive"
    )
