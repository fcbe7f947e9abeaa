"""Numbers between two ends, powers, and series of polynomials."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad._engine.box import as_array
from fgrad._engine.dispatch import traced
from fgrad.batching.forms import (
    lined_up,
    one_array,
    several_arrays,
    shifted,
)
from fgrad.batching.trace import BatchTrace
from fgrad.primitives.series import FAMILIES, INTEGRAL


def _spaced(fun: Any) -> None:
    """The examples are in front of the numbers, also where these are in front."""

    @several_arrays(fun)
    def spaced(
        trace: BatchTrace, start: Any, stop: Any, *args: Any, axis: Any = 0, **kw: Any
    ) -> Any:
        ends = as_array(start), as_array(stop)
        ndim = max(end.ndim for end in ends)
        ends = [lined_up(x._value, ndim) if trace.holds(x) else x for x in ends]
        return fun(*ends, *args, axis=shifted(axis, ndim + 1), **kw)


for _fun in (np.linspace, np.geomspace):
    _spaced(_fun)


@one_array(np.vander)
def vander(fun: Any, x: Any, N: Any = None, increasing: Any = False) -> Any:
    """Products along the rows, as NumPy makes them."""
    if x.ndim != 2:
        return NotImplemented
    n = x.shape[1] if N is None else N
    one = np.ones((*x.shape, 1), x.dtype)
    factors = np.broadcast_to(x[..., None], (*x.shape, max(n - 1, 0)))
    powers = np.cumprod(np.concatenate([one, factors], -1)[..., :n], -1)
    return powers if increasing else np.flip(powers, -1)


def _family(prefix: str, module: Any) -> None:
    val = traced(getattr(module, prefix + "val"))

    @several_arrays(getattr(module, prefix + "val"))
    def value(trace: BatchTrace, x: Any, c: Any, tensor: Any = True) -> Any:
        """Coefficients in front of the examples, as NumPy wants them."""
        x, c = as_array(x), as_array(c)
        if c.ndim != 1:
            return NotImplemented
        points = x._value if trace.holds(x) else x
        if not trace.holds(c):
            return val(points, c)
        rows = np.reshape(np.transpose(c._value), (-1, trace.size, *(1,) * x.ndim))
        return val(points, rows, False)

    @one_array(getattr(module, prefix + "vander"))
    def powers(fun: Any, x: Any, deg: Any) -> Any:
        return fun(x[:, None] if x.ndim == 1 else x, deg)

    @one_array(getattr(module, prefix + "der"), INTEGRAL[prefix])
    def derivative(fun: Any, c: Any, *, axis: Any = 0, **options: Any) -> Any:
        if c.ndim == 1 or options.get("m", 1) >= c.shape[shifted(axis, c.ndim - 1)]:
            return NotImplemented  # NumPy leaves the axis in front
        return fun(c, axis=shifted(axis, c.ndim - 1), **options)


for _prefix, _module in FAMILIES.items():
    _family(_prefix, _module)
