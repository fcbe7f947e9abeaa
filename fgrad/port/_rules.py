"""Rules by position become rules by name.

Autograd's rule is a function that makes a function: ``lambda ans, x: lambda g: ...``,
one for each argument in turn. Here it is one function, under the name of the argument,
and the names that it has say what is kept.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from fgrad.port._meaning import Function, Use, dotted
from fgrad.port._program import Left, Program
from fgrad.port._source import Part, Span

__all__ = ["rule"]

HEADER = re.compile(rb"lambda\s+\w+\s*:\s*")


def parameters(function: Function) -> list[str] | None:
    """The positional parameters; None if there are others that a rule could mean."""
    given = function.args
    if given.vararg or given.kwarg or given.kwonlyargs:
        return None
    return [a.arg for a in given.posonlyargs + given.args]


def function_named(program: Program, name: str) -> Function | None:
    """The function that a name of the file is, if there is exactly one."""
    found: list[Function] = []
    for node in ast.walk(program.tree):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            found.append(node)
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            made, value = node.targets[0], node.value
            if not isinstance(made, ast.Name) or made.id != name:
                continue
            if not isinstance(value, ast.Call) or len(value.args) != 1:
                return None
            inner = value.args[0]
            if isinstance(inner, ast.Lambda):
                found.append(inner)
            elif isinstance(inner, ast.Name) and inner.id != name:
                below = function_named(program, inner.id)
                found += [below] if below else []
            else:
                return None
    return found[0] if len(found) == 1 else None


def bound_inside(node: ast.expr) -> set[str]:
    """The names that an expression itself gives to something."""
    inside = {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
    return inside | {
        n.id
        for n in ast.walk(node)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }


def one_lambda(program: Program, maker: ast.expr, names: list[str]) -> list[Part]:
    """The rule of ``lambda ans, x: lambda g: body``; nothing for other things."""
    if not isinstance(maker, ast.Lambda) or not isinstance(maker.body, ast.Lambda):
        return []
    outer, inner = parameters(maker), parameters(maker.body)
    plain = not (maker.args.defaults or maker.body.args.defaults)
    if not plain or not outer or not inner or len(inner) != 1:
        return []
    if len(outer) > len(names) + 1:
        return []
    body = maker.body.body
    new = dict(zip([*inner, *outer], ["g", "ans", *names], strict=False))
    used = [n for n in ast.walk(body) if isinstance(n, ast.Name)]
    free = {n.id for n in used} - {*new}
    if bound_inside(body) & {*new, *new.values()} or free & {*new.values()}:
        return []
    if any(not program.can_edit(n) for n in used) or len(new) != len(outer) + 1:
        return []
    for node in used:
        if new.get(node.id, node.id) != node.id:
            program.source.replace(program.span(node), new[node.id])
    kept = [new[n] for n in outer if n in {node.id for node in used}]
    span = program.span(maker.body)
    header = HEADER.match(program.source.text, span.start)
    if not header:
        return []
    return [f"lambda {', '.join(['g', *kept])}: ", Span(header.end(), span.stop)]


def arguments_of(program: Program, maker: ast.expr, names: list[str]) -> int:
    """How many arguments of the function a maker takes, as far as this file says."""
    known: Function | None = maker if isinstance(maker, ast.Lambda) else None
    if isinstance(maker, ast.Name):
        known = function_named(program, maker.id)
    taken = parameters(known) if known else None
    return len(names) if taken is None else len(taken) - 1


def free_names(node: ast.expr) -> set[str]:
    """The names of an expression that come from outside."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - bound_inside(
        node
    )


def rules_in(
    program: Program, names: list[str], makers: list[tuple[int, ast.expr]]
) -> Iterator[tuple[str, ast.expr, list[Part]]]:
    """For each rule the argument, the old text and the new parts."""
    for place, maker in makers:
        parts = one_lambda(program, maker, names)
        if not parts:
            kept = ", ".join(["ans", *names[: arguments_of(program, maker, names)]])
            span = program.span(maker)
            callee: list[Part] = [span] if dotted(maker) else ["(", span, ")"]
            parts = [f"lambda g, {kept}: ", *callee, f"({kept})(g)"]
        yield names[place], maker, [f"{names[place]}=", *parts]


def rule(program: Program, use: Use) -> bool:
    """``defvjp(f, lambda ans, x: lambda g: ...)``, where this file says what f is."""
    call = program.call_of(use.node)
    if not call or len(call.args) < 2 or not isinstance(call.args[0], ast.Name):
        return False
    function = function_named(program, call.args[0].id)
    names = parameters(function) if function else None
    if not names or {"g", "ans", "like", "wanted"} & {*names}:
        return False
    makers = call.args[1:]
    places = [*range(len(makers))]
    for keyword in call.keywords:
        if keyword.arg != "argnums":
            return False
        try:
            value = ast.literal_eval(keyword.value)
            places = [int(i) for i in ([value] if isinstance(value, int) else value)]
        except (ValueError, TypeError):
            return False
    if len(places) != len(makers) or any(not 0 <= i < len(names) for i in places):
        return False
    taken = {"g", "ans", *names}
    if any(isinstance(m, ast.Starred) or free_names(m) & taken for m in makers):
        return False
    given = [
        (place, maker)
        for place, maker in zip(places, makers, strict=True)
        if not (isinstance(maker, ast.Constant) and maker.value is None)
    ]
    if not given:
        return False
    for place, maker in zip(places, makers, strict=True):
        if (place, maker) not in given:
            words = f"gives {names[place]} no rule: that is refused now, not zero"
            program.notes.add(Left(maker.lineno, use.name, words))
    for _, maker, parts in rules_in(program, names, given):
        program.source.replace(program.span(maker), *parts)
    remove_others(program, call, [maker for _, maker in given])
    return True


def remove_others(program: Program, call: ast.Call, kept: list[ast.expr]) -> None:
    """Take out ``None`` and ``argnums`` with the comma before them."""
    last = program.span(call.args[0]).stop
    for node in [*call.args[1:], *call.keywords]:
        span = program.span(node)
        if node not in kept:
            program.source.replace(Span(last, span.stop))
        last = span.stop
