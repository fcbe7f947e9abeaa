"""Powers of a length lead past its kink.

A length (a norm, a modulus, a standard deviation) has a kink at 0, but its square is a
sum of squares, which has derivatives of all orders. So the node of ``norm(x)**2``, or
of a higher power, gets an edge to x in place of one to the norm.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad._engine.rules import Rule

__all__ = ["POWERS", "past_kink"]

POWERS = frozenset({np.multiply, np.square, np.power, np.float_power})


def _is_same(length: Any, other: Any) -> bool:
    """Whether two nodes are one, or the same length of one array."""
    if length is other:
        return True
    if type(other) is tuple or len(other.edges) != 1 or len(length.edges) != 1:
        return False
    (x, pullback, kept), (y, same, given) = length.edges[0], other.edges[0]
    if x is not y or pullback is not same or type(x) is tuple:
        return False
    pairs = zip(pullback.needs, kept, given, strict=True)
    return all(a is b for name, a, b in pairs if name != "ans")


def past_kink(rule: Rule, edges: tuple[Any, ...], inner: Any) -> tuple[Any, ...]:
    """The edges of a power of a length: those given, or edges to its argument.

    The first of the values in `inner` is the length.
    """
    parent, pullback, _ = edges[0]
    made_by = getattr(parent, "edges", ())
    power = made_by[0][1].rule.power if made_by else None
    if power is None or pullback.parameter not in ("x", "x1"):
        return edges
    if rule.fun is np.multiply:
        n: Any = 2 if len(edges) == 2 and _is_same(parent, edges[1][0]) else None
    else:
        n = 2 if rule.fun is np.square else inner[1]
    if type(n) not in (int, float) or n < 2 or n != int(n):
        return edges
    return power(made_by, inner[0], int(n)) or edges
