"""`sinc` and `i0`, through the hypergeometric function that both are made of.

With 0F1(b, z) = 1 + z / b + z**2 / (2! b (b + 1)) + ...,

    sinc(x) = 0F1(3/2, -(pi x)**2 / 4),    i0(x) = 0F1(1, x**2 / 4),

and its derivative is 0F1(b + 1, z) / b, so that derivatives of all orders are exact, at
0 too. Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 9.1.69, 9.6.47
and 10.1.2.
"""

from typing import Any

import numpy as np

from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp

__all__ = ["hypergeometric"]


def power_series(b: float, z: Any) -> Any:
    """The defining series, as far as the largest argument needs it."""
    r = np.max(np.abs(z), initial=0, where=np.isfinite(z)).item()
    term = total = 1.0
    count = 0
    while term > 1e-17 * total:
        term *= r / ((b + count) * (count + 1))
        total += term
        count += 1
    ans = np.ones_like(z)
    for k in reversed(range(count)):
        ans *= z
        ans *= 1 / ((b + k) * (k + 1))
        ans += 1
    return ans


def recurrence(b: float, z: Any) -> Any:
    """0F1 for b = 1/2, 3/2, ..., upwards from the cosine and the sine.

    The terms of the series cancel for large negative z; this way loses digits for small
    z. Contiguous relation: 0F1(b - 1) = 0F1(b) + z 0F1(b + 1) / (b (b - 1)).
    """
    y = 2 * np.sqrt(-z)
    below, here = np.cos(y), np.sin(y) / y
    for c in np.arange(1.5, b):
        below, here = here, c * (c - 1) * (below - here) / z
    return here


@primitive
def hypergeometric(b: float, z: Any) -> Any:
    """0F1(b, z) for positive real z, or any z if b is 3/2, 5/2, ..."""
    z = np.asarray(z)
    if b == int(b):
        return power_series(b, z)[()]
    far = np.abs(z) > b * b / 4
    out = np.empty_like(z)
    out[far] = recurrence(b, z[far])
    out[~far] = power_series(b, z[~far])
    return out[()]


defvjp(hypergeometric, z=lambda g, b, z: g * hypergeometric(b + 1, z) / b)

defvjp(np.i0, x=lambda g, x: g * x / 2 * hypergeometric(2, x * x / 4))
defvjp(
    np.sinc,
    x=lambda g, x: -(np.pi**2) / 3 * g * x * hypergeometric(2.5, (np.pi * x) ** 2 / -4),
)
