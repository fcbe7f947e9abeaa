"""The parameters of a call: shapes, location and scale, traced or not."""

from typing import Any

import numpy as np

from fgrad._engine.box import Box, primal, values
from fgrad._words.callsite import no_rule
from fgrad.derived.creation import as_traced

__all__ = ["floating", "parsed", "standardised"]


def floating(value: Any) -> Any:
    """A parameter of any kind; integers as floats, so that no power is of integers."""
    if type(value) in (int, bool):
        return float(value)
    if type(value) is not Box and not isinstance(value, float | np.floating):
        value = as_traced(value)
        if value.dtype.kind in "biu":
            return value.astype(float)
    if np.iscomplexobj(value):
        raise no_rule("distributions of scipy.stats of complex numbers")
    return value


def _positive(scale: Any) -> Any:
    """A scale; what is no scale is nan, and so is all that follows."""
    if type(scale) is float and scale > 0:
        return scale
    good = np.greater(primal(scale), 0)
    return scale if bool(np.all(values(good))) else scale * np.where(good, 1, np.nan)


def parsed(
    dist: Any, args: tuple[Any, ...], kwds: dict[str, Any]
) -> tuple[list[Any], Any, Any]:
    """Shapes, location and scale of a call, by SciPy's own parser."""
    shapes, loc, scale = dist._parse_args(*args, **kwds)
    return [floating(s) for s in shapes], floating(loc), _positive(floating(scale))


def standardised(
    dist: Any, x: Any, args: tuple[Any, ...], kwds: dict[str, Any]
) -> tuple[Any, list[Any], Any]:
    """The standardised variable, shapes, and the scale: ``None`` if it is 1."""
    shapes, loc, scale = parsed(dist, args, kwds)
    z = floating(x)
    if type(loc) is not float or loc != 0:
        z = z - loc
    if type(scale) is float and scale == 1:
        return z, shapes, None
    return z / scale, shapes, scale
