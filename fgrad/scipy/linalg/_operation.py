"""How a function of SciPy's becomes one operation: its value is SciPy's own.

SciPy may be allowed to overwrite its arguments. A traced call never is: pullbacks keep
them, and so does the caller's trace.
"""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

import numpy as np

from fgrad._engine.rules import defvjp, parameters_of, rule_of
from fgrad._transforms import vjp

__all__ = ["operation", "pulled"]

ROUTE = frozenset({"check_finite", "lwork", "lapack_driver", "driver", "balanced"})
"""Options that check an argument or choose a routine."""


def operation(fun: Callable[..., Any], **rule: Any) -> None:
    """Register pullbacks and options, as `defvjp` does."""
    parameters = parameters_of(fun)
    overwriting = {name for name in parameters if name.startswith("overwrite")}
    neutral = {*rule.pop("neutral", ()), *overwriting, *ROUTE & {*parameters}}
    defvjp(fun, neutral=neutral, **rule)
    if overwriting:
        rule_of(fun).fun = _preserving(fun, [*parameters], overwriting)


def _preserving(
    fun: Callable[..., Any], names: list[str], overwriting: set[str]
) -> Callable[..., Any]:
    """The function without leave to overwrite."""

    def call(*args: Any, **kwargs: Any) -> Any:
        given = zip(names, args, strict=False)
        kept = [False if name in overwriting else value for name, value in given]
        return fun(*kept, **{n: v for n, v in kwargs.items() if n not in overwriting})

    return update_wrapper(call, fun)


def pulled(g: Any, fun: Callable[[Any], Any], x: Any) -> Any:
    """The cotangent of `x` by a composition that computes the same as SciPy does.

    A cotangent's real part is what counts if the composition's result is real.
    """
    ans, pullback = vjp(fun, x)
    return pullback(_like(g, ans))[0]


def _like(g: Any, ans: Any) -> Any:
    if isinstance(ans, tuple):
        return tuple(_like(*pair) for pair in zip(g, ans, strict=True))
    real = ans.dtype.kind != "c" and np.iscomplexobj(g)
    return np.real(g) if real else g
