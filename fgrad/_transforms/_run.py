"""One run of a function with traced arguments: what all transforms begin with."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Sequence
from dataclasses import is_dataclass
from typing import Any

import numpy as np

from fgrad._replay import replay
from fgrad._trace import Box, Node, Trace
from fgrad._tree import Structure, flatten, leaf_paths, tree_map, unflatten
from fgrad.errors import ArgnumsError, ConversionError, InputTypeError, OutputTypeError

__all__ = [
    "Argnums",
    "Run",
    "described",
    "is_array",
    "label",
    "numbers",
    "positions",
    "sequence",
]

Argnums = int | Sequence[int]


class Run:
    """One call of a function with some of its arguments traced."""

    def __init__(
        self,
        transform: str,
        fun: Callable[..., Any],
        args: Any,
        argnums: Sequence[int],
        kind: type[Trace] = Trace,
    ) -> None:
        self.transform = transform
        self.fun = fun
        self.trace = kind(f"{transform}({label(fun)})")
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
        if kind is np.ndarray or isinstance(leaf, np.generic):
            if leaf.dtype.kind in "fc":
                return leaf
            what = f"has dtype {leaf.dtype}. Convert it to float"
        elif kind is float or kind is complex:
            return leaf
        elif kind is Box:
            if leaf.dtype.kind in "fc":
                return leaf
            what = f"has dtype {leaf.dtype}. Convert it to float"
        elif isinstance(leaf, np.memmap):
            return np.asarray(leaf)
        elif isinstance(leaf, int):
            what = f"is the {kind.__name__} {leaf!r}. Convert it to float"
        elif isinstance(leaf, np.ndarray):
            what = f"is a {kind.__name__}. Convert it with np.asarray"
        elif is_dataclass(leaf):
            what = f"is a {kind.__name__}. Decorate it with @fgrad.register_dataclass"
        else:
            what = f"is a {kind.__name__}. Pass it as an argument of its own"
        path = leaf_paths(structure, argument_name(self.fun, argnum))[i]
        raise InputTypeError(
            f"{self.transform} cannot differentiate {label(self.fun)} with respect "
            f"to argument {argnum}: {path} {what}, or mark the field static."
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
            if isinstance(error.__cause__, ConversionError):
                # NumPy hides the reason why out[i] = x failed behind a ValueError.
                raise error.__cause__ from None
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


def described(value: Any) -> str:
    """A result in words, for messages."""
    if value is None:
        return "None"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of length {len(value)}"
    if isinstance(value, Box | np.ndarray | np.generic):
        what = "objects" if value.dtype.hasobject else f"shape {value.shape}"
        return f"an array of {what}"
    return f"a {type(value).__name__}"


def is_array(value: Any) -> bool:
    """Whether a leaf is a number or an array of them: nothing is hidden in it."""
    if isinstance(value, np.ndarray | np.generic):
        return not value.dtype.hasobject
    return isinstance(value, int | float | complex)


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
