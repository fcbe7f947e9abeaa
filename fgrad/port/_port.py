"""One file: read, rewritten, and read again to see that it is a program."""

from __future__ import annotations

import ast
import codecs
from dataclasses import dataclass

from fgrad.errors import FgradError
from fgrad.port._calls import adapted, arguments, assignments, rewritten
from fgrad.port._imports import rewrite_imports
from fgrad.port._meaning import Names, Use
from fgrad.port._program import Left, Program, refused_arguments, target
from fgrad.port._source import Source
from fgrad.port._tables import ADAPTED, BUILTINS, new_name

__all__ = ["PortError", "Ported", "port"]


class PortError(FgradError):
    """A file cannot be read as a program, or the new one could not."""


@dataclass(frozen=True)
class Ported:
    """The new text of a file, what was left, and what else there is to know."""

    text: bytes
    left: list[Left]
    notes: list[Left]


def exists(name: str) -> bool:
    """Whether fgrad has this name; where SciPy is missing, nobody knows."""
    try:
        target(name)
    except AttributeError:
        return False
    except ImportError:
        return True
    return True


def rewrite_use(program: Program, use: Use) -> None:
    """One name: as it is here, or left with words."""
    use.name = use.name.replace("autograd.differential_operators.", "autograd.")
    if use.name in BUILTINS and use.binding.local == use.name.split(".")[-1]:
        program.gone.add(use)
        return
    new, done = new_name(use.name), rewritten(program, use)
    if done:
        program.gone |= {use} if new is None else set()
        return
    if new is None or done is False:
        program.leave(use)
        return
    if not exists(new):
        program.leave(use, f"{new} does not exist")
        return
    if use.name in ADAPTED:
        reason = adapted(program, use)
        if reason:
            program.leave(use, reason)
            return
    for call in (program.call_of(use.node), program.partial_of(use.node)):
        if call:
            arguments(program, call)
    call = program.call_of(use.node)
    if call and (reason := refused_arguments(new, call)):
        program.left.add(Left(use.node.lineno, use.name, reason))


def parsed(text: bytes) -> ast.Module:
    """The program that a text is; a PortError in words if it is none."""
    try:
        decoded = text.decode()
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        raise PortError(f"is not UTF-8 (line {line}); save it as UTF-8 first") from None
    try:
        return ast.parse(decoded)
    except SyntaxError as error:
        raise PortError(f"is no Python: line {error.lineno}: {error.msg}") from None
    except ValueError as error:
        raise PortError(f"is no Python: {error}") from None


def port(text: bytes) -> Ported:
    """Rewrite the text of a program.

    Parameters
    ----------
    text : bytes
        A Python file that uses autograd or JAX, in UTF-8.

    Returns
    -------
    Ported
        The new text in `text`, and in `left` and `notes` lines with words about them.

    Raises
    ------
    PortError
        If the text is not UTF-8, or not Python.

    Examples
    --------
    >>> from fgrad.port import port
    >>> port(b"import jax.numpy as jnp").text
    b'import fgrad.numpy as jnp'
    """
    mark = codecs.BOM_UTF8 if text.startswith(codecs.BOM_UTF8) else b""
    body = text.removeprefix(mark)
    tree = parsed(body)
    program = Program(Source(body), tree, Names(tree))
    if not program.names.bindings:
        return Ported(text, [], [])
    for use in program.names.uses:
        rewrite_use(program, use)
    if any(b.name.split(".")[0] == "jax" for b in program.names.bindings):
        assignments(program)
    rewrite_imports(program)
    new = program.source.new().encode()
    try:
        parsed(new)
    except PortError as error:
        raise PortError(
            f"would not be Python any more, so it stays as it is: {error}"
        ) from None
    return Ported(mark + new, sorted(program.left), sorted(program.notes))
