"""What to say where a traced value would be stored in a NumPy array.

Of ``s += x`` and ``K[i] += x`` the user's line tells what to write instead.
"""

import ast
from types import FrameType
from typing import Any

import numpy as np

from fgrad._words.callsite import Call, Site, expression
from fgrad._words.source import value_of

__all__ = ["STORE", "WHERE", "storing"]

STORE = (
    "cannot store a traced value into a NumPy array; make the array with fgrad.numpy "
    "in the function that is differentiated: out = fgrad.numpy.zeros(n)"
)

WHERE = (
    "cannot store traced values into a NumPy array at where=; write "
    "np.where(where, f(np.where(where, x, 1.0)), out), with a number in the place of "
    "1.0 at which f is finite"
)

LENGTH = 60
"""How long the source of a value is at most, so that it is quoted."""


def storing(call: Call | None) -> str:
    """The words for a call that would store a traced value."""
    if call is not None and (dtype := _integers(call)):
        return (
            f"cannot write a traced value into an array of dtype {dtype}: a part of it "
            f"would be lost. Make the array with dtype=float"
        )
    statement = None if call is None else _augmented(call.site)
    if call is None or statement is None:
        return STORE
    cure = _cure(statement, call.frame)
    if cure is None:
        return STORE
    return f"cannot store a traced value into a NumPy array; write {cure}"


def _integers(call: Call) -> np.dtype[Any] | None:
    """The dtype of the array to whose item a value is assigned, if it is an integer."""
    try:
        tree = ast.parse(expression(call.site) or "").body[0]
    except (IndexError, SyntaxError):
        return None
    target: Any = getattr(tree, "value", None) if isinstance(tree, ast.Expr) else None
    target = tree.target if isinstance(tree, ast.AugAssign) else target
    if not isinstance(target, ast.Subscript):
        return None
    owner = value_of(target.value, call.frame)
    integers = isinstance(owner, np.ndarray) and owner.dtype.kind in "biu"
    return owner.dtype if integers else None


def _augmented(site: Site) -> ast.AugAssign | None:
    """The statement ``target op= value`` at a site, if it is one."""
    from dis import get_instructions  # only messages need it

    code, lasti = site
    found = None
    for instruction in get_instructions(code):
        if instruction.offset > lasti:
            break
        if instruction.opname == "BINARY_OP":
            found = instruction if instruction.argrepr.endswith("=") else None
        elif instruction.opname not in ("SWAP", "COPY", "STORE_SUBSCR", "CACHE"):
            found = None
    text = None if found is None else expression((code, found.offset))
    try:
        statement = ast.parse(text or "").body[0]
    except (IndexError, SyntaxError):
        return None
    return statement if isinstance(statement, ast.AugAssign) else None


def _cure(statement: ast.AugAssign, frame: FrameType) -> str | None:
    """What to write in place of it."""
    target: Any = statement.target
    value = statement.value
    if len(ast.unparse(value)) > LENGTH:
        value = ast.Name("value")
    place = ast.unparse(target)
    left = ast.parse(place, mode="eval").body
    total = ast.unparse(ast.BinOp(left, statement.op, value))
    if not isinstance(target, ast.Subscript):
        return f"{place} = {total}"
    owner = value_of(target.value, frame)
    if not isinstance(owner, np.ndarray):  # a list of arrays, if it is known
        return None if owner is None else f"{place} = {total}"
    array = ast.unparse(target.value)
    return f"{array} = fgrad.numpy.array({array}) before, in the same function"
