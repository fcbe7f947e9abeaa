"""A whole function recorded as one operation."""

from __future__ import annotations

from typing import Any

from fgrad._bind import PART
from fgrad._callsite import caller
from fgrad._rules import Pullback
from fgrad._trace import Box, Node, Space, Trace, space, tick
from fgrad._tree import flatten, unflatten

__all__ = ["innermost", "record"]


def innermost(leaves: list[Any]) -> Trace | None:
    """The youngest trace among traced leaves; ``None`` if nothing is traced."""
    traces = [leaf._trace for leaf in leaves if type(leaf) is Box]
    return max(traces, key=lambda trace: trace.id, default=None)


def record(
    trace: Trace,
    out: Any,
    parents: tuple[Node | None, ...],
    pullback: Pullback,
    residuals: tuple[Any, ...],
) -> Any:
    """The tree `out` of values as the results of one operation.

    The pullback gets a tuple with one cotangent for each leaf of `out`, and returns one
    for each of `parents`. Leaves that are not floating-point stay plain.
    """
    leaves, structure = flatten(out)
    spaces = tuple(Space(*space(leaf)) for leaf in leaves)
    site = caller()
    node = trace.made(tick(), spaces, None, ((parents, pullback, residuals),), *site)
    return unflatten(
        structure,
        [
            Box(
                leaf,
                trace,
                trace.made(tick(), *here, ((node, PART, (i,)),), *site),
            )
            if here.dtype.kind in "fc"
            else leaf
            for i, (leaf, here) in enumerate(zip(leaves, spaces, strict=True))
        ],
    )
