"""What to write in place of a function that would drop a derivative."""

import ast
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from fgrad._words.callsite import Call
from fgrad._words.statistics import in_statistics

__all__ = ["another", "drawing", "instead_of"]

Twin = Callable[[str, str], Any]

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
    "scipy.sparse.linalg": WRAP,
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
    "cmath": "numpy",
    "math": "numpy",
    "scipy.fft": "numpy.fft",
    "scipy.integrate": "numpy",
    "scipy.linalg": "numpy.linalg",
}
"""Modules of whose functions NumPy has some under the same name, and where."""

OTHERWISE = {"cholesky", "qr", "remainder"}
"""Functions that NumPy has, too, but with other conventions."""


def instead_of(
    tree: ast.expr | None, called: Any, call: Call, namespace: Any, twin: Twin
) -> str | None:
    """The advice for a line of the user's, as far as there is any."""
    if tree is None and call.callee is None:
        return "Use NumPy's functions, np.stack or fgrad.numpy to keep it"
    if isinstance(tree, ast.BinOp) and call.callee is None:
        if isinstance(tree.op, ast.Mod) and isinstance(tree.left, ast.Constant):
            return "Use an f-string"
        return "Make the list an array with fgrad.numpy.array to keep it"
    words = another(called, call, namespace, twin)
    return words and f"{words} to keep it"


def another(called: Any, call: Call, namespace: Any, twin: Twin) -> str | None:
    """Another function, or another way.

    The `namespace` is `fgrad.numpy`, and `twin` tells what fgrad has in the place of
    another library's function.
    """
    if isinstance(called, type) and issubclass(called, np.generic):
        return f"Use the method astype(np.{called.__name__})"
    if type(getattr(called, "__self__", None)) is np.ndarray:
        return _same("numpy", called.__name__)
    module, name = _address(called, call)
    theirs = getattr(sys.modules.get(module), name, None)
    ours = twin(module, name)
    if ours is not None and ours is not theirs:
        return f"Use fgrad's own (from fgrad.{module} import {name})"
    known = module in SAME and name not in OTHERWISE
    if known and (same := _same(SAME[module], name)):
        return same
    parts = f"{module}.{name}".split(".")
    for count in range(len(parts), 0, -1):
        if found := INSTEAD.get(".".join(parts[:count])):
            return found
    if parts[0] == "numpy":
        theirs, ours = (_member(root, module, name) for root in (np, namespace))
        if ours is not None and ours is not theirs:
            return f"Use fgrad.{module}.{name}"
        return None
    return None if parts[0] in sys.stdlib_module_names else WRAP


def _same(module: str, name: str) -> str | None:
    """NumPy's function of that name, if there is one."""
    if _member(np, module, name) is None:
        return None
    return f"Use {module.replace('numpy', 'np', 1)}.{name}"


def _member(root: Any, module: str, name: str) -> Any:
    """``numpy.linalg.eigh`` in a namespace like NumPy's."""
    for part in (*module.split(".")[1:], name):
        root = getattr(root, part, None)
    return root


def _address(called: Any, call: Call) -> tuple[str, str]:
    """The public module and the name of a function, or of an object's class."""
    owners = [getattr(called, name, None) for name in ("__self__", "__objclass__")]
    if any(isinstance(o, drawing()) or o is np.random.Generator for o in owners):
        return "numpy.random", called.__name__
    if isinstance(called, np.ufunc):
        numpys = getattr(np, called.__name__, None) is called
        return "numpy" if numpys else "scipy.special", called.__name__
    if called is None and call.callee is not None:
        module = call.callee.f_globals.get("__name__", "")
        name = call.callee.f_code.co_qualname
    else:
        kind: Any = called if hasattr(called, "__qualname__") else type(called)
        module, name = str(kind.__module__), kind.__qualname__
    if module.startswith("scipy.stats."):
        inside = call.callee.f_locals if call.callee else {}
        if found := in_statistics([owners[0], *inside.values()]):
            return "scipy.stats", found
    first, *parts = module.split(".")
    public = [first.lstrip("_"), *(part for part in parts if not part.startswith("_"))]
    return ".".join(public), name


def drawing() -> tuple[type, ...]:
    """The classes that draw random numbers. NumPy loads them when first asked."""
    return (np.random.Generator, np.random.RandomState)
