"""What decides whether a program is for these arguments: all but the numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fgrad._program.captured import UnseenError
from fgrad._tree import Structure

__all__ = ["Static", "entrance", "is_value", "signature"]


class Static:
    """An argument whose value is part of the signature."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def key(self) -> Any:
        """What is equal for values that are the same, also in the sign of a zero."""
        return type(self.value), _exactly(self.value)


def _exactly(value: Any) -> Any:
    if type(value) is float:
        return value.hex()
    if type(value) is tuple:
        return tuple([(type(item), _exactly(item)) for item in value])
    return value


def is_value(leaf: Any, *, ints: bool = True) -> bool:
    """Whether a leaf is an input of the program, and no part of its signature."""
    kind = type(leaf)
    if kind is np.ndarray or isinstance(leaf, np.generic):
        return leaf.dtype.kind in "biufc"
    return kind is float or kind is complex or (ints and kind is int)


def signature(leaf: Any, *, ints: bool) -> Any:
    """What a program knows of a leaf."""
    kind = type(leaf)
    if kind is Static:
        return leaf.key()
    if is_value(leaf, ints=ints):
        if kind is np.ndarray:
            return leaf.shape, leaf.dtype, leaf.strides
        return kind if kind in (float, complex, int) else (kind, leaf.dtype)
    if isinstance(leaf, np.ndarray):
        raise UnseenError(f"an argument is a {kind.__name__} of dtype {leaf.dtype}")
    if isinstance(leaf, bool | int | str | bytes):
        return kind, leaf
    if hasattr(kind, "__next__"):
        raise UnseenError(f"an argument is a {kind.__name__}, which changes when used")
    return Same(leaf)


class Same:
    """An object as a key: equal to itself only, and kept alive."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return type(other) is Same and other._value is self._value

    def __hash__(self) -> int:
        return id(self._value)


Enter = Callable[[tuple[Any, ...], dict[str, Any]], Any]


def entrance(structure: Structure, leaves: list[Any], *, ints: bool) -> Enter | None:
    """A function that takes arguments apart if they are like these, and fast.

    It returns the inputs of the program, or ``None`` for other arguments. There is none
    for trees of containers that are registered.
    """
    writer = _Writer(ints)
    positional, named = structure.children
    given = iter(leaves)
    try:
        writer.tree(positional, "args", given)
        writer.tree(named, "kwargs", given)
    except LookupError:
        return None
    body = "\n    ".join([*writer.lines, f"return {writer.inputs()}"])
    exec(  # noqa: S102 (the text is made of constants and positions)
        f"def enter(args, kwargs):\n    {body}\n", writer.space
    )
    return writer.space["enter"]


class _Writer:
    """Writes the lines that take a tree apart."""

    def __init__(self, ints: bool) -> None:
        self.ints = ints
        self.lines: list[str] = []
        self.space: dict[str, Any] = {"ndarray": np.ndarray}
        self._count = 0
        self._inputs: list[str] = []

    def inputs(self) -> str:
        return f"({''.join(f'{name}, ' for name in self._inputs)})"

    def _name(self, value: Any) -> str:
        name = f"k{len(self.space)}"
        self.space[name] = value
        return name

    def _unless(self, condition: str) -> None:
        self.lines.append(f"if {condition}: return None")

    def tree(self, structure: Structure, text: str, leaves: Iterator[Any]) -> None:
        """Lines for a tree that the expression `text` stands for."""
        kind = structure.type
        if kind is None:
            self._leaf(next(leaves), text)
        elif kind is type(None):
            self._unless(f"{text} is not None")
        elif kind is tuple or kind is list:
            count = len(structure.children)
            self._unless(
                f"type({text}) is not {kind.__name__} or len({text}) != {count}"
            )
            for i, child in enumerate(structure.children):
                self.tree(child, f"{text}[{i}]", leaves)
        elif kind is dict:
            keys = structure.static[-1]
            if not all(type(key) is str for key in keys):
                raise LookupError
            given = f"type({text}) is not dict or "
            self._unless(f"{given}tuple({text}) != {keys!r}" if keys else text)
            for key, child in zip(keys, structure.children, strict=True):
                self.tree(child, f"{text}[{key!r}]", leaves)
        else:
            raise LookupError

    def _leaf(self, given: Any, text: str) -> None:
        leaf: Any = given
        if type(given) is Static:
            leaf = given.value
            if not isinstance(leaf, bool | int | str | bytes | None):
                raise LookupError
        name = f"a{self._count}"
        self._count += 1
        self.lines.append(f"{name} = {text}")
        kind = type(leaf)
        if type(given) is Static or not is_value(leaf, ints=self.ints):
            if isinstance(leaf, bool | int | str | bytes):
                wanted = f"type({name}) is not {self._name(kind)} or {name} != {leaf!r}"
            else:
                wanted = f"{name} is not {self._name(leaf)}"
            self._unless(wanted)
            return
        self._inputs.append(name)
        if isinstance(leaf, np.ndarray):
            self._unless(
                f"type({name}) is not ndarray or {name}.shape != {leaf.shape!r} or "
                f"{name}.dtype != {self._name(leaf.dtype)} or "
                f"{name}.strides != {leaf.strides!r}"
            )
        else:
            self._unless(f"type({name}) is not {self._name(kind)}")
