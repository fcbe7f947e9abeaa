"""Import statements: each name from where it is now, or not at all."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import cast

from fgrad.port._calls import remove_statement
from fgrad.port._meaning import Binding, Import, Use
from fgrad.port._program import Left, Program, target
from fgrad.port._source import Span
from fgrad.port._tables import BUILTINS, UNWRAPPED, new_name, what_instead

__all__ = ["rewrite_imports"]

WIDTH = 88


@dataclass(frozen=True)
class New:
    """An import in new words: ``from module import name as local``.

    Without a `name` it is ``import module as local``.
    """

    module: str
    name: str | None
    local: str | None

    def item(self) -> str:
        thing = self.name or self.module
        same = self.local is None or self.local == thing
        return thing if same else f"{thing} as {self.local}"


def is_module(name: str) -> bool:
    """Whether a name of fgrad's is a module; without SciPy, its shape tells."""
    try:
        return inspect.ismodule(target(name))
    except (ImportError, AttributeError):
        return name.count(".") < 3


def respell(program: Program, use: Use) -> None:
    """Write the full new name."""
    new = cast("str", new_name(use.name))  # what has none was left before
    if program.can_edit(use.node):
        name = program.fgrad(new.removeprefix("fgrad."))
        program.source.replace(program.span(use.node), name)
    else:
        program.leave(use, f"instead: {new}")


def is_whole(binding: Binding) -> bool:
    """Whether ``import jax`` or ``import jax.numpy`` made the name."""
    return isinstance(binding.statement, ast.Import) and not binding.alias.asname


def follow(program: Program, binding: Binding) -> tuple[bool, bool]:
    """Rewrite the uses of a name; whether the old and the new import are needed."""
    new = new_name(binding.name)
    ported = [u for u in binding.uses if u not in program.unported | program.gone]
    old = any(u in program.unported for u in binding.uses)
    one_thing = all(u.name == binding.name for u in binding.uses)
    whole = is_whole(binding)
    needed = not binding.uses and not whole
    for use in ported:
        rest = use.name.removeprefix(binding.name)
        split = old and (one_thing or new == "fgrad")
        if whole or split or new is None or new_name(use.name) != new + rest:
            respell(program, use)
            old = old or use in program.unported
        else:
            needed = True
    return old, needed


def decided(program: Program, binding: Binding) -> tuple[bool, New | None]:
    """Whether the old import of a name stays, and what the new one is."""
    old, needed = follow(program, binding)
    new = new_name(binding.name)
    if is_whole(binding):
        below = new_name(binding.alias.name)
        wanted = any(u not in program.gone | program.unported for u in binding.uses)
        if not wanted or below is None:
            return old, None
        return old, New(below if is_module(below) else "fgrad", None, None)
    if new is None or not needed:
        unknown = not binding.uses and binding.name not in {*UNWRAPPED, *BUILTINS}
        if unknown:
            line, words = binding.statement.lineno, what_instead(binding.name)
            program.left.add(Left(line, binding.name, words))
        return old or unknown, None
    module, _, name = new.rpartition(".")
    statement = isinstance(binding.statement, ast.Import)
    if binding.alias.name == "*":
        return False, New(module, "*", None)
    if statement and is_module(new):
        return False, New(new, None, binding.local)
    if not module:  # from autograd import extend
        return False, New("fgrad", None, binding.local)
    return False, New(module, name, binding.local)


def statements(new: Iterable[New], indent: str, newline: str) -> list[str]:
    """The import statements, the names of one module together."""
    lines: list[str] = []
    for key, group in groupby(
        dict.fromkeys(new), key=lambda n: (n.module, n.name is None)
    ):
        module, is_import = key
        items = [n.item() for n in group]
        if is_import:
            lines += [f"import {item}" for item in items]
            continue
        line = f"from {module} import {', '.join(items)}"
        if len(indent + line) > WIDTH:
            inner = "".join(f"{indent}    {item},{newline}" for item in items)
            line = f"from {module} import ({newline}{inner}{indent})"
        lines.append(line)
    return lines


def in_place(program: Program, statement: ast.ImportFrom, new: list[New]) -> None:
    """Change the module and the names where they stand: comments stay."""
    span = program.span(statement)
    old = program.source.old(span)
    name = cast("str", statement.module)  # relative imports bind no name of theirs
    start = span.start + len(old[: old.index(name, 5)].encode())
    module = Span(start, start + len(name.encode()))
    program.source.replace(module, new[0].module)
    for alias, item in zip(statement.names, new, strict=True):
        if program.source.old(program.span(alias)) != item.item():
            program.source.replace(program.span(alias), item.item())


def rewrite_statement(
    program: Program, statement: Import, bindings: list[Binding]
) -> None:
    """One statement, of which some names may be from other libraries."""
    ours = {binding.alias: decided(program, binding) for binding in bindings}
    new = [n for _, n in ours.values() if n]
    kept = [a for a in statement.names if a not in ours or ours[a][0]]
    if len(kept) == len(statement.names) and not new:
        return
    one = len(new) == len(statement.names) and len({n.module for n in new}) == 1
    if isinstance(statement, ast.ImportFrom) and one and not kept:
        in_place(program, statement, new)
        return
    if not new and not kept:
        remove_statement(program, statement)
        return
    span = program.span(statement)
    indent = " " * statement.col_offset
    newline = program.source.newline
    lines = [
        f"#{line.split('#', 1)[1]}"
        for line in program.source.old(span).splitlines()
        if "#" in line
    ]
    if kept:
        words = ", ".join(ast.unparse(alias) for alias in kept)
        import_from = isinstance(statement, ast.ImportFrom)
        head = f"from {statement.module} " if import_from else ""
        lines.append(f"{head}import {words}")
    lines += statements(new, indent, newline)
    alone = program.source.whole_line(span) is not None
    program.source.replace(
        span, (newline + indent).join(lines) if alone else "; ".join(lines)
    )
    binds = [line.startswith("import fgrad") and " as " not in line for line in lines]
    if any(binds) and not indent:
        program.has_fgrad = True


def import_fgrad(program: Program) -> None:
    """Put ``import fgrad`` before the statement with the first import of theirs."""
    for node in program.tree.body:
        if isinstance(node, ast.Import) and any(
            a.name.split(".")[0] == "fgrad" and not a.asname for a in node.names
        ):
            return
    statement = program.names.bindings[0].statement
    top = [statement, *program.names.above(statement)][-2]
    decorators = getattr(top, "decorator_list", [])
    line = min(cast("ast.stmt", n).lineno for n in [top, *decorators])
    start = program.source.lines[line - 1]
    program.source.replace(Span(start, start), f"import fgrad{program.source.newline}")


def rewrite_imports(program: Program) -> None:
    """All import statements of other libraries."""
    found: dict[Import, list[Binding]] = {}
    for binding in program.names.bindings:
        found.setdefault(binding.statement, []).append(binding)
    for statement, bindings in found.items():
        rewrite_statement(program, statement, bindings)
    if program.needs_fgrad and not program.has_fgrad:
        import_fgrad(program)
