"""What fgrad knows and does: `checks`, `graph`, `memory`, `profile` and others."""

from fgrad._coverage import Coverage, Entry, coverage
from fgrad.batching.loops import Loop
from fgrad.debug._checks import checks
from fgrad.debug._graph import Graph, graph
from fgrad.debug._loops import loops
from fgrad.debug._memory import Memory, memory
from fgrad.debug._profile import Cost, Profile, profile
from fgrad.debug._program import Group, Node, Result

__all__ = [
    "Cost",
    "Coverage",
    "Entry",
    "Graph",
    "Group",
    "Loop",
    "Memory",
    "Node",
    "Profile",
    "Result",
    "checks",
    "coverage",
    "graph",
    "loops",
    "memory",
    "profile",
]
