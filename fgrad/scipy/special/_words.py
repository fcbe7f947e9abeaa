"""What rules of several files say: words, and sums over several results."""

from typing import Any

import numpy as np

from fgrad._engine.box import primal, values
from fgrad._words.callsite import no_rule

__all__ = ["COUNT", "KNOWN", "ORDER", "of_results", "real_only"]

COUNT = "It counts, so no derivative exists: pass a number that is not traced."
ORDER = (
    "No formula for this derivative is precise enough: "
    "pass stop_gradient of it, if it may be held fixed."
)
KNOWN = (
    "No formula for this derivative is known to fgrad: "
    "pass stop_gradient of it, if it may be held fixed."
)


def real_only(name: str, *values: Any) -> None:
    """Refuse complex numbers, for which a formula is not right."""
    if any(map(np.iscomplexobj, values)):
        raise no_rule(f"scipy.special.{name} of complex numbers")


def of_results(g: Any, ans: Any, *slopes: Any) -> Any:
    """The cotangents of several results times the derivative of each.

    A result that is nan, as SciPy has no value for it, adds nothing if it is not used.
    """
    total = 0
    for one, value, slope in zip(g, ans, slopes, strict=True):
        unused = np.isnan(primal(value)) & np.equal(primal(one), 0)
        if np.any(values(unused)):
            slope = np.where(unused, 0, slope)
        total = total + one * slope
    return total
