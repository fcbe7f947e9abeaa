"""A function with a derivative of the user's: what such functions have in common.

A call is one operation on the leaves of its arguments, whatever runs inside. Which
derivative that operation has, by `custom_vjp` or `custom_jvp`, is up to subclasses.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from fgrad._engine.bind import record_tree
from fgrad._engine.box import Box, boxes_in, innermost, space
from fgrad._engine.rules import Pullback, Rule
from fgrad._engine.trace import Space
from fgrad._transforms._argnums import Argnums, as_ints
from fgrad._transforms._values import check_function, label
from fgrad._transforms._wrapped import Wrapped
from fgrad._tree import Structure, flatten, unflatten
from fgrad._words.callsite import at, no_rule
from fgrad.errors import ArgnumsError, ConversionError

__all__ = ["CUSTOM_CALL", "Call", "Custom", "custom_call", "skipped", "space_of"]


class Custom(Wrapped):
    """A function that is one operation on the leaves of its arguments."""

    decorator = ""
    """The name of what makes it."""

    setter = ""
    """How its derivative is set."""

    def __init__(self, fun: Callable[..., Any], nondiff_argnums: Argnums = ()) -> None:
        name = self.decorator
        check_function(name, fun, f"{name}(fun)")
        super().__init__(fun)
        self.nondiff_argnums = self._as_argnums(nondiff_argnums)

    # What subclasses say

    @property
    def is_set(self) -> bool:
        """Whether the user has given the derivative."""
        raise NotImplementedError

    def called(
        self, args: tuple[Any, ...], nondiff: set[int], moved: list[bool]
    ) -> tuple[Any, Call]:
        """The output for these values, and what its derivative must know.

        Of the leaves of the arguments, some have `moved`: they are differentiated.
        """
        raise NotImplementedError

    def rule(self) -> Rule:
        """The operation, with a pullback for all its arguments together."""
        raise NotImplementedError

    # What all do

    @cached_property
    def signature(self) -> inspect.Signature | None:
        """How keywords become positional arguments; a ufunc's are options only."""
        if isinstance(self.fun, np.ufunc):
            return None
        try:
            return inspect.signature(self.fun)
        except (TypeError, ValueError):
            return None

    @cached_property
    def pullback(self) -> Pullback:
        """The rule, as replay wants it; its name says whose it is."""
        rule = self.rule()
        rule.whole = True
        return rule.pullbacks["its arguments"]

    def __getstate__(self) -> dict[str, Any]:
        cached = ("signature", "pullback")
        return {k: v for k, v in self.__dict__.items() if k not in cached}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args = self._positional(args, kwargs)
        leaves, structure = flatten(args)
        trace = innermost(leaf for leaf in leaves if type(leaf) is Box)
        if trace is None:
            if any(map(_hides_boxes, leaves)):
                raise ConversionError(
                    at(
                        f"{label(self)} has a {self.decorator} and cannot take traced "
                        f"values in an array of objects; pass a list, or "
                        f"fgrad.numpy.array of it"
                    )
                )
            return self.fun(*args)
        name = label(self)
        if not self.is_set:
            raise no_rule(f"{name}: set it with {name}.{self.setter}")
        nondiff = skipped(self, args)
        if trace.prefers(custom_call):
            whole = (self, structure, *leaves)
            return trace.interpret(CUSTOM_CALL, whole, {}, custom_call)
        if trace.opaque:
            return self.fun(*args)  # the operations in it are interpreted
        mine = [trace.holds(leaf) for leaf in leaves]
        if not trace.open:
            trace.leaked(leaves[mine.index(True)])
        values = [x._value if m else x for x, m in zip(leaves, mine, strict=True)]
        out, call = self.called(unflatten(structure, values), nondiff, mine)
        for leaf in flatten((out, call.kept))[0]:
            if type(leaf) is Box and leaf._trace.id >= trace.id:
                raise ConversionError(leaf._trace.enclosed(name))
        parents = tuple(
            x._node if m else None for x, m in zip(leaves, mine, strict=True)
        )
        return record_tree(trace, out, parents, self.pullback, (call, call.kept))

    def _positional(self, args: tuple[Any, ...], kwargs: Any) -> tuple[Any, ...]:
        """All arguments by position, with defaults: those that cotangents are for."""
        named = kwargs
        if self.signature is not None:
            bound = self.signature.bind(*args, **kwargs)
            named = bound.kwargs  # keyword-only ones that are not given stay out
            bound.apply_defaults()
            args = bound.args
        if named:
            raise TypeError(
                f"{label(self)} has a {self.decorator}, so its arguments are passed by "
                f"position; it cannot take the keywords {sorted(named)}"
            )
        return args

    def _as_argnums(self, given: Argnums) -> tuple[int, ...]:
        found = as_ints(given)
        if found is None:
            raise ArgnumsError(
                f"nondiff_argnums={given!r} of {self.decorator}({label(self)}): give "
                f"an int, or a sequence of ints"
            )
        return tuple(found)


def custom_call(custom: Custom, structure: Structure, *leaves: Any) -> Any:
    """A call as one operation on its leaves, for traces that prefer to have it so."""
    return custom(*unflatten(structure, leaves))


CUSTOM_CALL = Rule(custom_call)


def skipped(custom: Custom, args: tuple[Any, ...]) -> set[int]:
    """Positions of the arguments that are not differentiated."""
    name, count = label(custom), len(args)
    for argnum in custom.nondiff_argnums:
        if not -count <= argnum < count:
            raise ArgnumsError(
                f"nondiff_argnums={custom.nondiff_argnums} of "
                f"{custom.decorator}({name}), but {name} was called with {count} "
                f"arguments"
            )
    positions = {argnum % count for argnum in custom.nondiff_argnums}
    for i in positions:
        for leaf in flatten(args[i])[0]:
            while type(leaf) is Box:
                if not leaf._trace.opaque:
                    raise ArgnumsError(
                        f"argument {i} of {name} is in nondiff_argnums, but is "
                        f"traced by {leaf._trace.name}. Take it out of "
                        f"nondiff_argnums, or pass stop_gradient of it."
                    )
                leaf = leaf._value
    return positions


def _hides_boxes(leaf: Any) -> bool:
    """Whether a leaf is an array of objects of which some are traced."""
    objects = type(leaf) is np.ndarray and leaf.dtype == object
    return objects and bool(boxes_in([*leaf.flat]))


class Call:
    """One call: all that its derivative must know, and the values that it keeps."""

    def __init__(self, custom: Any, out: Any, kept: Any) -> None:
        self.custom = custom
        self.output = flatten(out)[1]
        """The structure of the output."""
        self.kept, self.structure = flatten(kept)
        """Leaves, which may be batched; given to the pullback beside this."""


def space_of(leaf: Any) -> Space | None:
    """Shape and dtype of an array; ``None`` for other leaves, such as strings."""
    if isinstance(leaf, np.ndarray | np.generic | int | float | complex):
        return Space(*space(leaf))
    return None
