"""Functions of corresponding entries."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad._engine.doors import astype
from fgrad.batching.forms import aligned, one_array
from fgrad.primitives import slopes
from fgrad.primitives._spectrum import over
from fgrad.primitives.bessel import hypergeometric, sinc_derivative
from fgrad.primitives.bounds import clip

aligned(np.ufunc, np.sign)  # np.ufunc stands for all elementwise rules
aligned(np.where, arrays=("condition", "x", "y"))
aligned(clip, arrays=("a", "low", "high", "where"))
aligned(over, arrays=("x", "d", "x_size"))
aligned(slopes.heading, slopes.over_length, arrays=("x", "length"))
aligned(hypergeometric, sinc_derivative, arrays=("x",))
aligned(slopes.direction, slopes.signs, arrays=("x", "where"))
aligned(slopes.unit, arrays=("x", "r"))
aligned(slopes.cosine, arrays=("x1", "x2", "r"))
aligned(slopes.inverted, slopes.weight, arrays=("x1", "x2"))
aligned(
    slopes.above,
    slopes.beyond,
    slopes.inside,
    slopes.inverse_circle,
    slopes.inverse_complement,
    slopes.secant_squared,
    arrays=("x",),
)
aligned(np.isclose, arrays=("a", "b", "rtol", "atol"))


@one_array(
    np.real,
    np.imag,
    np.angle,
    np.i0,
    np.sinc,
    astype,
    np.asarray,
    np.asanyarray,
    np.asarray_chkfinite,
    np.copy,
    np.around,
    np.round,
    np.fix,
    np.iscomplex,
    np.isreal,
    np.isneginf,
    np.isposinf,
)
def of_entries(fun: Any, a: Any, **options: Any) -> Any:
    return fun(a, **options)


@one_array(np.ascontiguousarray, np.asfortranarray, np.require)
def memory(fun: Any, a: Any, **options: Any) -> Any:
    """At least one axis for each example, where NumPy sees to that."""
    ans = fun(a, **options)
    return ans[:, None] if a.ndim == 1 and fun is not np.require else ans
