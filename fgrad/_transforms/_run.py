"""One run of a function with traced arguments: what all transforms begin with."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import is_dataclass
from typing import Any

import numpy as np

from fgrad._replay import replay
from fgrad._rules import Rule
from fgrad._trace import Box, Node, Space, Trace
from fgrad._transforms._checks import (
    check_function,
    described,
    described_leaf,
    numeric_space,
)
from fgrad._transforms._explained import explained
from fgrad._transforms._located import located
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
    "integers",
    "label",
    "numbers",
    "positions",
    "sequence",
]

Argnums = int | Sequence[int]

WITH_AUX = {
    *("grad", "hessian", "jacfwd", "jacobian", "jacrev", "jvp", "value_and_grad"),
    *("value_and_jacobian", "vjp"),
}


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
        check_function(transform, fun, f"{transform}(fun, ...)")
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
        if kind is float or kind is complex:
            return leaf
        if kind is np.ndarray or kind is Box or isinstance(leaf, np.generic):
            if leaf.dtype.kind in "fc":
                return leaf
        elif isinstance(leaf, np.memmap):
            return self._checked(np.asarray(leaf), argnum, structure, i)
        path = leaf_paths(structure, argument_name(self.fun, argnum))[i]
        what, instead = described_leaf(leaf, root=structure.type is None)
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
            with located():
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
        if type(leaf) is not Box:
            return None
        if leaf._trace is self.trace:
            return leaf._node
        if leaf._trace.id > self.trace.id:  # of a transform inside, which has finished
            leaf._trace.interpret(Rule(self.fun), (leaf,), {})
        return None

    def outputs(self, out: Any) -> list[tuple[Any, Node | None, Space]]:
        """The leaves of the output, each with its node, shape and dtype."""
        if out is None:
            raise OutputTypeError(
                f"{self.transform} needs a tree of arrays as output, but "
                f"{label(self.fun)} returned None. Did it forget its return?"
            )
        leaves, found = flatten(out)[0], []
        for leaf in leaves:
            here = numeric_space(leaf)
            if here is None:
                raise OutputTypeError(
                    f"{self.transform} needs a tree of arrays as output, but "
                    f"{label(self.fun)} returned {described(leaf)}. "
                    f"{self._instead_of(leaf)}"
                )
            found.append((leaf, self.node(leaf), here))
        return found

    def _instead_of(self, leaf: Any) -> str:
        """What to return in place of a leaf that is not numbers."""
        if type(leaf) is np.ndarray and leaf.dtype == object:
            return "Make it a plain one: fgrad.numpy.array(x.tolist())."
        if is_dataclass(leaf):
            return "Decorate it with @fgrad.register_dataclass."
        if self.transform in WITH_AUX:
            return "Return other data with has_aux=True."
        return "Return numbers and arrays only."

    def gradients(self, roots: list[tuple[Node, Any]], consume: bool) -> list[Any]:
        """A tree like each differentiated argument."""
        cotangents = replay(roots, consume=consume)
        return [
            unflatten(structure, map(cotangents.result, nodes))
            for structure, nodes in self.inputs
        ]


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


def integers(argnums: Argnums) -> list[int] | None:
    """The argnums as ints; ``None`` if one of them is something else."""
    given = sequence(argnums)
    try:
        found = [operator.index(n) for n in given if type(n) is not bool]
    except TypeError:
        return None
    return found if len(found) == len(given) else None


def numbers(transform: Any, argnums: Argnums) -> list[int]:
    """The argnums as ints, or an error."""
    found = integers(argnums)
    if not found:
        raise ArgnumsError(
            f"argnums={argnums!r} of {transform!r}: give an int, or a non-empty "
            f"sequence of ints; the function's arguments come in a second call, "
            f"{transform!r}(x)"
        )
    return found


def positions(
    transform: Any, argnums: Argnums, count: int, named: Iterable[str]
) -> tuple[int, ...]:
    """Positions of the differentiated arguments, counted from the front."""
    name, positions = label(transform.fun), numbers(transform, argnums)
    for position in positions:
        if not -count <= position < count:
            more = f"; pass {', '.join(named)} by position" if named else ""
            raise ArgnumsError(
                f"argnums={position} of {transform!r}, but {name} was called with "
                f"{count} positional argument{'s' if count != 1 else ''}{more}"
            )
    positions = [position % count for position in positions]
    if len(set(positions)) < len(positions):
        raise ArgnumsError(
            f"argnums={argnums!r} of {transform!r} names an argument twice"
        )
    return tuple(positions)
