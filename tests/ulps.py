"""How far derivatives may be from the truth at hard points, in units of the last place.

For each elementwise function, the worst first and the worst second derivative: in
float64, float32, complex128 and complex64. The numbers are those that were measured,
with room for the mathematical libraries of other processors. `LEFT_OUT` has points
where a derivative is not precise, and why.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.truth import exact

__all__ = ["LEFT_OUT", "WORST"]

WORST: dict[np.ufunc | Callable[..., Any], dict[str, tuple[float, float]]] = {
    np.positive: {"d": (0, 0), "f": (0, 0), "D": (0, 0), "F": (0, 0)},
    np.negative: {"d": (0, 0), "f": (0, 0), "D": (0, 0), "F": (0, 0)},
    np.reciprocal: {"d": (3, 4), "f": (3, 3), "D": (4, 5), "F": (4, 6)},
    np.square: {"d": (0, 0), "f": (0, 0), "D": (0, 0), "F": (0, 0)},
    np.sqrt: {"d": (2, 5), "f": (2, 4), "D": (3, 7), "F": (3, 6)},
    np.cbrt: {"d": (4, 8), "f": (4, 11)},
    np.exp: {"d": (2, 2), "f": (3, 3), "D": (2, 2), "F": (2, 2)},
    np.exp2: {"d": (2, 4), "f": (2, 2), "D": (3, 4), "F": (2, 3)},
    np.expm1: {"d": (2, 2), "f": (3, 3), "D": (2, 2), "F": (2, 2)},
    np.log: {"d": (2, 2), "f": (1, 2), "D": (2, 4), "F": (2, 4)},
    np.log2: {"d": (2, 2), "f": (2, 2), "D": (2, 3), "F": (2, 4)},
    np.log10: {"d": (3, 4), "f": (2, 3), "D": (4, 6), "F": (3, 6)},
    np.log1p: {"d": (3, 5), "f": (2, 2), "D": (3, 5), "F": (2, 4)},
    np.sin: {"d": (2, 2), "f": (2, 2), "D": (2, 2), "F": (2, 3)},
    np.cos: {"d": (2, 2), "f": (2, 2), "D": (2, 2), "F": (3, 2)},
    np.tan: {"d": (2, 3), "f": (4, 4), "D": (5, 7), "F": (6, 5)},
    np.arcsin: {"d": (2, 8), "f": (1, 2), "D": (5, 9), "F": (3, 9)},
    np.arccos: {"d": (2, 8), "f": (1, 2), "D": (5, 9), "F": (3, 9)},
    np.arctan: {"d": (2, 3), "f": (2, 3), "D": (4, 7), "F": (3, 6)},
    np.sinh: {"d": (2, 1), "f": (2, 2), "D": (2, 2), "F": (2, 3)},
    np.cosh: {"d": (1, 2), "f": (2, 2), "D": (2, 2), "F": (3, 2)},
    np.tanh: {"d": (10, 9), "f": (11, 9), "D": (5, 6), "F": (4, 5)},
    np.arcsinh: {"d": (2, 4), "f": (2, 5), "D": (5, 9), "F": (3, 6)},
    np.arccosh: {"d": (2, 5), "f": (2, 3), "D": (5, 9), "F": (3, 9)},
    np.arctanh: {"d": (2, 7), "f": (1, 3), "D": (5, 8), "F": (3, 6)},
    np.deg2rad: {"d": (0, 0), "f": (1, 0)},
    np.radians: {"d": (0, 0), "f": (1, 0)},
    np.rad2deg: {"d": (1, 0), "f": (2, 0)},
    np.degrees: {"d": (1, 0), "f": (2, 0)},
    np.absolute: {"d": (0, 0), "f": (0, 0)},
    np.fabs: {"d": (0, 0), "f": (0, 0)},
    np.sinc: {"d": (2, 4), "f": (2, 2), "D": (70, 60), "F": (2, 2)},
    np.i0: {"d": (12, 9), "f": (3, 2)},
    np.multiply: {"d": (0, 0), "f": (0, 0)},
    np.divide: {"d": (2, 13), "f": (2, 2)},
    np.power: {"d": (3, 5), "f": (2, 4)},
    np.hypot: {"d": (3, 6), "f": (2, 4)},
    np.arctan2: {"d": (4, 7), "f": (3, 6)},
    np.logaddexp: {"d": (530, 530), "f": (17, 17)},
    np.logaddexp2: {"d": (350, 370), "f": (12, 13)},
    np.float_power: {"d": (3, 5), "f": (2, 2)},
}

SATURATED = "the result is kept, not the argument, and 1 - tanh**2 cancels near 1"
OWN_VALUE = "the exponent, times log(2), is rounded, also in NumPy's value"
QUOTIENT = "x1 / x2, the result, is what is kept, and 1 / x2 overflows"
SMALLEST = "a part of the formula is subnormal, and has few digits"

LEFT_OUT: dict[Callable[..., Any], tuple[str, Callable[..., Any]]] = {
    np.tanh: (SATURATED, lambda t, x: np.isrealobj(x) and abs(x) > 1.5),
    np.exp2: (OWN_VALUE, lambda t, x: np.iscomplexobj(x) and abs(x) > 20),
    np.divide: (QUOTIENT, lambda t, x1, x2: abs(x2) < 1 / np.finfo(x2.dtype).max),
    np.arctan2: (SMALLEST, lambda t, x1, x2: abs(t) < np.finfo(x1.dtype).tiny),
}
for fun in (np.power, np.float_power):
    LEFT_OUT[fun] = (
        SMALLEST,
        lambda t, x1, x2: (
            min(abs(t), abs(x1), exact(abs(x1)) ** exact(abs(x2)))
            < np.finfo(x1.dtype).tiny
        ),
    )
