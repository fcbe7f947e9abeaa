"""What names mean: which expressions of a file are names of other libraries."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from fgrad.port._tables import TOPS

__all__ = ["Binding", "Names", "Use", "dotted"]

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Import = ast.Import | ast.ImportFrom


@dataclass(eq=False)
class Binding:
    """A name that an import gives to something of another library."""

    local: str
    name: str
    alias: ast.alias
    statement: Import
    uses: list[Use] = field(default_factory=list["Use"])


@dataclass(eq=False)
class Use:
    """An expression such as ``jax.numpy.sum`` or ``jnp.sum``, and its full name."""

    node: ast.Name | ast.Attribute
    name: str
    binding: Binding


def dotted(node: ast.expr) -> tuple[ast.Name, list[str]] | None:
    """The name that a chain of attributes begins with, and the attributes."""
    rest: list[str] = []
    while isinstance(node, ast.Attribute):
        rest.insert(0, node.attr)
        node = node.value
    return (node, rest) if isinstance(node, ast.Name) else None


def bindings_of(statement: Import) -> list[Binding]:
    """The names of other libraries that a statement imports."""
    if isinstance(statement, ast.ImportFrom):
        if statement.level or not statement.module:
            return []
        if statement.module.split(".")[0] not in TOPS:
            return []
        module = statement.module
        return [
            Binding(a.asname or a.name, f"{module}.{a.name}", a, statement)
            for a in statement.names
        ]
    found: list[Binding] = []
    for alias in statement.names:
        top = alias.name.split(".")[0]
        if top in TOPS and alias.asname:
            found.append(Binding(alias.asname, alias.name, alias, statement))
        elif top in TOPS:
            found.append(Binding(top, top, alias, statement))
    return found


def own_names(function: Function) -> set[str]:
    """The names that a function gives to its parameters and variables."""
    arguments = function.args
    names = {a.arg for a in arguments.posonlyargs + arguments.args}
    names |= {a.arg for a in arguments.kwonlyargs}
    names |= {a.arg for a in (arguments.vararg, arguments.kwarg) if a}
    body = function.body if isinstance(function.body, list) else [function.body]
    waiting: list[ast.AST] = [*body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        if not isinstance(node, Function | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)
    return names


class Names(ast.NodeVisitor):
    """All uses of names of other libraries, with the imports that they come from."""

    def __init__(self, tree: ast.Module) -> None:
        self.parents: dict[ast.AST, ast.AST] = {}
        self.bindings: list[Binding] = []
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.bindings += bindings_of(node)
        self.bindings.sort(key=lambda b: (b.statement.lineno, b.statement.col_offset))
        self.hidden: list[set[str]] = []
        self.uses: list[Use] = []
        self.visit(tree)

    def binding(self, node: ast.Name) -> Binding | None:
        """The import that a name comes from: the nearest one before it."""
        if any(node.id in names for names in self.hidden):
            return None
        found = [b for b in self.bindings if b.local == node.id]
        before = [b for b in found if b.statement.lineno <= node.lineno]
        return before[-1] if before else found[0] if found else None

    def chain(self, node: ast.Name | ast.Attribute) -> None:
        parts = dotted(node)
        binding = self.binding(parts[0]) if parts else None
        if parts and binding:
            name = ".".join([binding.name, *parts[1]])
            self.uses.append(Use(node, name, binding))
            binding.uses.append(self.uses[-1])
        else:
            self.generic_visit(node)

    def function(self, node: Function) -> None:
        outside: list[ast.AST] = [node.args]
        if not isinstance(node, ast.Lambda):
            outside += [*node.decorator_list, *([node.returns] if node.returns else [])]
        for child in outside:
            self.visit(child)
        self.hidden.append(own_names(node))
        for child in node.body if isinstance(node.body, list) else [node.body]:
            self.visit(child)
        self.hidden.pop()

    visit_Name = visit_Attribute = chain  # noqa: N815 (the names are Python's)
    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = function  # noqa: N815

    def above(self, node: ast.AST) -> list[ast.AST]:
        """What a node is in, the nearest first."""
        found: list[ast.AST] = []
        while node in self.parents:
            node = self.parents[node]
            found.append(node)
        return found
