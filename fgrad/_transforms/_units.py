"""The Jacobian of a finished run: all its rows, or all its columns.

The tape is recorded once. Reverse mode carries one unit cotangent back for each entry
of the output, forward mode one unit tangent for each entry of the input; in both, the
units of a leaf go through the tape together, as a batch.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from fgrad._engine.box import Box
from fgrad._engine.forward import owned, push
from fgrad._engine.replay import replay
from fgrad._engine.trace import Node, Space, reachable
from fgrad._words.callsite import caller
from fgrad.batching.trace import BatchTrace

__all__ = ["by_columns", "by_rows", "pull"]

ENTRIES = 1 << 16
"""How many numbers the largest array of a batch may have: more would leave the cache,
and take the memory of many tapes."""

Output = tuple[Node | None, Space]
"""A leaf of the output: its node, if it depends on the arguments, and its space."""


Words = Callable[[], bool]
"""Whether to speak about a derivative that is nan."""


def pull(node: Node, g: Any, inputs: list[Node], words: Words) -> list[Any]:
    """Cotangents of the inputs from one of the output."""
    cotangents = replay([(node, g)], consume=False, words=words)
    return [cotangents.result(leaf) for leaf in inputs]


def by_rows(outputs: list[Output], inputs: list[Node], words: Words) -> list[list[Any]]:
    """A block of shape out + in for each output and each input, by reverse mode."""
    table: list[list[Any]] = []
    for node, space in outputs:
        if node is None or not space.size:
            table.append([_zeros(space, leaf) for leaf in inputs])
            continue

        def pulled(g: Any, node: Any = node) -> list[Any]:
            return pull(node, g, inputs, words)

        rows = _for_units(pulled, space, [node])
        if space.dtype.kind == "c" and any(leaf.dtype.kind == "f" for leaf in inputs):
            # A real argument takes the real part: Re(J) from 1, -Im(J) from i.
            turned = _for_units(pulled, space, [node], 1j)
            rows = [
                row - 1j * turn if leaf.dtype.kind == "f" else row
                for row, turn, leaf in zip(rows, turned, inputs, strict=True)
            ]
        table.append(
            [
                _block(np.reshape(row, space.shape + leaf.shape), space, leaf)
                for row, leaf in zip(rows, inputs, strict=True)
            ]
        )
    return table


def by_columns(
    outputs: list[Output], inputs: list[Node], words: Words
) -> list[list[Any]]:
    """A block of shape out + in for each output and each input, by forward mode."""
    nodes = [node for node, _ in outputs if node is not None]
    columns: list[list[Any]] = []
    for leaf in inputs:
        here = Space(leaf.shape, leaf.dtype)
        if not nodes or not here.size:
            columns.append([_zeros(space, leaf) for _, space in outputs])
            continue

        def pushed(t: Any, leaf: Node = leaf) -> list[Any]:
            found = push(nodes, {leaf: t}, words=words)
            return [found.get(node, np.zeros(node.shape, node.dtype)) for node in nodes]

        parts = _for_units(pushed, here, nodes)
        if here.dtype.kind == "c" and any(node.dtype.kind == "f" for node in nodes):
            # Of a real function of x + iy: its derivative is ∂/∂x - i ∂/∂y.
            turned = _for_units(pushed, here, nodes, 1j)
            parts = [
                part - 1j * turn if node.dtype.kind == "f" else part
                for part, turn, node in zip(parts, turned, nodes, strict=True)
            ]
        found = iter(parts)
        columns.append(
            [
                _zeros(space, leaf)
                if node is None
                else _block(_turned(next(found), space, leaf), space, leaf)
                for node, space in outputs
            ]
        )
    return [list(row) for row in zip(*columns, strict=True)]


def _turned(columns: Any, space: Space, leaf: Node) -> Any:
    """Columns along the first axis as a block of shape out + in."""
    return np.reshape(np.moveaxis(columns, 0, -1), space.shape + leaf.shape)


def _dtype(space: Space, leaf: Node) -> np.dtype[Any]:
    """The dtype of a block: that of the argument, complex if the output is."""
    if space.dtype.kind == "c":
        return np.result_type(leaf.dtype, np.complex64)
    return leaf.dtype


def _zeros(space: Space, leaf: Node) -> Any:
    return np.zeros(space.shape + leaf.shape, _dtype(space, leaf))[()]


def _block(block: Any, space: Space, leaf: Node) -> Any:
    """A block of the right dtype, in one piece."""
    dtype = _dtype(space, leaf)
    if type(block) is Box:
        return block if block.dtype == dtype else block.astype(dtype)
    return np.ascontiguousarray(block, dtype).reshape(block.shape)[()]


def _for_units(
    linear: Callable[[Any], list[Any]], space: Space, nodes: list[Node], factor: Any = 1
) -> list[Any]:
    """The images of the unit arrays of a space, stacked in an array of our own."""
    largest = max(prod(n.shape) for n in reachable(nodes) if n.dtype is not None)
    at_once = max(1, ENTRIES // largest)
    site = caller()
    chunks: list[list[Any]] = []
    for start in range(0, space.size, at_once):
        count = min(at_once, space.size - start)
        units = np.eye(count, space.size, start, space.dtype)
        units = units if factor == 1 else factor * units
        trace = BatchTrace("jacobian", count, site)
        found = linear(trace.leaf(units.reshape(count, *space.shape)))
        chunks.append([trace.of_all(part) for part in found])
        trace.close()
    if len(chunks) > 1:
        return [np.concatenate(parts) for parts in zip(*chunks, strict=True)]
    seen: set[int] = set()
    return [owned(part, seen) for part in chunks[0]]
