"""What to say when a traced value is about to become a plain one.

Python and C code ask for a plain number or array through ``__float__``, ``__array__``
and their like. What the user has called stands in the user's line: from its source the
function is found, and what to write instead.
"""

import ast
import builtins
import sys
from importlib import import_module
from types import FrameType, ModuleType
from typing import Any

import numpy as np

from fgrad._callsite import Call, describe, expression, instruction, short, user_call
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

WRAP = "Give it a rule with fgrad.primitive and fgrad.defvjp"

INSTEAD = {
    "cmath": WRAP,
    "cmath.phase": "Use np.angle",
    "math": WRAP,
    "math.dist": "Use np.linalg.norm",
    "math.fsum": "Use np.sum",
    "numpy.array": "Use fgrad.numpy.array or np.stack",
    "numpy.broadcast": "Use np.broadcast_arrays",
    "numpy.lib.CClass": "Use fgrad.numpy.c_",
    "numpy.lib.RClass": "Use fgrad.numpy.r_",
    "numpy.ma": "Use plain arrays and where=",
    "numpy.poly1d": "Use fgrad.numpy.polyval",
    "numpy.polynomial": "Use the functions of fgrad.numpy.polynomial",
    "numpy.random": "Draw from fgrad.numpy.random",
    "pandas": "Use plain arrays, from .to_numpy(),",
    "scipy.optimize": "Use fgrad.custom_root",
    "scipy.sparse": "Use plain arrays, from .toarray(),",
    "scipy.special.logsumexp": "Use np.logaddexp.reduce",
    "statistics.fmean": "Use np.mean",
    "statistics.mean": "Use np.mean",
    "statistics.median": "Use np.median",
    "statistics.pstdev": "Use np.std",
    "statistics.pvariance": "Use np.var",
    "statistics.stdev": "Use np.std(..., ddof=1)",
    "statistics.variance": "Use np.var(..., ddof=1)",
}
"""What to write in place of a function, or of any in a module."""

SAME = {
    "cmath": "",
    "math": "",
    "scipy.fft": "fft.",
    "scipy.integrate": "",
    "scipy.linalg": "linalg.",
}
"""Modules of whose functions NumPy has some under the same name, and where."""

OTHERWISE = {"cholesky", "qr", "remainder"}
"""Functions that NumPy has, too, but with other conventions."""

WRITING = {"fill", "itemset", "put", "setfield"}
"""Methods that write into an array."""

LOOKED_INTO = (ModuleType, type, np.ndarray)
"""Whose attributes may be asked for; those of others may be properties."""

LENGTH = 60
"""How much of the source is quoted at most."""


def conversion_error(
    box: Any, conversion: str, *, batched: bool, index: bool = False
) -> ConversionError:
    """Why a box does not become a plain value; or one example of it, if it is batched.

    The `conversion` is how Python asks for it; the user's line says it better.
    """
    kind = BatchedValueError if batched else ConversionError
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
        instead = _other(called, call) if tree else None
        instead = instead or f"use NumPy's functions on {name or 'it'} itself"
        return kind(
            f"{what} needs one value, but {name or 'an argument'} is batched and has "
            f"one for each example; {instead[0].lower()}{instead[1:]}, {here}"
        )
    whose = f"a traced value{f' in {name}' if name else ''}" if inside else name
    return kind(
        f"{what} would drop the gradient of {whose} "
        f"(made at {short(box._node.site)}). "
        f"{_advice(_instead(tree, called, call), name)} if that is intended, {here}"
    )


def _advice(instead: str | None, name: str | None) -> str:
    """What to write, in one sentence."""
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
        known = issubclass(type(owner), (*LOOKED_INTO, *_drawing()))
        return getattr(owner, node.attr, None) if known else None
    if isinstance(node, ast.Call):
        made = _value_of(node.func, frame)
        if made is np.random.default_rng:
            return np.random.Generator
        return made if isinstance(made, type) else None
    return None


def _drawing() -> tuple[type, ...]:
    """The classes that draw random numbers. NumPy loads them when first asked."""
    return (np.random.Generator, np.random.RandomState)


def _variable(name: str, frame: FrameType) -> Any:
    for scope in (frame.f_locals, frame.f_globals, vars(builtins)):
        if name in scope:
            return scope[name]
    return None


def called_in(tree: ast.expr | None, call: Call) -> Any:
    """What is called, or indexed; ``None`` if it cannot be told."""
    if isinstance(tree, ast.Call):
        return _value_of(tree.func, call.frame)
    return (
        _value_of(tree.value, call.frame) if isinstance(tree, ast.Subscript) else None
    )


def _name_of(box: Any, tree: ast.expr | None, call: Call) -> tuple[str | None, bool]:
    """What the user calls a box, or the list in which it is; and whether it is that."""
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
    if type(value) not in (list, tuple):
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


# What to write instead ----------------------------------------------------------------


def _instead(tree: ast.expr | None, called: Any, call: Call) -> str | None:
    """What to write in place of what the user wrote, as far as that is known."""
    if tree is None and call.callee is None:
        return "Use NumPy's functions, np.stack or fgrad.numpy to keep it"
    if isinstance(tree, ast.BinOp) and call.callee is None:
        if isinstance(tree.op, ast.Mod) and isinstance(tree.left, ast.Constant):
            return "Use an f-string"
        return "Make the list an array with fgrad.numpy.array to keep it"
    words = _other(called, call)
    return words and f"{words} to keep it"


def _other(called: Any, call: Call) -> str | None:
    """Another function, or another way."""
    if isinstance(called, type) and issubclass(called, np.generic):
        return f"Use the method astype(np.{called.__name__})"
    if type(getattr(called, "__self__", None)) is np.ndarray:
        return _same("numpy", called.__name__, "Use np.")
    module, name = _address(called, call)
    if module in SAME and name not in OTHERWISE:
        ours = f"numpy.{SAME[module]}".rstrip(".")
        if twin := _same(ours, name, f"Use np.{SAME[module]}"):
            return twin
    parts = f"{module}.{name}".split(".")
    for count in range(len(parts), 0, -1):
        if found := INSTEAD.get(".".join(parts[:count])):
            return found
    if parts[0] == "numpy":
        return _same(f"fgrad.{module}", name, f"Use fgrad.{module}.", module)
    return None if parts[0] in sys.stdlib_module_names else WRAP


def _same(module: str, name: str, words: str, other: str = "") -> str | None:
    """The words with the name, if that module has it, and not from the other one."""
    try:
        found = getattr(import_module(module), name, None)
    except ImportError:
        return None
    theirs = getattr(sys.modules.get(other), name, None)
    return None if found is None or found is theirs else words + name


def _address(called: Any, call: Call) -> tuple[str, str]:
    """The public module and the name of a function, or of an object's class."""
    owners = [getattr(called, name, None) for name in ("__self__", "__objclass__")]
    if any(isinstance(o, _drawing()) or o is np.random.Generator for o in owners):
        return "numpy.random", called.__name__
    if isinstance(called, np.ufunc):
        return "numpy", called.__name__
    if called is None and call.callee is not None:
        module = call.callee.f_globals.get("__name__", "")
        name = call.callee.f_code.co_qualname
    else:
        kind: Any = called if hasattr(called, "__qualname__") else type(called)
        module, name = str(kind.__module__), kind.__qualname__
    first, *parts = module.split(".")
    public = [first.lstrip("_"), *(part for part in parts if not part.startswith("_"))]
    return ".".join(public), name
