"""How `vmap` computes a function with a derivative of the user's: that is mapped, too.

The call for all examples is again a function with a derivative of its own. It has one
only for the traces outside: where there are none, the function itself is called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fgrad._engine.box import Box, innermost
from fgrad._engine.pulling import pulled_again
from fgrad._engine.rules import Rule
from fgrad._transforms._custom import Custom, custom_call, skipped, space_of
from fgrad._transforms._values import label
from fgrad._transforms.custom import CustomVJP, PulledCall, backward
from fgrad._transforms.custom_forward import CustomJVP
from fgrad._transforms.vmap import Vmap
from fgrad._tree import Structure, flatten, tree_map, unflatten
from fgrad.batching.loops import batcher
from fgrad.batching.trace import BatchTrace


@batcher(custom_call, runs_user_code=True)
def mapped(trace: BatchTrace, rule: Rule, args: Any, kwargs: Any) -> Any:
    """The call for all examples."""
    custom, structure, *leaves = args
    mine = [trace.holds(leaf) for leaf in leaves]
    values = [x._value if m else x for x, m in zip(leaves, mine, strict=True)]
    if innermost(value for value in values if type(value) is Box) is None:
        return custom.fun(*unflatten(structure, leaves))
    whole = Whole(custom, structure, leaves, mine, trace.size)
    with_rule = isinstance(custom, CustomJVP)
    fun = whole.with_rule() if with_rule else whole.with_pullback()
    return tree_map(trace.leaf, fun(*values))


class Whole:
    """A function with a derivative, of the leaves for all examples."""

    def __init__(
        self,
        custom: Any,
        structure: Structure,
        leaves: list[Any],
        mine: list[bool],
        size: int,
    ) -> None:
        self.custom = custom
        self.structure = structure
        self.mine = mine
        """Which leaves are mapped; the others are the same for all examples."""
        self.axes = tuple(0 if m else None for m in mine)
        self.size = size
        self.nondiff = skipped(custom, unflatten(structure, leaves))
        self.spaces = tuple(map(space_of, leaves))

    def _values(self) -> Callable[..., Any]:
        """The values for all examples."""

        def fun(*leaves: Any) -> Any:
            return self.custom.fun(*unflatten(self.structure, leaves))

        fun.__name__ = fun.__qualname__ = label(self.custom)
        return Vmap(fun, self.axes, 0)

    def with_rule(self) -> Custom:
        """For `custom_jvp`: the rule is mapped."""

        def tangent(primals: Any, tangents: Any) -> Any:
            (nondiff, primals), (_, tangents) = map(self._apart, (primals, tangents))
            return self.custom.tangent(nondiff, primals, tangents)

        def rule(primals: Any, tangents: Any) -> Any:
            axes = self.axes, self.axes
            return None, Vmap(tangent, axes, 0)(primals, tangents)

        whole = CustomJVP(self._values())
        whole.defjvp(rule)
        return whole

    def _apart(self, leaves: Any) -> tuple[list[Any], tuple[Any, ...]]:
        """The arguments that are not differentiated, and those that are."""
        args = unflatten(self.structure, leaves)
        nondiff = [args[i] for i in sorted(self.nondiff)]
        return nondiff, tuple(x for i, x in enumerate(args) if i not in self.nondiff)

    def with_pullback(self) -> Custom:
        """For `custom_vjp`: `fwd` and `bwd` see one example each."""
        whole = CustomVJP(self._values())
        whole.defvjp(self._fwd, self._bwd)
        return whole

    def _fwd(self, *values: Any) -> tuple[Any, Any]:
        batch = BatchTrace(f"the fwd of {label(self.custom)}", self.size)
        args = unflatten(self.structure, _boxed(batch, values, self.mine))
        out, residuals = self.custom.forward(*args)
        batch.close()
        call = PulledCall(self.custom, args, self.nondiff, out, residuals)
        batched = [batch.holds(leaf) for leaf in call.kept]
        kept = [x._value if m else x for x, m in zip(call.kept, batched, strict=True)]
        return tree_map(batch.of_all, out), (call, batched, kept)

    def _bwd(self, residuals: Any, g: Any) -> tuple[Any, ...]:
        call, batched, kept = residuals
        batch = BatchTrace(f"the bwd of {label(self.custom)}", self.size)
        parts = tuple(map(batch.leaf, flatten(g)[0]))
        here = _boxed(batch, kept, batched)
        try:
            found = backward(parts, call, here)
        except (TypeError, ValueError) as error:
            pullback, rest = self.custom.pullback, (call, here)
            found = pulled_again(error, pullback, self.spaces, parts, rest)
        batch.close()
        every = [None if c is None else batch.of_all(c) for c in found]
        return tuple(
            c if m or c is None else np.sum(c, axis=0)
            for c, m in zip(every, self.mine, strict=True)
        )


def _boxed(batch: BatchTrace, values: Any, mapped: list[bool]) -> list[Any]:
    """Values for one example, where some are given for all of them."""
    return [batch.leaf(x) if m else x for x, m in zip(values, mapped, strict=True)]
