"""The distributions of Kolmogorov and Smirnov, of how far samples are from a law."""

import math
from typing import Any

import numpy as np

import fgrad.scipy._special as sp
from fgrad._engine.rules import defvjp
from fgrad.scipy.special._words import COUNT, KNOWN

__all__ = ["kolmogorov_slope"]


def kolmogorov_slope(y: Any) -> Any:
    """By one of its two series, which Jacobi's identity connects: DLMF 20.7.32.

    Below 0.02 it is smaller than any number, and below 0 it is 0.
    """
    right, left = np.greater(y, 0.9), np.less(y, 0.02)
    x, y = np.where(right, y, 1), np.where(right | left, 0.5, y)
    falling = sum((-1) ** k * k * k * np.exp(-2.0 * k * k * x * x) for k in range(1, 8))
    rising: Any = 0
    for k in range(1, 12, 2):
        c = (k * math.pi) ** 2 / 8
        rising = rising + np.exp(-c / (y * y)) * (2 * c / (y * y) - 1)
    rising = -math.sqrt(2 * math.pi) * rising / (y * y)
    return np.where(right, 8 * x * falling, np.where(left, 0.0, rising))


defvjp(sp.kolmogorov, y=lambda g, y: g * kolmogorov_slope(y))
defvjp(sp.kolmogi, p=lambda g, ans: -g / np.abs(kolmogorov_slope(ans)))
defvjp(sp.smirnov, lacks={"n": COUNT, "d": KNOWN})
defvjp(sp.smirnovi, lacks={"n": COUNT, "p": KNOWN})
