"""What to say when a traced value is about to become a plain one.

Python and C code ask for a plain number or array through ``__float__``, ``__array__``
and their like. What the user has called stands in the user's line: from its source the
function is found, and what to write instead.
"""

import ast
from functools import partial
from types import FrameType
from typing import Any

import numpy as np

from fgrad._words.callsite import (
    Call,
    at,
    describe,
    instruction,
    short,
    user_call,
)
from fgrad._words.foreign import is_sequence
from fgrad._words.instead import another, instead_of
from fgrad._words.source import called_in, names_in, source, value_of
from fgrad._words.storing import storing
from fgrad.errors import BatchedValueError, ConversionError

__all__ = ["conversion_error"]

BATCHED_INDEX = (
    "an array that is not batched cannot be indexed with a batched value; use "
    "fgrad.numpy.take(array, index, axis=0)"
)

INDEX = "a traced value cannot be an index or a count; use int(stop_gradient(x))"

WRITING = {"fill", "itemset", "put", "setfield"}
"""Methods that write into an array."""

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
            return kind(f"{storing(call)}, {here}")
        if doing.startswith("BINARY_S") or isinstance(tree, ast.Subscript):
            return kind(f"{BATCHED_INDEX if batched else INDEX}, {here}")
    if index and not batched:
        return kind(f"{INDEX}, {here}")
    name, inside = _name_of(box, tree, call)
    entry, integers = _item(tree, conversion), _integers(tree, called, call)
    what = (_quoted(tree) or conversion) + " = ..." * stores
    if batched:
        other = entry or integers
        if other is None and tree:
            other = another(called, call, box.__array_namespace__(), box._twin)
        other = other or f"use NumPy's functions on {name or 'it'} itself"
        return kind(
            f"{what} needs one value, but {name or 'an argument'} is batched and has "
            f"one for each example; {other[0].lower()}{other[1:]}, {here}"
        )
    if entry:
        advised = f"{entry} to keep it"
    elif integers:
        advised = f"{integers}, whose derivative is zero"
    else:
        advised = instead_of(tree, called, call, box.__array_namespace__(), box._twin)
    whose = f"a traced value{f' in {name}' if name else ''}" if inside else name
    return kind(
        f"{what} would drop the gradient of {whose} "
        f"(made at {short(box._node.site)}). "
        f"{_advice(advised, name)} if that is intended, {here}"
    )


def _item(tree: ast.expr | None, conversion: str) -> str | None:
    """What to write in place of ``x.item()``: the entry, as an array without axes."""
    if conversion != "x.item()":
        return None
    array, index = "x", ""
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Attribute):
        owner = tree.func.value
        array, index = ast.unparse(owner), ", ".join(map(ast.unparse, tree.args))
        if not isinstance(owner, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
            array = f"({array})"
        if len(tree.args) == 1 and isinstance(tree.args[0], ast.Constant):
            return f"Use {array}.ravel()[{index}]"
    return f"Use {array}[{index}]" if index else f"Use {array}.reshape(())"


MAKES_ARRAYS = (np.array, np.asarray, np.asanyarray, np.ascontiguousarray)


def _integers(tree: ast.expr | None, called: Any, call: Call) -> str | None:
    """What to write where integers are made: they have no derivative."""
    if not isinstance(tree, ast.Call) or not tree.args:
        return None
    if called in MAKES_ARRAYS:
        given = [*tree.args[1:2], *(k.value for k in tree.keywords if k.arg == "dtype")]
        value = tree.args[0]
        if not given or isinstance(value, ast.List | ast.Tuple):
            return None
        dtype = _dtype(given[0], call.frame)
        if is_sequence(type(value_of(value, call.frame))):
            return None
    elif isinstance(called, type) and issubclass(called, np.generic):
        value, dtype = tree.args[0], np.dtype(called)
        given = [tree.func]
    else:
        return None
    if dtype is None or dtype.kind not in "biu":
        return None
    astype = ast.Call(ast.Attribute(value, "astype"), given[:1], [])
    return f"Use {ast.unparse(astype)}"


def _dtype(node: ast.expr, frame: FrameType) -> np.dtype[Any] | None:
    """The dtype that an expression names, if it is known."""
    constant = isinstance(node, ast.Constant)
    value: Any = node.value if constant else value_of(node, frame)
    try:
        return None if value is None else np.dtype(value)
    except TypeError:
        return None


def _advice(instead: str | None, name: str | None) -> str:
    """The advice in one sentence: another function, or `stop_gradient`."""
    stop = f"stop_gradient({name})" if name else "stop_gradient of it"
    if instead is None:
        return f"Use {stop}"
    use = "" if instead.startswith("Use ") else "use "
    return f"{instead}, or {use}{stop}"


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
