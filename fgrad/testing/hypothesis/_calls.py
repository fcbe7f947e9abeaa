"""Calls of NumPy's functions, for the checks of rules: arguments that fit together."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from typing_extensions import override

from fgrad._engine.signatures import function_name
from fgrad.testing._leaves import fixed
from fgrad.testing._source import arguments
from fgrad.testing.hypothesis._forms import FORMS, Form

__all__ = ["Call", "calls", "rules"]


class Call(NamedTuple):
    """A call of a function.

    Attributes
    ----------
    fun : callable
        The function.
    args, kwargs : tuple and dict
        Its arguments, as `check_rule` takes them.
    """

    fun: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @override
    def __repr__(self) -> str:
        return f"{function_name(self.fun)}({arguments(self.args, self.kwargs)})"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))


def rules() -> st.SearchStrategy[Callable[..., Any]]:
    """NumPy's functions that have derivatives, and whose calls can be drawn.

    Parameters
    ----------
    None

    Returns
    -------
    SearchStrategy
        Of functions that `calls` knows.

    Examples
    --------
    >>> import numpy as np
    >>> from hypothesis import find
    >>> from fgrad.testing import hypothesis as fh
    >>> find(fh.rules(), lambda fun: fun is np.linalg.inv)
    <function inv at ...>
    """
    return st.sampled_from(sorted(FORMS, key=function_name))


def calls(fun: Callable[..., Any] | None = None) -> st.SearchStrategy[Call]:
    """Calls of a NumPy function: shapes that fit, options, real and complex numbers.

    Parameters
    ----------
    fun : callable, optional
        The function; by default any of `rules`.

    Returns
    -------
    SearchStrategy
        Of `Call`, which has `fun`, `args` and `kwargs`. All have finite results.

    Raises
    ------
    hypothesis.errors.InvalidArgument
        If nobody knows what arguments the function takes.

    Examples
    --------
    >>> import numpy as np
    >>> from hypothesis import find, given
    >>> from fgrad.testing import check_rule, hypothesis as fh
    >>> find(fh.calls(np.sum), lambda call: call.args[0].size and call.kwargs)
    np.sum(np.array(...), ...)
    >>> @given(fh.calls(np.matmul))
    ... def test_matmul(call):
    ...     check_rule(call.fun, call.args, call.kwargs)
    >>> test_matmul()
    """
    if fun is None:
        return rules().flatmap(calls)
    if fun not in FORMS:
        known = ", ".join(sorted({function_name(f) for f in FORMS})[:3])
        raise InvalidArgument(
            f"calls does not know what arguments {function_name(fun)} takes; it knows "
            f"{known} and {len(FORMS) - 3} others (see rules()). Draw the arguments "
            f"with arrays(...), or say what they are: check_rule(f, 'x: float[...]')."
        )
    form = FORMS[fun]

    def call(drawn: tuple[tuple[Any, ...], dict[str, Any]]) -> Call:
        return Call(fun, *drawn)

    return _drawn(form, fun).map(call).filter(_has_value)


@st.composite
def _drawn(
    draw: st.DrawFn, form: Form, fun: Callable[..., Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return form(draw, fun)


def _has_value(call: Call) -> bool:
    """Whether the result is finite, and neither huge nor without digits."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            args = [x.value if type(x) is fixed else x for x in call.args]
            result = call.fun(*args, **call.kwargs)
    except (ValueError, np.linalg.LinAlgError, ZeroDivisionError):
        return False  # axes that do not fit, a matrix without a factor
    parts: Any = result if isinstance(result, tuple | list) else (result,)
    return all(np.max(np.abs(part), initial=0) < 1e9 for part in parts)
