"""What the user sees of an exception that a traced function raised."""

import ast
import struct
from collections.abc import Iterator
from types import BuiltinFunctionType, FrameType

from fgrad._callsite import LIBRARY, describe, user_call
from fgrad._conversions import called_in, names_in, source
from fgrad._trace import boxes_in
from fgrad.errors import ConversionError, FgradError

__all__ = ["explained"]


def explained(error: BaseException) -> BaseException:
    """The exception to raise in its place, or itself with a note.

    NumPy hides the reason why ``out[i] = x`` failed behind a ValueError.
    """
    if isinstance(error.__cause__, ConversionError):
        return error.__cause__
    kinds = (TypeError, struct.error, IndexError)
    if isinstance(error, kinds) and not isinstance(error, FgradError):
        note = _note(error)
        if note and note not in getattr(error, "__notes__", ()):
            error.add_note(note)
    return error


def _note(error: BaseException) -> str | None:
    """That a traced value was given to what takes no such thing, if it was so.

    Not all functions ask for a number or an array in a way that can be answered.
    """
    stack = [*_stack(error)][::-1]
    call = user_call(stack)
    if call is None:
        return None
    tree = source(call)
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
            return (
                f"{name} {inside}is traced by {boxes[0]._trace.name}, and a plain "
                f"value is needed here; use stop_gradient({name}) if that is intended, "
                f"at {describe(call.site)}"
            )
    return None


def _stack(error: BaseException) -> Iterator[tuple[FrameType, int]]:
    traceback = error.__traceback__
    while traceback is not None:
        yield traceback.tb_frame, traceback.tb_lasti
        traceback = traceback.tb_next
