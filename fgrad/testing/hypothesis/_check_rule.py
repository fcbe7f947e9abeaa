"""`check_rule` at calls that Hypothesis draws, also of a function of yours."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import hypothesis
import numpy as np
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.extra import numpy as hnp

from fgrad._engine.signatures import function_name
from fgrad.errors import UncheckedDerivativeWarning
from fgrad.testing._rule import check_rule as check_one
from fgrad.testing.hypothesis._arrays import Points, arrays, numbers
from fgrad.testing.hypothesis._calls import Call, calls
from fgrad.testing.hypothesis._differentiable import run_given

__all__ = ["check_rule"]

PARAMETER = re.compile(r"(\w+) *: *(\w+) *(\[([^\]]*)\])?$")
"""``x: float[n, 3]``."""


def check_rule(
    fun: Callable[..., Any],
    parameters: str | None = None,
    *,
    scale: tuple[float, float] = (1e-2, 1e2),
    away_from: Points = 0.0,
    settings: hypothesis.settings | None = None,
    **options: Any,
) -> None:
    """Check the derivative rule of a function at calls that Hypothesis draws.

    Parameters
    ----------
    fun : callable
        A `primitive` of yours, or a NumPy function.
    parameters : str, optional
        Its arguments, such as ``"x: float[n, 3], y: float[n], k: int"``. Letters are
        lengths, which are the same wherever they have the same name; ``...`` stands for
        axes that broadcast, as in ``float[...]`` or ``complex[..., n]``. It may be left
        out for functions that `calls` knows.
    scale, away_from
        Of the arguments, as in `numbers`.
    settings : hypothesis.settings, optional
        By default there is no deadline.
    options
        Of `check_rule` of `fgrad.testing`: ``order=1``, ``vary=True``.

    Raises
    ------
    GradientError
        If the rule is wrong, at the simplest call that was found.
    hypothesis.errors.InvalidArgument
        If the parameters cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> import fgrad
    >>> from fgrad.testing import hypothesis as fh
    >>> @fgrad.primitive
    ... def scaled(x, n):
    ...     return n * np.abs(x) * x
    >>> fgrad.defvjp(scaled, x=lambda g, x, n: g * 2 * n * x)
    >>> try:
    ...     fh.check_rule(scaled, "x: float[...], n: int")
    ... except fgrad.errors.GradientError as error:
    ...     print(error)
    the derivative of scaled with respect to args[0] is wrong: it is -2, -1 times as
    much, but finite differences give 2 ± ...
    """
    name = function_name(fun)
    if parameters is None:
        drawn = calls(fun)
    else:
        drawn = _described(fun, parameters, scale, away_from)

    def test(call: Call) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UncheckedDerivativeWarning)
            check_one(call.fun, call.args, call.kwargs, **options)

    test.__name__ = f"check_rule_{name.replace('.', '_')}"
    run_given(test, {"call": drawn}, settings)


def _described(
    fun: Callable[..., Any], text: str, scale: tuple[float, float], away_from: Points
) -> st.SearchStrategy[Call]:
    """Calls with the parameters that a text describes."""
    parsed = [PARAMETER.match(part.strip()) for part in _parts(text)]
    if not parsed or not all(parsed):
        raise InvalidArgument(
            f"cannot read the parameters {text!r}. Write them as in 'x: float[...], "
            f"y: float[n, 3], k: int'."
        )
    found = [(m[1], m[2], m[4] if m[3] else None) for m in parsed if m]
    for _, kind, _ in found:
        try:
            np.dtype(kind)
        except TypeError:
            raise InvalidArgument(
                f"{kind!r} in {text!r} is no dtype. Write float, float32, complex or "
                f"int."
            ) from None

    @st.composite
    def call(draw: st.DrawFn) -> Call:
        count = sum(dims is not None and "..." in dims for *_, dims in found)
        leads: Any = []
        if count:
            shapes = hnp.mutually_broadcastable_shapes(
                num_shapes=count, max_dims=2, max_side=3
            )
            leads = list(draw(shapes).input_shapes)
        lengths: dict[str, int] = {}
        args: list[Any] = []
        for _, kind, dims in found:
            dtype = np.dtype(kind)
            if dims is None:
                drawn = numbers(dtype, scale=scale, away_from=away_from)
            else:
                shape = _shape(draw, dims, leads, lengths)
                drawn = arrays(dtype, shape, scale=scale, away_from=away_from)
            args.append(draw(drawn))
        return Call(fun, tuple(args), {})

    return call()


def _parts(text: str) -> list[str]:
    """Split at commas outside of brackets."""
    return re.split(r",(?![^\[]*\])", text)


def _shape(
    draw: st.DrawFn, dims: str, leads: list[Any], lengths: dict[str, int]
) -> tuple[int, ...]:
    shape: list[int] = []
    for part in filter(None, map(str.strip, dims.split(","))):
        if part == "...":
            shape += leads.pop(0)
        elif part.isdecimal():
            shape.append(int(part))
        else:
            if part not in lengths:
                lengths[part] = draw(st.integers(1, 3))
            shape.append(lengths[part])
    return tuple(shape)
