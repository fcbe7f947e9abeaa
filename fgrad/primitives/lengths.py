"""Powers of lengths, which are smooth where the length itself has a kink.

`fgrad._engine.powers` finds a power of a length, and asks here for the edges that lead
past it: the square of a length is a sum of squares.
"""

from typing import Any

import numpy as np

from fgrad._engine.rules import Rule, rule_of
from fgrad.primitives._axes import normalized, restore
from fgrad.primitives._matrices import conjugate
from fgrad.primitives.reductions import var_pullback


def slope(g: Any, length: Any, n: int) -> Any:
    """The cotangent of half the square, from that of the power: n length**(n - 2)."""
    return g * n if n == 2 else g * (n * length ** (n - 2))


def power_of_norm(length: Any, x: Any, n: int, axis: Any, keepdims: bool) -> Any:
    """A power of a Euclidean norm."""
    return length**n


def power_of_hypot(length: Any, x1: Any, x2: Any, n: int) -> Any:
    """A power of a hypotenuse, or of a modulus."""
    return length**n


def power_of_norm_pullback(g, length, x, n, axis, keepdims):
    """N length**(n - 2) conj(x)."""
    return restore(slope(g, length, n), x, axis, keepdims) * conjugate(x)


def power_of_std(length: Any, a: Any, n: int, options: dict[str, Any]) -> Any:
    """A power of a standard deviation."""
    return length**n


def power_of_std_pullback(g, length, a, n, options):
    """The pullback of the variance, from the cotangent of half of it."""
    return 0.5 * var_pullback(slope(g, length, n), a, **options)


STD = Rule(power_of_std, pullbacks={"a": power_of_std_pullback})
STD.extend({}, owned=True, broadcasts=True)
NORM = Rule(power_of_norm, pullbacks={"x": power_of_norm_pullback})
HYPOT = Rule(
    power_of_hypot,
    pullbacks={
        "x1": lambda g, length, x1, n: slope(g, length, n) * np.conjugate(x1),
        "x2": lambda g, length, x2, n: slope(g, length, n) * x2,
    },
)
HYPOT.extend({}, owned=True, elementwise=True)


def _kept(edge: Any) -> dict[str, Any]:
    _, pullback, residuals = edge
    return dict(zip(pullback.needs, residuals, strict=True))


def _of_norm(edges: Any, length: Any, n: int) -> Any:
    kept = _kept(edges[0])
    x, axis, kind = kept["x"], kept["axis"], kept["ord"]
    vector = len(normalized(axis, x.ndim)) == 1
    if not (kind is None or (kind == 2 and vector) or kind in ("fro", "f")):
        return None
    residuals = (length, x, n, axis, kept["keepdims"])
    return ((edges[0][0], NORM.pullbacks["x"], residuals),)


def _of_hypot(edges: Any, length: Any, n: int) -> Any:
    parts = [(edge[0], edge[1].parameter, _kept(edge)) for edge in edges]
    return tuple(
        (parent, HYPOT.pullbacks[name], (length, kept[name], n))
        for parent, name, kept in parts
    )


def _of_modulus(edges: Any, length: Any, n: int) -> Any:
    parent, _, _ = edges[0]
    return ((parent, HYPOT.pullbacks["x1"], (length, _kept(edges[0])["x"], n)),)


def _of_std(edges: Any, length: Any, n: int) -> Any:
    if len(edges) > 1:
        return None  # a mean that is traced
    kept = _kept(edges[0])
    a = kept.pop("a")
    kept.pop("ans")
    return ((edges[0][0], STD.pullbacks["a"], (length, a, n, kept)),)


rule_of(np.linalg.norm).power = _of_norm
rule_of(np.absolute).power = rule_of(np.fabs).power = _of_modulus
rule_of(np.hypot).power = _of_hypot
rule_of(np.std).power = _of_std
