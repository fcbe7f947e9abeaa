"""One run of a function with traced arguments: what all transforms begin with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import is_dataclass
from typing import Any

import numpy as np

from fgrad._engine.blame import is_finite
from fgrad._engine.box import Box, primal
from fgrad._engine.memory import own, taken_in
from fgrad._engine.replay import replay
from fgrad._engine.trace import Node, Space, Tape, Trace, kind_of
from fgrad._transforms._argnums import argument_name
from fgrad._transforms._running import running, up_to_date
from fgrad._transforms._values import (
    check_function,
    described,
    described_leaf,
    label,
    numeric_space,
)
from fgrad._tree import (
    Structure,
    flatten,
    in_dataclass,
    leaf_paths,
    tree_map,
    unflatten,
)
from fgrad.errors import InputTypeError, OutputTypeError

__all__ = ["Run"]


class Run:
    """One call of a function with some of its arguments traced."""

    def __init__(
        self,
        transform: str,
        fun: Callable[..., Any],
        args: Any,
        argnums: Sequence[int],
        *,
        kind: type[Trace] = Tape,
        takes_aux: bool = True,
        allow_int: bool | None = None,
    ) -> None:
        check_function(transform, fun, f"{transform}(fun, ...)")
        self.transform = transform
        self.takes_aux = takes_aux
        """Whether the transform has the option `has_aux`."""
        self.allow_int = allow_int
        """Whether integers are differentiated at their float value; ``None`` for a
        transform without this option."""
        self.fun = fun
        self.trace: Trace = kind_of(kind)(f"{transform}({label(fun)})")
        self.inputs: list[tuple[Structure, list[Node]]] = []
        self._numbers: list[Any] = []
        self.args = list(args)
        for argnum in argnums:
            leaves, structure = flatten(args[argnum])
            boxes = [
                self.trace.leaf(self._checked(leaf, argnum, structure, i))
                for i, leaf in enumerate(map(taken_in, leaves))
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
        integer = _as_float(leaf)
        if integer is not None and self.allow_int:
            return integer
        path = leaf_paths(structure, argument_name(self.fun, argnum))[i]
        what, instead = described_leaf(leaf, root=structure.type is None)
        ways = [instead]
        if integer is not None and self.allow_int is not None:
            ways.append("pass allow_int=True")
        if in_dataclass(structure, i):
            ways.append("mark the field static")
        if len(ways) > 1:
            ways[-1] = f"or {ways[-1]}"
        raise InputTypeError(
            f"{self.transform} cannot differentiate {label(self.fun)} with respect "
            f"to argument {argnum}: {path} {what}. {', '.join(ways)}."
        )

    def call(
        self, kwargs: dict[str, Any], through: Callable[..., Any] | None = None
    ) -> Any:
        """Run the function, or a transform of it given as `through`."""
        with running(self.trace):
            return up_to_date((through or self.fun)(*self.args, **kwargs))

    def finish(self, out: Any, has_aux: bool) -> tuple[Any, Any]:
        """Close the trace; split the output of the function into output and aux."""
        self.trace.close()
        if type(out) is Box:  # the usual output of a function
            self._numbers = [] if out._node.shape else [out]
        else:
            leaves = flatten(out[0] if has_aux and isinstance(out, tuple) else out)[0]
            self._numbers = [primal(leaf) for leaf in leaves if np.size(leaf) == 1]
        if not has_aux:
            return out, None
        if not isinstance(out, tuple) or len(out) != 2:
            raise OutputTypeError(
                f"{self.transform} with has_aux=True needs a pair (output, aux), "
                f"but {label(self.fun)} returned {described(out)}."
            )
        return out[0], tree_map(self.value, out[1])

    def is_finite(self) -> bool:
        """Whether the output is finite: else its derivative needs no words."""
        return all(map(is_finite, self._numbers))

    def value(self, leaf: Any) -> Any:
        """The value that a leaf of the output has outside this trace."""
        if not self.node(leaf):
            return leaf
        value = leaf._value
        return own(value) if type(value) is Box else value

    def node(self, leaf: Any) -> Node | None:
        """The node of a leaf of the output, if it depends on the arguments."""
        if type(leaf) is not Box:
            return None
        if leaf._trace is self.trace:
            return leaf._node
        if leaf._trace.id > self.trace.id:  # of a transform inside, which has finished
            leaf._trace.leaked(leaf)
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
        """The advice for a leaf of the output that is not numbers."""
        if type(leaf) is np.ndarray and leaf.dtype == object:
            return "Make it a plain one: fgrad.numpy.array(x.tolist())."
        if is_dataclass(leaf):
            return "Decorate it with @fgrad.register_dataclass."
        if self.takes_aux:
            return "Return other data with has_aux=True."
        return "Return numbers and arrays only."

    def gradients(self, roots: list[tuple[Node, Any]], consume: bool) -> list[Any]:
        """A tree like each differentiated argument."""
        cotangents = replay(roots, consume=consume, words=self.is_finite)
        return [
            unflatten(structure, map(cotangents.result, nodes))
            for structure, nodes in self.inputs
        ]


def _as_float(leaf: Any) -> Any:
    """An integer, or an array of them, as floats; ``None`` for other leaves."""
    if type(leaf) is int:
        return float(leaf)
    array = type(leaf) is np.ndarray or type(leaf) is Box
    if (array or isinstance(leaf, np.integer)) and leaf.dtype.kind in "iu":
        return leaf.astype(np.float64)
    return None
