"""Why a function of SciPy has no derivative in one of its arguments."""

from typing import Any

import numpy as np

from fgrad._words.callsite import no_rule

__all__ = ["COUNT", "KNOWN", "ORDER", "real_only"]

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
