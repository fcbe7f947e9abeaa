"""What to say when a traced value is about to become a plain one.

Python and C code ask for a plain number or array through ``__float__``, ``__array__``
and their like. What the user has called stands in the user's line: from its source the
function is found, and what to write instead.
"""

import ast
import builtins
from functools import partial
from types import FrameType, ModuleType
from typing import Any

import numpy as np

from fgrad._words.callsite import (
    Call,
    at,
    describe,
    expression,
    instruction,
    short,
    user_call,
)
from fgrad._words.foreign import is_sequence
from fgrad._words.instead import another, drawing, instead_of
from fgrad.errors import BatchedValueError, ConversionError

__all__ = ["STORE", "called_in", "conversion_error", "names_in", "source"]

STORE = (
    "cannot store a traced value into a NumPy array; build it with np.stack or "
    "np.concatenate, or use fgrad.index_update"
)

BATCHED_INDEX = (
    "an array that is not batched cannot be indexed with a batched value; use "
    "fgrad.numpy.take(array, index, axis=0)"
)

INDEX = "a traced value cannot be an index or a count; use int(stop_gradient(x))"

WRITING = {"fill", "itemset", "put", "setfield"}
"""Methods that write into an array."""

LOOKED_INTO = (ModuleType, type, np.ndarray)
"""Whose attributes may be asked for; those of others may be properties."""

LENGTH = 60
"""How much of the source is quoted at most."""


def conversion_error(
    box: Any,
    conversion: str,
    *,
    index: bool = False,
    instead: str = "",
    batched_by: Any = None,
) -> ConversionError:
    """Why a box does not become a plain value; or one example of it, if it is batched.

    The `conversion` is how Python asks for it; the user's line says it better. What to
    say `instead` of all that may be given.
    """
    kind: Any = ConversionError
    batched = batched_by is not None
    if batched:
        kind = partial(BatchedValueError, trace=batched_by)
    if instead:
        return kind(at(instead))
    call = user_call()
    if call is None:
        return kind(f"{conversion} would drop the gradient of a traced value.")
    here = f"at {describe(call.site)}"
    tree = source(call)
    called = called_in(tree, call)
    doing = instruction(call.site)
    stores = doing.startswith("STORE_")
    if call.callee is None:
        if stores or getattr(called, "__name__", "") in WRITING:
            return kind(f"{STORE}, {here}")
        if doing.startswith("BINARY_S") or isinstance(tree, ast.Subscript):
            return kind(f"{BATCHED_INDEX if batched else INDEX}, {here}")
    if index and not batched:
        return kind(f"{INDEX}, {here}")
    name, inside = _name_of(box, tree, call)
    what = (_quoted(tree) or conversion) + " = ..." * stores
    if batched:
        other = another(called, call, box.__array_namespace__()) if tree else None
        other = other or f"use NumPy's functions on {name or 'it'} itself"
        return kind(
            f"{what} needs one value, but {name or 'an argument'} is batched and has "
            f"one for each example; {other[0].lower()}{other[1:]}, {here}"
        )
    advised = instead_of(tree, called, call, box.__array_namespace__())
    whose = f"a traced value{f' in {name}' if name else ''}" if inside else name
    return kind(
        f"{what} would drop the gradient of {whose} "
        f"(made at {short(box._node.site)}). "
        f"{_advice(advised, name)} if that is intended, {here}"
    )


def _advice(instead: str | None, name: str | None) -> str:
    """The advice in one sentence: another function, or `stop_gradient`."""
    stop = f"stop_gradient({name})" if name else "stop_gradient of it"
    if instead is None:
        return f"Use {stop}"
    use = "" if instead.startswith("Use ") else "use "
    return f"{instead}, or {use}{stop}"


# What stands in the user's line -------------------------------------------------------


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


def _value_of(node: ast.expr, frame: FrameType) -> Any:
    """A function, class or module that an expression names; ``None`` for others.

    Of an object that is made in place, as in ``np.vectorize(f)(x)``: its class.
    """
    if isinstance(node, ast.Name):
        return _variable(node.id, frame)
    if isinstance(node, ast.Attribute):
        owner = _value_of(node.value, frame)
        known = issubclass(type(owner), (*LOOKED_INTO, *drawing()))
        return getattr(owner, node.attr, None) if known else None
    if isinstance(node, ast.Call):
        made = _value_of(node.func, frame)
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
        return _value_of(tree.func, call.frame)
    return (
        _value_of(tree.value, call.frame) if isinstance(tree, ast.Subscript) else None
    )


def _name_of(box: Any, tree: ast.expr | None, call: Call) -> tuple[str | None, bool]:
    """The user's name for a box, or for a list with it; and whether that is a list."""
    names = names_in(tree, call.frame)
    for name, value in names.items():
        if value is box:
            return name, False
    return next(
        (name for name, value in names.items() if _holds(value, box)), None
    ), True


def _holds(value: Any, box: Any) -> bool:
    """Whether a box is in nested containers."""
    if type(value) is dict:
        value = [*value.values()]
    if not is_sequence(type(value)):
        return False
    return any(item is box or _holds(item, box) for item in value)


def _quoted(tree: ast.expr | None) -> str | None:
    """An expression as it may stand in a sentence."""
    if tree is None:
        return None
    text = ast.unparse(tree)
    if len(text) > LENGTH and isinstance(tree, ast.Call):
        text = f"{ast.unparse(tree.func)}(...)"
    return text if len(text) <= LENGTH else None
