"""What a function computed, written down: the nodes of its graph, in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from fgrad._words.callsite import Site

__all__ = ["Edge", "Group", "Node", "Program", "Result"]


class Result(NamedTuple):
    """One value of a node."""

    name: str
    """Which of several results it is: ``[0]``, ``.eigenvalues``; else empty."""
    kind: str
    """Its dtype, or its class if it is one of Python's numbers: ``float64``."""
    shape: tuple[int, ...]
    value: np.ndarray[Any, Any] | None
    """The value of a small array; of a large one, ``None``."""
    gradient: np.ndarray[Any, Any] | None = None
    """The gradient of the function's result with respect to it, if that is known."""


class Edge(NamedTuple):
    """A value that a node uses."""

    source: int
    """The number of the node that has it."""
    result: int = 0
    """Which of the results of that node it is."""


@dataclass(slots=True)
class Node:
    """An argument, a constant, an operation, or the error that ended the function."""

    kind: str
    """``"argument"``, ``"constant"``, ``"operation"`` or ``"error"``."""
    name: str
    """The name of an argument, or of the variable to which a line of the user's code
    assigns the value; else ``v₁``, ``v₂``."""
    operation: str = ""
    """What is done: ``"*"``, ``"sin"``."""
    expression: str = ""
    """The operation with the names of what it uses: ``"a * b"``."""
    inputs: tuple[Edge, ...] = ()
    results: list[Result] = field(default_factory=list[Result])
    group: int = 0
    """The number of the call in which this happened."""
    phase: str = "forward"
    """``"forward"``, ``"replay"``, or ``"tangent"`` for forward mode."""
    site: Site | None = None
    """The user's line."""
    note: str = ""
    """What else is to be said: for a step of replay, the rule and the forward call."""
    outputs: list[str] = field(default_factory=list[str])
    """What this is in the function's output: ``"result"``, ``"result['loss']"``."""


class Group(NamedTuple):
    """A call of one of the user's functions, or a replay."""

    name: str
    parent: int
    """The number of the group around it. The first group is its own parent."""
    depth: int
    phase: str


@dataclass(slots=True)
class Program:
    """All nodes in the order in which they came, and the calls that they are in."""

    name: str
    """The name of the function."""
    nodes: list[Node]
    groups: list[Group]
    """The first one is the call of the function itself."""
