"""One operation for what SciPy computes and a formula differentiates.

The value is SciPy's own. The formula, of the arguments that are traced, has the same
value in the same shape, or in one that differs by axes of length 1.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from fgrad._engine.box import Box, boxes_in, primal
from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp
from fgrad._transforms import vjp
from fgrad.derived.creation import as_traced

__all__ = ["by_formula", "evaluated"]


@primitive
def evaluated(theirs: Callable[..., Any], formula: Callable[..., Any], *arrays: Any):
    """What SciPy makes of the arrays."""
    return theirs(*arrays)


def arrays_pullback(g, ans, formula, arrays, wanted):
    """That of the formula; 0 where the value is infinite, nan where it is nan."""
    moving = [i for i, one in enumerate(wanted) if one is not None]

    def fun(*moved: Any) -> Any:
        known = dict(zip(moving, moved, strict=True))
        return formula(*(known.get(i, array) for i, array in enumerate(arrays)))

    out, pullback = vjp(fun, *(arrays[i] for i in moving))
    if isinstance(out, tuple):
        g = tuple(map(_where_finite, g, ans, out))
    else:
        g = _where_finite(g, ans, out)
    found = dict(zip(moving, pullback(g), strict=True))
    return [found.get(i) for i in range(len(arrays))]


def _where_finite(g: Any, ans: Any, out: Any) -> Any:
    """A cotangent in the shape of the formula's result."""
    plain = primal(ans)
    finite = np.isfinite(plain)
    if not np.all(finite):
        g = np.where(finite, g, np.where(np.isnan(plain), np.nan, 0.0))
    return g if np.shape(g) == np.shape(out) else np.reshape(g, np.shape(out))


defvjp(evaluated, neutral=("theirs",), arrays=arrays_pullback)


def by_formula(
    theirs: Callable[..., Any],
    formula: Callable[..., Any],
    args: tuple[Any, ...],
    kwds: dict[str, Any],
    bounds: tuple[str, ...] = (),
) -> Any:
    """A call of SciPy's, of which any argument may be traced.

    The formula has the parameters of SciPy's function. Those among `bounds` have
    derivative 0.
    """
    bound = inspect.signature(theirs).bind(*args, **kwds)
    bound.arguments |= {
        name: tuple(map(primal, value)) if isinstance(value, tuple) else primal(value)
        for name, value in bound.arguments.items()
        if name in bounds
    }
    given = {
        name: value if type(value) is Box else as_traced(value)
        for name, value in bound.arguments.items()
        if boxes_in([value])
    }
    rest = {n: value for n, value in bound.arguments.items() if n not in given}

    def named(fun: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arrays: fun(**rest, **dict(zip(given, arrays, strict=True)))

    return evaluated(named(theirs), named(formula), *given.values())
