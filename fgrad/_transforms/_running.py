"""One run of a user's function: warnings at the user's line, errors in words, an end.

NumPy warns at the innermost line of Python, which would be one of fgrad's. While a
function runs, what would be a warning is written to `LOG` instead, which warns at the
line where it would have been without tracing. That costs nothing for each operation.
"""

from __future__ import annotations

import ast
import struct
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from types import BuiltinFunctionType, FrameType
from typing import Any

import numpy as np

from fgrad._engine.box import Box, boxes_in
from fgrad._engine.constants import RUNNING
from fgrad._engine.memory import settled
from fgrad._engine.trace import Trace
from fgrad._tree import flatten, unflatten
from fgrad._words.callsite import (
    LIBRARY,
    Call,
    at,
    is_ours,
    user_call,
    user_frame,
    warn_at,
)
from fgrad._words.matrices import explain_matrix
from fgrad._words.source import called_in, names_in, source
from fgrad.errors import ConversionError, FgradError

__all__ = ["running", "up_to_date"]


class running:  # noqa: N801 (used like a function)
    """While this is entered, a function runs with values of a trace.

    If it raises an exception, the trace is closed, so that nothing is left behind.
    """

    __slots__ = ("_located", "_token", "_trace")

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._located = _located()

    def __enter__(self) -> None:
        self._token = RUNNING.set(True)
        self._located.__enter__()

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        self._located.__exit__(kind, error, traceback)
        RUNNING.reset(self._token)
        if error is not None:
            self._trace.close()
            better = _explained(error)
            if better is not error:
                raise better from None


def up_to_date(out: Any) -> Any:
    """The output of a function with all that was written, and without constants."""
    if type(out) is Box:
        return settled(out) if out._trace.written else out
    if type(out) is np.ndarray or type(out) is float:
        return out
    leaves, structure = flatten(out)
    if not any(type(leaf) is Box and leaf._trace.written for leaf in leaves):
        return out
    return unflatten(structure, map(settled, leaves))


# Warnings -----------------------------------------------------------------------------


class _Log:
    """An object to which NumPy writes in place of a warning."""

    def write(self, message: str) -> None:
        frame = sys._getframe(1)
        if is_ours(frame.f_code.co_filename):
            frame = user_frame(frame)
        words = message.removeprefix("Warning: ").rstrip("\n")
        warn_at(frame, words, RuntimeWarning)


LOG: Any = _Log()


def _located() -> AbstractContextManager[Any]:
    """While this is entered, floating-point warnings name the user's line."""
    modes: Any = np.geterr()
    changed = USUAL if modes == WARNING else _logged(modes)
    return np.errstate(call=LOG, **changed) if changed else nullcontext()


def _logged(modes: dict[str, str]) -> dict[str, Any]:
    """These modes, but with what is to be logged in place of what is to be warned of.

    Nothing if that is done already, or if there is another object to write to.
    """
    kinds = {*modes.values()}
    if "warn" not in kinds or "log" in kinds or "call" in kinds:
        return {}
    return {name: "log" if m == "warn" else m for name, m in modes.items()}


WARNING = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
"""What NumPy does if nobody has said anything else."""

USUAL = _logged(WARNING)


# Errors -------------------------------------------------------------------------------


def _explained(error: BaseException) -> BaseException:
    """The exception to raise in its place, or itself with a note.

    NumPy hides the reason why ``out[i] = x`` failed behind a ValueError.
    """
    if isinstance(error.__cause__, ConversionError):
        return error.__cause__
    if isinstance(error, np.linalg.LinAlgError):
        explain_matrix(error, [*_stack(error)][::-1])
        return error
    kinds = (TypeError, struct.error, IndexError, AttributeError)
    if isinstance(error, kinds) and not isinstance(error, FgradError):
        note = _note(error)
        if note and note not in getattr(error, "__notes__", ()):
            error.add_note(note)
    return error


def _note(error: BaseException) -> str | None:
    """A note that a traced value went where a plain one is needed, if it did.

    Not all functions ask for a number or an array in a way that can be answered.
    """
    stack = [*_stack(error)][::-1]
    call = user_call(stack)
    if call is None:
        return None
    tree = source(call)
    if note := _of_list(error, tree, call):
        return note
    if isinstance(error, AttributeError):
        return None
    if isinstance(error, IndexError):
        if not isinstance(tree, ast.Subscript) or "integer" not in str(error):
            return None
        tree = tree.slice
    elif LIBRARY[stack[0][0].f_code.co_filename] or not (
        "Box" in str(error)
        or call.callee is not None
        or isinstance(called_in(tree, call), BuiltinFunctionType)
    ):
        return None  # NumPy's own words, or others that say it
    for name, value in names_in(tree, call.frame).items():
        if boxes := boxes_in(value):
            inside = "" if value is boxes[0] else "holds what "
            return at(
                f"{name} {inside}is traced by {boxes[0]._trace.name}, and a plain "
                f"value is needed here; use stop_gradient({name}) if that is intended",
                call.site,
            )
    return None


def _of_list(error: BaseException, tree: ast.expr | None, call: Call) -> str | None:
    """A note that a list was used like an array, if it was."""
    if isinstance(error, AttributeError):
        used = isinstance(tree, ast.Attribute) or tree is None
    else:
        used = isinstance(tree, ast.BinOp | ast.UnaryOp | ast.Compare)
    if not used or call.callee is not None:
        return None
    for name, value in names_in(tree, call.frame).items():
        if type(value) in (list, tuple) and boxes_in(value):
            kind = type(value).__name__
            return at(
                f"{name} is a {kind} of traced values; make it an array with "
                f"fgrad.numpy.array({name}), or pass np.array(...) to the function in "
                f"place of the {kind}",
                call.site,
            )
    return None


def _stack(error: BaseException) -> Iterator[tuple[FrameType, int]]:
    traceback = error.__traceback__
    while traceback is not None:
        yield traceback.tb_frame, traceback.tb_lasti
        traceback = traceback.tb_next
