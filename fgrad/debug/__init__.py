"""What fgrad knows and does: `checks`, `graph`, `memory`, `profile` and others."""

from fgrad._coverage import Coverage, Entry, coverage
from fgrad._program.eager import Eager
from fgrad.batching.loops import Loop
from fgrad.debug._checks import checks
from fgrad.debug._compiled import eager, source
from fgrad.debug._cost import Cost
from fgrad.debug._graph import Graph, graph
from fgrad.debug._loops import loops
from fgrad.debug._memory import Memory, memory
from fgrad.debug._profile import Profile, profile
from fgrad.debug._program import Group, Node, Result

__all__ = [
    "Cost",
    "Coverage",
    "Eager",
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
    "eager",
    "graph",
    "loops",
    "memory",
    "profile",
    "source",
]
