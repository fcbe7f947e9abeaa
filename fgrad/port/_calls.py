"""Calls that are written in another way here, one function for each way."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import cast

from fgrad.port._meaning import Use
from fgrad.port._program import Left, Program, refused_arguments
from fgrad.port._rules import rule
from fgrad.port._source import Part, Span
from fgrad.port._tables import ADAPTED, SETTING, UNWRAPPED

__all__ = ["adapted", "arguments", "assignments", "rewritten"]

SIMPLE = ast.Name | ast.Attribute | ast.Call | ast.Subscript
"""Expressions that need no parentheses anywhere."""


def listed(program: Program, nodes: Iterable[ast.expr]) -> list[Part]:
    """The expressions with commas between them."""
    parts: list[Part] = []
    for node in nodes:
        parts += [*([", "] if parts else []), program.span(node)]
    return parts


def tuple_of(program: Program, nodes: list[ast.expr]) -> list[Part]:
    return ["(", *listed(program, nodes), ",)" if len(nodes) == 1 else ")"]


def closed(program: Program, node: ast.expr) -> list[Part]:
    """An expression, in parentheses if it may need them."""
    span = program.span(node)
    return [span] if isinstance(node, SIMPLE) else ["(", span, ")"]


def only_positional(call: ast.Call | None, number: int) -> ast.Call | None:
    """The call, if it has that many arguments, none by name and none with a star."""
    if call is None or call.keywords or len(call.args) != number:
        return None
    return None if any(isinstance(a, ast.Starred) for a in call.args) else call


def remove_statement(program: Program, node: ast.stmt) -> None:
    """Take out a statement; where another must stand, that is ``pass``."""
    span = program.span(node)
    body = next(
        block
        for name in ("body", "orelse", "finalbody")
        if node in (block := getattr(program.parent(node), name, []))
    )
    line = program.source.whole_line(span)
    if line and (len(body) > 1 or isinstance(program.parent(node), ast.Module)):
        program.source.replace(line)
    else:
        program.source.replace(span, "pass")


def remove_decorator(program: Program, node: ast.expr) -> None:
    span = program.span(node)
    span = Span(program.source.text.rindex(b"@", 0, span.start), span.stop)
    program.source.replace(program.source.whole_line(span) or span)


def unwrap(program: Program, use: Use) -> bool:
    """``jit(f)`` is ``f``, and ``@jit`` is nothing."""
    call = program.call_of(use.node) or program.partial_of(use.node)
    thing = use.node if call is None else call
    above = program.parent(thing)
    if thing in getattr(above, "decorator_list", []):
        remove_decorator(program, thing)
    elif call and call.func is use.node and call.args:
        inner = call.args[0]
        text = program.text(inner)
        bare = isinstance(above, ast.Assign) and "\n" not in text
        span = program.span(inner)
        parts = [span] if bare else closed(program, inner)
        program.source.replace(program.span(call), *parts)
    else:
        return False
    program.notes.add(Left(use.node.lineno, use.name, UNWRAPPED[use.name]))
    return True


def setting(program: Program, use: Use) -> bool:
    """A setting that is always on here."""
    call = program.call_of(use.node)
    statement = program.parent(call) if call else None
    if not call or not call.args or not isinstance(statement, ast.Expr):
        return False
    first = call.args[0]
    if not isinstance(first, ast.Constant) or first.value != SETTING:
        return False
    remove_statement(program, statement)
    words = "is removed: numbers have 64 bits here"
    program.notes.add(Left(use.node.lineno, f"{use.name}({SETTING!r})", words))
    return True


def with_option(name: str, option: str) -> Callable[[Program, Use], bool]:
    """``there(f)`` is ``name(f, option)``."""

    def rewrite(program: Program, use: Use) -> bool:
        call = program.call_of(use.node)
        if not call or not call.args or refused_arguments(f"fgrad.{name}", call):
            return False
        arguments(program, call)
        last = program.span([*call.args, *call.keywords][-1])
        program.source.replace(last, last, f", {option}")
        program.source.replace(program.span(use.node), program.fgrad(name))
        return True

    return rewrite


def applied(program: Program, use: Use, number: int) -> ast.Call | None:
    """The second call of ``there(f)(x, ...)``, if both are plain."""
    first = only_positional(program.call_of(use.node), 1)
    return only_positional(program.call_of(first), number) if first else None


def function_of(call: ast.Call) -> ast.expr:
    """The f of ``there(f)(x)``."""
    return cast("ast.Call", call.func).args[0]


def jvp(program: Program, use: Use) -> bool:
    """``make_jvp(f)(x)(v)`` is ``jvp(f, (x,), (v,))``."""
    at = applied(program, use, 1)
    outer = only_positional(program.call_of(at), 1) if at else None
    if not at or not outer:
        return False
    program.source.replace(
        program.span(outer),
        f"{program.fgrad('jvp')}(",
        *listed(program, [function_of(at)]),
        ", ",
        *tuple_of(program, at.args),
        ", ",
        *tuple_of(program, outer.args),
        ")",
    )
    return True


def hvp(program: Program, use: Use) -> bool:
    """``hessian_vector_product(f)(x, v)`` is the second result of ``hvp``."""
    at = applied(program, use, 2)
    if not at:
        return False
    program.source.replace(
        program.span(at),
        f"{program.fgrad('hvp')}(",
        program.span(function_of(at)),
        ", ",
        *tuple_of(program, at.args[:1]),
        ", ",
        *tuple_of(program, at.args[1:]),
        ")[1]",
    )
    return True


def calls_of(program: Program, name: ast.Name) -> list[ast.Call] | None:
    """All calls of a variable in its function; None if it has other uses, too."""
    scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.Module)
    scope = next(n for n in program.names.above(name) if isinstance(n, scopes))
    calls: list[ast.Call] = []
    for node in ast.walk(scope):
        if not isinstance(node, ast.Name) or node.id != name.id or node is name:
            continue
        call = only_positional(program.call_of(node), 1)
        if call is None or not program.can_edit(call):
            return None
        calls.append(call)
    return calls


def pullback(program: Program, use: Use) -> bool:
    """``back, value = make_vjp(f)(x)`` is ``value, back = vjp(f, x)``.

    And the pullback here gives a tuple, as many as there are arguments.
    """
    at = applied(program, use, 1)
    if not at:
        return False
    source, span = program.source, program.span
    whole, above = at, program.parent(at)
    calls: list[ast.Call] | None = None
    swapped: ast.Tuple | None = None
    if isinstance(above, ast.Subscript) and ast.unparse(above.slice) == "0":
        whole = above
        above = program.parent(above)
        call = program.call_of(whole)
        calls = [call] if only_positional(call, 1) and call else None
    if isinstance(above, ast.Assign) and len(above.targets) == 1:
        made = above.targets[0]
        if whole is at and isinstance(made, ast.Tuple) and len(made.elts) == 2:
            swapped = made
            made = made.elts[0]
        elif whole is at:
            return False
        calls = calls_of(program, made) if isinstance(made, ast.Name) else None
    if calls is None:
        return False
    if swapped:
        first, second = map(span, swapped.elts)
        source.replace(first, source.old(second))
        source.replace(second, source.old(first))
    for call in calls:
        source.replace(span(call), span(call), "[0]")
    inner: list[Part] = [span(function_of(at))]
    if use.name.endswith("make_hvp"):
        inner = [f"{program.fgrad('grad')}(", *inner, ")"]
    ending = ")" if whole is at else ")[1]"
    made_of = [f"{program.fgrad('vjp')}(", *inner, ", ", span(at.args[0]), ending]
    source.replace(span(whole), *made_of)
    return True


def check(program: Program, use: Use) -> bool:
    """``check_grads(f, order=2)(x)`` is ``check_grads(f, (x,), order=2)``."""
    first = program.call_of(use.node)
    second = program.call_of(first) if first else None
    if not first or not second or second.keywords or len(first.args) != 1:
        return False
    if {k.arg for k in first.keywords} - {"modes", "order"}:
        return False
    options: list[Part] = []
    for keyword in first.keywords:
        options += [", ", program.span(keyword)]
    program.source.replace(
        program.span(second),
        f"{program.fgrad('testing.check_grads')}(",
        program.span(first.args[0]),
        ", ",
        *tuple_of(program, second.args),
        *options,
        ")",
    )
    return True


def condition(program: Program, use: Use) -> bool:
    """``cond(p, f, g, x)`` is ``(f(x) if p else g(x))``."""
    call = program.call_of(use.node)
    if not call or len(call.args) < 3:
        return False
    if not only_positional(call, len(call.args)):
        return False
    asked, yes, no, *rest = call.args
    given: list[Part] = ["(", *listed(program, rest), ")"]
    question: list[Part] = [program.span(asked)]
    if isinstance(asked, ast.IfExp | ast.Lambda | ast.NamedExpr):
        question = closed(program, asked)
    program.source.replace(
        program.span(call),
        *["(", *closed(program, yes), *given, " if ", *question],
        *[" else ", *closed(program, no), *given, ")"],
    )
    return True


CALLS: dict[str, Callable[[Program, Use], bool]] = {
    **dict.fromkeys(UNWRAPPED, unwrap),
    "autograd.extend.defvjp": rule,
    "autograd.core.defvjp": rule,
    "autograd.grad_and_aux": with_option("grad", "has_aux=True"),
    "autograd.holomorphic_grad": with_option("grad", "holomorphic=True"),
    "autograd.hessian_tensor_product": hvp,
    "autograd.hessian_vector_product": hvp,
    "autograd.make_hvp": pullback,
    "autograd.make_jvp": jvp,
    "autograd.make_vjp": pullback,
    "autograd.test_util.check_grads": check,
    "autograd.util.check_grads": check,
    "jax.config.config.update": setting,
    "jax.config.update": setting,
    "jax.lax.cond": condition,
}
"""What is tried for a name before it is left."""


def arguments(program: Program, call: ast.Call) -> None:
    """The option ``argnum`` is called ``argnums``."""
    for keyword in call.keywords:
        if keyword.arg == "argnum" and program.can_edit(call):
            start = program.span(keyword).start
            program.source.replace(Span(start, start + len("argnum")), "argnums")


def adapted(program: Program, use: Use) -> str | None:
    """Say an option whose default differs here; the reason if that is not possible."""
    place, option, default, values = ADAPTED[use.name]
    call = program.call_of(use.node)
    words = f"call it with {option}={default}, which is the default there"
    if not call or not call.args or any(k.arg is None for k in call.keywords):
        return words
    given = {k.arg: k.value for k in call.keywords}
    named = given.get(option)
    value = named or (call.args[place] if len(call.args) > place else None)
    if value is None:
        last = program.span([*call.args, *call.keywords][-1])
        program.source.replace(last, last, f", {option}={default}")
    elif values:
        if (old := program.text(value)) not in values:
            return f"{option} is one of {', '.join(values.values())}"
        program.source.replace(program.span(value), values[old])
    return None


AT = {"add", "apply", "divide", "get", "max", "min", "multiply", "power", "set"}


def assignments(program: Program) -> None:
    """``x.at[i].set(v)`` is ``at(x)[i].set(v)``, also of plain arrays."""
    modules = [b.local for b in program.names.bindings if b.name == "jax.numpy"]
    for call in ast.walk(program.tree):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        method, cell = call.func.attr, call.func.value
        if method == "block_until_ready" and not call.args:
            program.source.replace(program.span(call), program.span(cell))
            continue
        if not isinstance(cell, ast.Subscript) or method not in {*AT, "mul"}:
            continue
        at = cell.value
        if not isinstance(at, ast.Attribute) or at.attr != "at":
            continue
        if call.keywords or method not in AT or not program.can_edit(call):
            words = "instead: fgrad.numpy.at(x)[i].set(v), which has no options"
            program.left.add(Left(call.lineno, f".at[...].{method}", words))
            continue
        arrays = modules[0] if modules else program.fgrad("numpy")
        program.source.replace(
            program.span(at), f"{arrays}.at(", program.span(at.value), ")"
        )


def rewritten(program: Program, use: Use) -> bool | None:
    """Whether the call is written in another way now; None if it needs none."""
    if use.name not in CALLS:
        return None
    outer = [n for n in program.names.above(use.node) if isinstance(n, ast.expr)]
    plain = program.can_edit(outer[0] if outer else use.node)
    return plain and CALLS[use.name](program, use)
