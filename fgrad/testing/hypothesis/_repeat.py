"""A failed check as a program that runs without Hypothesis."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Sequence
from types import CodeType, ModuleType
from typing import Any

from fgrad._tree import flatten
from fgrad.testing._source import source

__all__ = ["repeat"]


def repeat(
    fun: Callable[..., Any],
    args: Sequence[Any],
    options: dict[str, Any],
    words: str = "",
    rule: str = "",
) -> str:
    """The source of a program that checks a function once, at these arguments.

    The function is called by what the `words` say, if it takes keywords. Where one
    `rule` is to blame, the program that checks it alone comes last.
    """
    name, text = _definition(fun)
    name = words or name
    shown = source(tuple(args))
    settings = "".join(f", {key}={source(value)}" for key, value in options.items())
    lines = ["import numpy as np", "import fgrad"]
    lines += [line for line in _names(fun) if line not in lines]
    lines += ["", text] if text else []
    lines += ["", f"fgrad.testing.check_grads({name}, {shown}{settings})"]
    if rule:
        lines += ["", "# The rule that is to blame, alone:", rule]
    return "\n".join(lines)


def _definition(fun: Callable[..., Any]) -> tuple[str, str]:
    """What the function is called, and its source, if it is known."""
    name = getattr(fun, "__name__", "f")
    try:
        text = textwrap.dedent(inspect.getsource(fun))
        tree = ast.parse(text)
    except (OSError, TypeError, SyntaxError):
        return name, f"# Here goes {name}, whose source is not known."
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):  # without its decorators
            lines = text.splitlines()[node.lineno - 1 : node.end_lineno]
            return node.name, textwrap.dedent("\n".join(lines))
    anonymous = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
    if len(anonymous) == 1:
        return f"({ast.unparse(anonymous[0])})", ""
    return name, f"# Here goes {name}, whose source is not known."


def _names(fun: Callable[..., Any]) -> Iterator[str]:
    """Lines that define what a function takes from outside."""
    inner = inspect.unwrap(fun)
    code = getattr(inner, "__code__", None)
    if code is None:
        return
    scope = {**getattr(inner, "__globals__", {})}
    cells = getattr(inner, "__closure__", None) or ()
    for name, cell in zip(code.co_freevars, cells, strict=True):
        try:
            scope[name] = cell.cell_contents
        except ValueError:  # it is not defined yet
            continue
    for name in dict.fromkeys(_used(code)):
        if name in scope:
            yield _defined(name, scope[name])


def _used(code: CodeType) -> Iterator[str]:
    """The names that a function uses, also in functions inside of it."""
    yield from code.co_names
    yield from code.co_freevars
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _used(constant)


def _defined(name: str, value: Any) -> str:
    """A line after which the name stands for the value, or words that say so."""
    if isinstance(value, ModuleType):
        module = value.__name__
        return f"import {module}" + (f" as {name}" if module != name else "")
    module = getattr(value, "__module__", None)
    own = getattr(value, "__qualname__", getattr(value, "__name__", None))
    if callable(value) and module and own:
        if module == "__main__":
            return f"# {name} is defined in the main program."
        if "<locals>" in own:
            return f"# {name} is defined inside {own.partition('.')[0]}."
        return f"from {module} import {own}" + (f" as {name}" if own != name else "")
    leaves = flatten(value)[0]
    text = source(value)
    if len(leaves) < 50 and len(text) < 500 and not text.startswith("<"):
        return f"{name} = {text}"
    return f"# {name} is a {type(value).__name__} that is too long to be shown."
