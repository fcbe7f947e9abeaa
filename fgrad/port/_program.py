"""A program on its way: its text, its names, what was done, and what is left."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass, field
from typing import Any

import fgrad
from fgrad.port._meaning import Names, Use
from fgrad.port._source import Source, Span
from fgrad.port._tables import what_instead

__all__ = ["Left", "Program", "refused_arguments", "target"]


@dataclass(frozen=True, order=True)
class Left:
    """What was not rewritten: the line, the construct, and what to write instead."""

    line: int
    construct: str
    instead: str


@dataclass
class Program:
    """A file with its names and edits, and the report on it."""

    source: Source
    tree: ast.Module
    names: Names
    left: set[Left] = field(default_factory=set[Left])
    notes: set[Left] = field(default_factory=set[Left])
    unported: set[Use] = field(default_factory=set[Use])
    gone: set[Use] = field(default_factory=set[Use])
    needs_fgrad: bool = False
    has_fgrad: bool = False

    def span(self, node: ast.expr | ast.stmt | ast.alias | ast.keyword) -> Span:
        return self.source.span(node)

    def text(self, node: ast.expr | ast.keyword) -> str:
        return self.source.old(self.span(node))

    def parent(self, node: ast.AST) -> ast.AST:
        return self.names.parents[node]

    def leave(self, use: Use, instead: str | None = None) -> None:
        """Keep a name as it is, and say so."""
        self.unported.add(use)
        words = what_instead(use.name) if instead is None else instead
        self.left.add(Left(use.node.lineno, use.name, words))

    def fgrad(self, name: str) -> str:
        """The name of a function of fgrad in new text."""
        self.needs_fgrad = True
        return f"fgrad.{name}"

    def can_edit(self, node: ast.expr) -> bool:
        """Whether it is known where a node stands.

        Before 3.12, Python does not always tell this of what is in an f-string.
        """
        if not any(isinstance(n, ast.JoinedStr) for n in self.names.above(node)):
            return True
        try:
            there = ast.parse(self.text(node), mode="eval").body
        except (SyntaxError, UnicodeDecodeError):
            return False
        return ast.dump(there) == ast.dump(node)

    def call_of(self, node: ast.AST) -> ast.Call | None:
        """The call of an expression, if it is called."""
        parent = self.names.parents.get(node)
        return parent if isinstance(parent, ast.Call) and parent.func is node else None

    def partial_of(self, node: ast.AST) -> ast.Call | None:
        """The call ``partial(node, ...)``, if the expression is in one."""
        parent = self.names.parents.get(node)
        if not isinstance(parent, ast.Call) or node not in parent.args[:1]:
            return None
        callee = ast.unparse(parent.func)
        return parent if callee.split(".")[-1] == "partial" else None


def target(name: str) -> Any:
    """What a name of fgrad's is; an AttributeError if there is no such thing."""
    thing: Any = fgrad
    for part in name.split(".")[1:]:
        thing = getattr(thing, part)
    return thing


def refused_arguments(name: str, call: ast.Call) -> str | None:
    """Why a function of fgrad's does not take the arguments of a call, in words."""
    keywords = [k.arg for k in call.keywords]
    if None in keywords or any(isinstance(a, ast.Starred) for a in call.args):
        return None
    try:
        signature = inspect.signature(target(name))
    except (TypeError, ValueError, ImportError, AttributeError):
        return None
    given = {"argnums" if k == "argnum" else str(k): None for k in keywords}
    try:
        signature.bind(*call.args, **given)
    except TypeError as error:
        known = ", ".join(map(str, signature.parameters))
        return f"{name} does not take this call ({error}); its parameters are {known}"
    return None
