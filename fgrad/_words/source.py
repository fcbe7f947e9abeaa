"""What stands in the user's line, as far as its source is at hand."""

import ast
import builtins
from types import FrameType, ModuleType
from typing import Any

import numpy as np

from fgrad._words.callsite import Call, expression
from fgrad._words.instead import drawing

__all__ = ["called_in", "names_in", "source", "value_of"]

LOOKED_INTO = (ModuleType, type, np.ndarray)
"""Whose attributes may be asked for; those of others may be properties."""


def source(call: Call) -> ast.expr | None:
    """The expression that the user's frame computes, if its source is at hand."""
    try:
        tree = ast.parse(f"({expression(call.site)})", mode="eval").body
    except (SyntaxError, ValueError):
        return None
    return None if isinstance(tree, ast.Constant) else tree


def names_in(tree: ast.expr | None, frame: FrameType) -> dict[str, Any]:
    """Names in an expression, with what they stand for."""
    nodes = [] if tree is None else ast.walk(tree)
    names = [node.id for node in nodes if isinstance(node, ast.Name)]
    return {name: _variable(name, frame) for name in names}


def value_of(node: ast.expr, frame: FrameType) -> Any:
    """A function, class or module that an expression names; ``None`` for others.

    Of an object that is made in place, as in ``np.vectorize(f)(x)``: its class.
    """
    if isinstance(node, ast.Name):
        return _variable(node.id, frame)
    if isinstance(node, ast.Attribute):
        owner = value_of(node.value, frame)
        known = issubclass(type(owner), (*LOOKED_INTO, *drawing()))
        return getattr(owner, node.attr, None) if known else None
    if isinstance(node, ast.Call):
        made = value_of(node.func, frame)
        if made is np.random.default_rng:
            return np.random.Generator
        return made if isinstance(made, type) else None
    return None


def _variable(name: str, frame: FrameType) -> Any:
    for scope in (frame.f_locals, frame.f_globals, vars(builtins)):
        if name in scope:
            return scope[name]
    return None


def called_in(tree: ast.expr | None, call: Call) -> Any:
    """The function that is called, or the array that is indexed, if it is known."""
    if isinstance(tree, ast.Call):
        return value_of(tree.func, call.frame)
    return value_of(tree.value, call.frame) if isinstance(tree, ast.Subscript) else None
