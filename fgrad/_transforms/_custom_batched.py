"""How `vmap` computes a function with a pullback of the user's: that is mapped, too."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad._engine.box import Box, innermost
from fgrad._engine.replay import pulled_again
from fgrad._engine.rules import Rule
from fgrad._transforms._values import label
from fgrad._transforms.custom import (
    Call,
    CustomVJP,
    backward,
    custom_call,
    skipped,
    space_of,
)
from fgrad._transforms.vmap import Vmap
from fgrad._tree import flatten, tree_map, unflatten
from fgrad.batching.loops import batcher
from fgrad.batching.trace import BatchTrace


@batcher(custom_call, runs_user_code=True)
def mapped(trace: BatchTrace, rule: Rule, args: Any, kwargs: Any) -> Any:
    """The call for all examples, as a function of all examples with its own pullback.

    It has one only for the traces outside: where there are none, the function itself
    is called.
    """
    custom, structure, *leaves = args
    mine = [trace.holds(leaf) for leaf in leaves]
    values = [x._value if m else x for x, m in zip(leaves, mine, strict=True)]
    if innermost(value for value in values if type(value) is Box) is None:
        return custom.fun(*unflatten(structure, leaves))
    positions = skipped(custom, unflatten(structure, leaves))
    spaces = tuple(map(space_of, leaves))
    name = label(custom)

    def fun(*leaves: Any) -> Any:
        return custom.fun(*unflatten(structure, leaves))

    def fwd(*values: Any) -> tuple[Any, Any]:
        batch = BatchTrace(f"the fwd of {name}", trace.size)
        args = unflatten(structure, _boxed(batch, values, mine))
        out, residuals = custom.forward(*args)
        batch.close()
        call = Call(custom, args, positions, out, residuals)
        batched = [batch.holds(leaf) for leaf in call.kept]
        kept = [x._value if m else x for x, m in zip(call.kept, batched, strict=True)]
        return tree_map(batch.of_all, out), (call, batched, kept)

    def bwd(residuals: Any, g: Any) -> tuple[Any, ...]:
        call, batched, kept = residuals
        batch = BatchTrace(f"the bwd of {name}", trace.size)
        parts = tuple(map(batch.leaf, flatten(g)[0]))
        here = _boxed(batch, kept, batched)
        try:
            found = backward(parts, call, here)
        except (TypeError, ValueError) as error:
            found = pulled_again(error, custom.pullback, spaces, parts, (call, here))
        batch.close()
        every = [None if c is None else batch.of_all(c) for c in found]
        return tuple(
            c if m or c is None else np.sum(c, axis=0)
            for c, m in zip(every, mine, strict=True)
        )

    axes = tuple(0 if m else None for m in mine)
    fun.__name__ = fun.__qualname__ = name
    whole = CustomVJP(Vmap(fun, axes, 0))
    whole.defvjp(fwd, bwd)
    return tree_map(trace.leaf, whole(*values))


def _boxed(batch: BatchTrace, values: Any, mapped: list[bool]) -> list[Any]:
    """Values for one example, where some are given for all of them."""
    return [batch.leaf(x) if m else x for x, m in zip(values, mapped, strict=True)]
