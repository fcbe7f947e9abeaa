"""Forward mode from the reverse rules.

A pullback is linear in its cotangent, so its transpose is the pushforward. For
elementwise rules of real numbers the transpose is the same formula; any other pullback
is itself traced, at a zero cotangent, and replayed.
"""

from operator import getitem
from typing import Any

import numpy as np

from fgrad._bind import PART
from fgrad._dispatch import implementation
from fgrad._replay import fit, keep_zeros, one_by_one, replay
from fgrad._rules import Pullback
from fgrad._scatter import Scatter
from fgrad._trace import Box, Node, Trace

__all__ = ["push", "reachable"]


def push(outputs: list[Node], tangents: dict[Node, Any]) -> dict[Node, Any]:
    """Tangents of all nodes that `outputs` depend on, from those of the leaves.

    A node that no tangent reaches is left out: its tangent is zero.
    """
    tangents = dict(tangents)
    with np.errstate(all="ignore"):
        for node in sorted(reachable(outputs), key=lambda node: -node.order):
            for parent, pullback, residuals in node.edges:
                for p, part in _parts(parent):
                    if p in tangents:
                        t = _pushforward(
                            pullback, residuals, node, p, part, tangents[p]
                        )
                        if t is not None:
                            before = tangents.get(node)
                            tangents[node] = t if before is None else _add(before, t)
    return tangents


def reachable(outputs: list[Node]) -> set[Node]:
    seen, stack = set(outputs), list(outputs)
    while stack:
        for parent, _, _ in stack.pop().edges:
            for node, _ in _parts(parent):
                if node not in seen:
                    seen.add(node)
                    stack.append(node)
    return seen


def _parts(parent: Any) -> list[tuple[Node, int | None]]:
    """The nodes of an argument, with their positions if it is a sequence."""
    if type(parent) is tuple:
        return [(node, i) for i, node in enumerate(parent) if node is not None]
    return [(parent, None)]


def _add(a: Any, b: Any) -> Any:
    if type(a) is tuple:
        return tuple(_add(x, y) for x, y in zip(a, b, strict=True))
    return a + b


def _pushforward(
    pullback: Pullback,
    residuals: tuple[Any, ...],
    node: Node,
    parent: Node,
    part: int | None,
    t: Any,
) -> Any:
    """The derivative of one operation along the tangent of one argument.

    ``None`` where the pullback says that it is zero.
    """
    if pullback is PART:
        return t[residuals[0]]
    real = node.dtype is not None and node.dtype.kind == parent.dtype.kind == "f"
    if pullback.rule.elementwise and real and part is None:
        wide = np.broadcast_to(t, node.shape)
        try:
            t = pullback.fun(wide, *residuals)
        except (TypeError, ValueError) as error:
            t = one_by_one(error, pullback, parent, wide, residuals)
        if t is None:
            return None
        t = keep_zeros(t, wide, node, pullback)
        return t if t.dtype == node.dtype else t.astype(node.dtype)
    trace = Trace(f"the transpose of {pullback!r}")
    g, leaves = _zero_cotangent(trace, node)
    try:
        try:
            c = pullback.fun(g, *residuals)
        except (TypeError, ValueError) as error:
            c = one_by_one(error, pullback, parent, g, residuals)
        c = c if part is None else c[part]
        if type(c) is Scatter:
            c, t = c.g, implementation(getitem)(t, c.index)
        elif c is None:
            return None
        else:
            c = fit(c, parent, pullback)
    finally:
        trace.close()
    roots = [(c._node, t)] if type(c) is Box and c._trace is trace else []
    cotangents = replay(roots, consume=True)
    results = tuple(map(cotangents.result, leaves))
    return results if node.dtype is None else results[0]


def _zero_cotangent(trace: Trace, node: Node) -> tuple[Any, list[Node]]:
    """A traced zero like the result of `node`, and its leaves."""
    spaces = node.shape if node.dtype is None else [(node.shape, node.dtype)]
    boxes = tuple(trace.leaf(np.zeros(*space)) for space in spaces)
    return boxes if node.dtype is None else boxes[0], [box._node for box in boxes]
