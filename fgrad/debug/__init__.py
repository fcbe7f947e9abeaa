"""What fgrad knows and does: `checks`, `coverage`, `graph`, `loops`."""

from fgrad._coverage import Coverage, Entry, coverage
from fgrad.batching.loops import Loop
from fgrad.debug._checks import checks
from fgrad.debug._graph import Graph, graph
from fgrad.debug._loops import loops
from fgrad.debug._program import Group, Node, Result

__all__ = [
    "Coverage",
    "Entry",
    "Graph",
    "Group",
    "Loop",
    "Node",
    "Result",
    "checks",
    "coverage",
    "graph",
    "loops",
]
