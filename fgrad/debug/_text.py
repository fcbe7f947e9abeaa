"""A graph as a program, line by line, for terminals."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from fgrad._words.callsite import short
from fgrad.debug._program import Node, Program, Result
from fgrad.debug._values import rows, shortened

__all__ = ["as_text"]

MOST = 400
"""How many nodes are written at most."""

WIDTH = 48
"""How long an operation may be."""

Row = tuple[str, ...]


def as_text(program: Program) -> str:
    """The nodes of a graph, with values, gradients, and the user's lines."""
    nodes = program.nodes
    kept = [*range(len(nodes))]
    if len(nodes) > MOST:
        kept[MOST // 2 : -MOST // 2] = [-1]
    lines: list[Row | str] = []
    group = 0
    for i in kept:
        if i < 0:
            lines.append(f"  ⋯ {len(nodes) - MOST:,} nodes left out ⋯")
            continue
        node = nodes[i]
        if node.group != group:
            lines += _headings(program, group, node.group)
            group = node.group
        indent = "  " * (1 + program.groups[group].depth)
        if node.kind == "error":
            where = f", at {short(node.site)}" if node.site else ""
            lines.append(f"{indent}{node.name}: {node.expression}{where}")
        else:
            lines += _rows(node, indent)
    cells = [line for line in lines if isinstance(line, tuple)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    written = [f"graph of {program.name}", ""]
    for line in lines:
        if isinstance(line, tuple):
            line = "  ".join(map(str.ljust, line, widths)).rstrip()
        written.append(line)
    return "\n".join(written)


def _headings(program: Program, before: int, group: int) -> list[str]:
    """A line for each call that begins here, or goes on."""
    open_groups = {before}
    while before:
        before = program.groups[before].parent
        open_groups.add(before)
    headings: list[str] = []
    while group not in open_groups:
        found = program.groups[group]
        headings.insert(0, f"{'  ' * found.depth}{found.name}:")
        group = found.parent
    return headings


def _rows(node: Node, indent: str) -> Iterator[Row]:
    """What is said of a node: the operation, type, value, gradient and line."""
    head = node.name
    if node.expression:
        head += f" = {shortened(node.expression, WIDTH)}"
    where = short(node.site) if node.site else ""
    outputs = ", ".join(node.outputs)
    for result in node.results or [Result("", "", (), None)]:
        kind = result.kind + (f" {result.shape}" if result.shape else "")
        values = [] if result.value is None else rows(result.value)
        gradients = [] if result.gradient is None else rows(result.gradient)
        if gradients:
            gradients[0] = f"∂ {gradients[0]}"
            gradients[1:] = [f"  {row}" for row in gradients[1:]]
        if result.name:
            kind = f"{result.name} {kind}"
        columns = ([indent + head], [kind], values, gradients, [where], [outputs])
        yield from zip_longest(*columns, fillvalue="")
        head = where = outputs = ""
