"""One run of a function with traced arguments: what all transforms begin with."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import is_dataclass
from typing import Any

import numpy as np

from fgrad._foreign import is_foreign, plain_form
from fgrad._replay import replay
from fgrad._trace import Box, Node, Trace
from fgrad._transforms._explained import explained
from fgrad._tree import (
    Structure,
    flatten,
    in_dataclass,
    leaf_paths,
    tree_map,
    unflatten,
)
from fgrad.errors import ArgnumsError, InputTypeError, OutputTypeError

__all__ = [
    "Argnums",
    "Run",
    "described",
    "label",
    "numbers",
    "positions",
    "sequence",
]

Argnums = int | Sequence[int]


class Run:
    """One call of a function with some of its arguments traced."""

    def __init__(
        self, transform: str, fun: Callable[..., Any], args: Any, argnums: Sequence[int]
    ) -> None:
        self.transform = transform
        self.fun = fun
        self.trace = Trace(f"{transform}({label(fun)})")
        self.inputs: list[tuple[Structure, list[Node]]] = []
        self.args = list(args)
        for argnum in argnums:
            leaves, structure = flatten(args[argnum])
            boxes = [
                self.trace.leaf(self._checked(leaf, argnum, structure, i))
                for i, leaf in enumerate(leaves)
            ]
            self.args[argnum] = unflatten(structure, boxes)
            self.inputs.append((structure, [box._node for box in boxes]))

    def _checked(self, leaf: Any, argnum: int, structure: Structure, i: int) -> Any:
        """A leaf that varies continuously, or an error naming it."""
        kind = type(leaf)
        if kind is float or kind is complex:
            return leaf
        if kind is np.ndarray or kind is Box or isinstance(leaf, np.generic):
            if leaf.dtype.kind in "fc":
                return leaf
        elif isinstance(leaf, np.memmap):
            return self._checked(np.asarray(leaf), argnum, structure, i)
        path = leaf_paths(structure, argument_name(self.fun, argnum))[i]
        what, instead = _described_leaf(leaf, root=structure.type is None)
        if in_dataclass(structure, i):
            instead += ", or mark the field static"
        raise InputTypeError(
            f"{self.transform} cannot differentiate {label(self.fun)} with respect "
            f"to argument {argnum}: {path} {what}. {instead}."
        )

    def call(
        self, kwargs: dict[str, Any], through: Callable[..., Any] | None = None
    ) -> Any:
        """Run the function, or a transform of it given as `through`.

        Whatever it raises, nothing is left behind.
        """
        try:
            return (through or self.fun)(*self.args, **kwargs)
        except BaseException as error:
            self.trace.close()
            if explained(error) is not error:
                raise explained(error) from None
            raise

    def finish(self, out: Any, has_aux: bool) -> tuple[Any, Any]:
        """Close the trace; split the output of the function into output and aux."""
        self.trace.close()
        if not has_aux:
            return out, None
        if type(out) is not tuple or len(out) != 2:
            raise OutputTypeError(
                f"{self.transform} with has_aux=True needs a pair (output, aux), "
                f"but {label(self.fun)} returned {described(out)}."
            )
        return out[0], tree_map(self.value, out[1])

    def value(self, leaf: Any) -> Any:
        """What a leaf of the output is outside this trace."""
        return leaf._value if self.node(leaf) else leaf

    def node(self, leaf: Any) -> Node | None:
        """The node of a leaf of the output, if it depends on the arguments."""
        mine = type(leaf) is Box and leaf._trace is self.trace
        return leaf._node if mine else None

    def gradients(self, roots: list[tuple[Node, Any]], consume: bool) -> list[Any]:
        """A tree like each differentiated argument."""
        cotangents = replay(roots, consume=consume)
        return [
            unflatten(structure, map(cotangents.result, nodes))
            for structure, nodes in self.inputs
        ]


def _described_leaf(leaf: Any, *, root: bool) -> tuple[str, str]:
    """What a leaf without derivative is, and what to do about it."""
    kind = type(leaf)
    is_a = f"is a {kind.__name__}"
    apart = "Pass it as an argument of its own"
    if root:
        apart = "Leave it out of what is differentiated"
    if kind is np.ndarray or kind is Box or isinstance(leaf, np.generic):
        numbers = leaf.dtype.kind in "biuOmM"
        return f"has dtype {leaf.dtype}", "Convert it to float" if numbers else apart
    if isinstance(leaf, int):
        return f"is the {kind.__name__} {leaf!r}", "Convert it to float"
    if isinstance(leaf, np.ndarray) or is_foreign(kind, ufunc=True):
        return is_a, f"Convert it with {plain_form(kind)}"
    if is_dataclass(leaf) and not isinstance(leaf, type):
        return is_a, "Decorate it with @fgrad.register_dataclass"
    if isinstance(leaf, Iterator):
        return is_a, "Make it a list"
    if isinstance(leaf, str | bytes) or callable(leaf):
        return is_a, apart
    return is_a, f"{apart}, or teach fgrad to take it apart with fgrad.register_node"


def described(value: Any) -> str:
    """A result in words, for messages."""
    if value is None:
        return "None"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of length {len(value)}"
    if isinstance(value, Box | np.ndarray | np.generic):
        return f"an array of shape {value.shape}"
    return f"a {type(value).__name__}"


def label(fun: Callable[..., Any]) -> str:
    """What messages call a function; a transformed one says how: ``grad(loss)``."""
    if hasattr(fun, "transform"):
        return repr(fun)
    return getattr(fun, "__name__", None) or type(fun).__name__


def argument_name(fun: Callable[..., Any], argnum: int) -> str:
    try:
        parameters = list(inspect.signature(fun).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    named = [
        p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    return named[argnum].name if argnum < len(named) else f"args[{argnum}]"


def sequence(argnums: Argnums) -> Sequence[int]:
    """The argnums as a sequence."""
    return argnums if isinstance(argnums, Sequence) else (argnums,)


def numbers(transform: Any, argnums: Argnums) -> list[int]:
    """The argnums as ints, or an error."""
    try:
        found = [operator.index(argnum) for argnum in sequence(argnums)]
    except TypeError:
        found = []
    if not found or isinstance(argnums, str):
        raise ArgnumsError(
            f"argnums={argnums!r} of {transform!r}: give an int, or a non-empty "
            f"sequence of ints; the function's arguments come in a second call, "
            f"{transform!r}(x)"
        )
    return found


def positions(transform: Any, argnums: Argnums, count: int) -> tuple[int, ...]:
    """Positions of the differentiated arguments, counted from the front."""
    name, positions = label(transform.fun), numbers(transform, argnums)
    for position in positions:
        if not -count <= position < count:
            raise ArgnumsError(
                f"argnums={position} of {transform!r}, but {name} was called with "
                f"{count} positional argument{'s' if count != 1 else ''}"
            )
    positions = [position % count for position in positions]
    if len(set(positions)) < len(positions):
        raise ArgnumsError(
            f"argnums={argnums!r} of {transform!r} names an argument twice"
        )
    return tuple(positions)
