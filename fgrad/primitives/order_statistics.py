"""Medians and quantiles: weighted means of two neighbours in the sorted sample."""

import numpy as np

from fgrad._engine.box import primal
from fgrad._engine.dispatch import traced
from fgrad._engine.rules import defvjp
from fgrad._engine.scatter import index_add
from fgrad.primitives._axes import from_rows, rows
from fgrad.primitives.sorting import from_sorted

CONTINUOUS = {
    "linear": (1, 1),
    "weibull": (0, 0),
    "hazen": (1 / 2, 1 / 2),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
    "interpolated_inverted_cdf": (0, 1),
}
"""α and β of the position n q + α + q (1 - α - β) - 1 in a sorted sample of n.

Hyndman and Fan, Sample quantiles in statistical packages, The American Statistician 50
(1996), 361-365.
"""


def averaged(i):
    """Halfway to the next entry at an integer, and else the next entry."""
    return np.where(i == np.floor(i), i + 0.5, np.ceil(i))


def closest(i):
    """The next entry, but an even one (counted from 1) at an integer."""
    low = np.floor(i)
    return np.where((i == low) & (low % 2 == 1), i, low + 1)


DISCONTINUOUS = {
    "inverted_cdf": lambda n, q: np.ceil(n * q - 1),
    "averaged_inverted_cdf": lambda n, q: averaged(n * q - 1),
    "closest_observation": lambda n, q: closest(n * q - 1 - 0.5),
    "lower": lambda n, q: np.floor((n - 1) * q),
    "higher": lambda n, q: np.ceil((n - 1) * q),
    "nearest": lambda n, q: np.around((n - 1) * q),
    "midpoint": lambda n, q: (np.floor((n - 1) * q) + np.ceil((n - 1) * q)) / 2,
}
"""Positions that do not move with q almost everywhere."""


def position(n, q, method):
    """Where among the sorted entries the quantile lies, before it is clipped."""
    if method not in CONTINUOUS:
        return DISCONTINUOUS[method](n, primal(q))
    alpha, beta = CONTINUOUS[method]
    return n * q + alpha + q * (1 - alpha - beta) - 1


def neighbours(n, q, method):
    """Indices of two neighbours, and how far from the first to the second to go."""
    last = np.maximum(n - 1, 0)
    at = np.clip(position(n, q, method), 0, last)
    low = np.minimum(np.floor(primal(at)).astype(int), np.maximum(last - 1, 0))
    return low, np.minimum(low + 1, last), at - low


def quantile_rows(g, a, q, axis, skip_nan):
    """Cotangents and sample with a row for each quantile taken, n, and q as a row."""
    r, q = rows(a, axis), np.reshape(q, (1, -1))
    g = np.transpose(np.reshape(g, (q.size, r.shape[0])))
    n = np.sum(~np.isnan(r), axis=1, keepdims=True) if skip_nan else r.shape[1]
    return g, r, n, q


def order_statistic_pullback(g, a, q, axis, method, skip_nan):
    """To the two neighbours, by the rule of sorting."""
    if not a.size:
        return np.zeros(a.shape, g.dtype)
    g, r, n, q = quantile_rows(g, primal(a), q, axis, skip_nan)
    low, high, part = neighbours(n, q, method)
    row = np.arange(r.shape[0])[:, None]
    low, high = (np.broadcast_to(i, g.shape) for i in (low, high))
    add = traced(index_add)
    c = add(np.zeros(r.shape, g.dtype), (row, low), g * (1 - part))
    c = from_sorted(add(c, (row, high), g * part), r)
    return from_rows(np.where(np.isnan(r), 0, c) if skip_nan else c, a.shape, axis)


def weighted_quantile_pullback(g, a, ans, q, axis):
    """Equal shares for all entries that are the quantile."""
    g, r, _, q = quantile_rows(g, primal(a), q, axis, False)
    ans = np.transpose(np.reshape(primal(ans), (q.size, r.shape[0])))
    attains = r[:, None, :] == ans[:, :, None]
    share = g / np.maximum(np.sum(attains, axis=2), 1)
    c = np.sum(np.where(attains, share[:, :, None], 0), axis=1)
    return from_rows(c, a.shape, axis)


def q_pullback(g, a, q, axis, method, skip_nan):
    """The slope between the neighbours; none where the position jumps."""
    shape = np.shape(q)
    if method not in CONTINUOUS or not a.size:
        return np.zeros(shape, g.dtype)
    g, r, n, q = quantile_rows(g, a, q, axis, skip_nan)
    low, high, _ = neighbours(n, q, method)
    ordered, row = np.sort(r, axis=1), np.arange(r.shape[0])[:, None]
    at = position(n, primal(q), method)
    inside = (at >= 0) & (at <= n - 1)
    step = np.where(inside, ordered[row, high] - ordered[row, low], 0)
    rate = n + 1 - sum(CONTINUOUS[method])
    return np.reshape(np.sum(g * step * rate, axis=0), shape)


def median_pullback(g, a, axis=None):
    """The pullback of the quantile 1/2."""
    return order_statistic_pullback(g, a, np.float64(0.5), axis, "linear", False)


def nanmedian_pullback(g, a, axis=None):
    """The pullback of the quantile 1/2 of the entries that are not nan."""
    return order_statistic_pullback(g, a, np.float64(0.5), axis, "linear", True)


def register(fun, scale, skip_nan):
    """The rules of a quantile function whose `q` runs from 0 to `scale`."""

    def quantile_pullback(g, a, ans, q, axis, method, weights):
        """To the entries that the quantile is made of."""
        if weights is not None:
            return weighted_quantile_pullback(g, a, ans, q, axis)
        q = np.true_divide(q, scale)
        return order_statistic_pullback(g, a, q, axis, method, skip_nan)

    def quantile_q_pullback(g, a, q, axis, method):
        """The slope of the quantile function."""
        q = np.true_divide(q, scale)
        return q_pullback(g, a, q, axis, method, skip_nan) / scale

    defvjp(
        fun,
        masks=True,
        by=("q",),  # which weighs the entries, if it is traced
        neutral=("keepdims",),
        a=quantile_pullback,
        q=quantile_q_pullback,
        weights=lambda g, like: np.zeros(like.shape, like.dtype),
    )


defvjp(np.median, masks=True, neutral=("keepdims",), a=median_pullback)
defvjp(np.nanmedian, masks=True, neutral=("keepdims",), a=nanmedian_pullback)
register(np.quantile, 1, skip_nan=False)
register(np.percentile, 100, skip_nan=False)
register(np.nanquantile, 1, skip_nan=True)
register(np.nanpercentile, 100, skip_nan=True)
