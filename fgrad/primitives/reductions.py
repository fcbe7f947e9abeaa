"""Reductions along axes."""

import numpy as np

from fgrad._engine.box import primal, values
from fgrad._engine.rules import defvjp
from fgrad.primitives._axes import count, from_rows, normalized, restore, rows
from fgrad.primitives.slopes import heading, unit_size


def sum_pullback(g, like, axis=None, keepdims=False, where=True):
    """Every summed entry gets the cotangent of its sum."""
    g = np.broadcast_to(restore(g, like, axis, keepdims), like.shape)
    return g if where is True else np.where(where, g, 0)


defvjp(np.sum, linear=True, a=sum_pullback, initial=lambda g: np.sum(g))


# Mean and variance --------------------------------------------------------------------


def widened(x):
    """`x`, in single precision if it is half, as NumPy sums it."""
    return x.astype(np.float32) if x.dtype == np.float16 else x


def mean_pullback(g, like, axis=None, keepdims=False, where=True):
    """The pullback of the sum, divided by the number of entries."""
    n = np.maximum(count(like, axis, where), 1)
    share = widened(restore(g, like, axis, keepdims)) / (int(n) if where is True else n)
    return sum_pullback(share.astype(g.dtype), like, axis, True, where)


def deviation(a, axis, where, mean):
    """The distance from the mean, and the number of entries.

    The mean is rounded, so the distances have a mean of their own, which is taken away:
    that counts where they are much smaller than the mean.
    """
    n = count(a, axis, where)
    if mean is not None:
        return a - mean, n
    entries = max(n, 1) if where is True else np.maximum(n, 1).astype(a.real.dtype)
    d = a - np.sum(a, axis=axis, keepdims=True, where=where) / entries
    return d - np.sum(d, axis=axis, keepdims=True, where=where) / entries, n


def var_pullback(
    g,
    a,
    axis=None,
    ddof=0,
    keepdims=False,
    where=True,
    mean=None,
    correction=None,
):
    """D var = 2 Re Σ conj(a - mean) da / (n - ddof); what the mean adds cancels."""
    d, n = deviation(widened(a), axis, where, mean)
    free = np.maximum(n - (ddof if correction is None else correction), 0)
    if where is True:
        free = float(free)
    g = np.true_divide(2 * widened(restore(g, a, axis, keepdims)), free)
    c = g * (np.conjugate(d) if d.dtype.kind == "c" else d)
    return c if where is True else np.where(where, c, 0)


def std_pullback(g, a, ans, axis=None, ddof=0, keepdims=False, where=True, mean=None,
                 correction=None):  # fmt: skip
    """D std = Re Σ conj(a - mean) da / (n - ddof) / std, and 0 where std is 0."""
    free = ddof if correction is None else correction
    length = primal(restore(ans, a, axis, keepdims))
    top = unit_size(a, length, axis, where) if mean is None else None
    if top is not None:
        a = a / top
        length = np.std(primal(a), axis, ddof=free, keepdims=True, where=where)
    d, n = deviation(widened(a), axis, where, mean)
    root = np.sqrt(np.maximum(n - free, 0), dtype=d.real.dtype)
    d = d if where is True else np.where(where, d, 0)
    axes = tuple(i - a.ndim for i in normalized(axis, a.ndim))
    c = heading(d, widened(length) * root, axes) / root
    c = widened(restore(g, a, axis, keepdims)) * c
    return c if where is True else np.where(where, c, 0)


def var_mean_pullback(g, a, axis=None, ddof=0, keepdims=False, where=True, mean=None,
                      correction=None):  # fmt: skip
    """The variance about a given mean, with respect to that mean."""
    return -var_pullback(g, a, axis, ddof, keepdims, where, mean, correction)


def std_mean_pullback(g, a, ans, axis=None, ddof=0, keepdims=False, where=True,
                      mean=None, correction=None):  # fmt: skip
    """The standard deviation about a given mean, with respect to that mean."""
    return -std_pullback(g, a, ans, axis, ddof, keepdims, where, mean, correction)


defvjp(np.mean, linear=True, a=mean_pullback)
# A given mean may broadcast; only then do the shapes of c and argument differ.
defvjp(np.var, broadcasts=True, a=var_pullback, mean=var_mean_pullback)
defvjp(np.std, broadcasts=True, a=std_pullback, mean=std_mean_pullback)


# Extrema ------------------------------------------------------------------------------


def extremum_shares(g, a, ans, axis, keepdims, where, initial):
    """Which entries attain the extremum, whether `initial` does, and each share."""
    ans = restore(ans, a, axis, keepdims)
    attains = np.equal(a, ans)
    if where is not True:
        attains = attains & where
    n = np.count_nonzero(attains, axis=axis, keepdims=True)
    if hasattr(initial, "astype"):
        initial = initial.astype(ans.dtype)  # as NumPy does, before it compares
    also = np.equal(ans, initial) if initial is not None else False
    return attains, also, restore(g, a, axis, keepdims) / np.maximum(n + also, 1)


def max_pullback(g, a, ans, axis=None, keepdims=False, initial=None, where=True):
    """Equal shares for all entries that attain the extremum."""
    attains, _, share = extremum_shares(g, a, ans, axis, keepdims, where, initial)
    return np.where(attains, share, 0)


def max_initial_pullback(
    g, a, ans, axis=None, keepdims=False, initial=None, where=True
):
    """The share of the initial value, where it attains the extremum."""
    _, also, share = extremum_shares(g, a, ans, axis, keepdims, where, initial)
    return np.sum(np.where(also, share, 0))


for fun in (np.max, np.min, np.amax, np.amin, np.nanmax, np.nanmin):
    defvjp(fun, masks=True, a=max_pullback, initial=max_initial_pullback)


# Products -----------------------------------------------------------------------------


def dividend(g, ans, a):
    """The cotangent times the product, or ``None`` if the factors may not divide it.

    They may if nothing is zero or overflows; and if they have a derivative of their
    own, they are of a similar size: of the quotients in it, large ones would cancel.
    """
    total = g * ans
    products, totals = np.abs(values(ans)), np.abs(values(total))
    info = np.finfo(products.dtype)
    if not bool(np.all((products > info.tiny) & (products < np.inf))):
        return None
    normal = (totals > info.tiny) & (totals < np.inf)
    if not bool(np.all(normal | np.equal(values(g), 0))):
        return None
    if primal(a) is a:
        return total
    factors = np.abs(values(a)).astype(np.result_type(products, np.float64))
    least, most = np.min(factors, initial=np.inf), np.max(factors, initial=0)
    largest = np.maximum(np.max(np.abs(values(g)), initial=0), np.max(totals) / least)
    similar = bool((most <= 256 * least) & (largest / least < info.max / 256))
    return total if similar else None


def products_of_others(a, axis):
    """For each entry, the product of the other ones: exact also if some are zero."""
    r = rows(a, axis)
    one = np.ones((r.shape[0], 1), r.dtype)
    before = np.cumprod(np.concatenate([one, r[:, :-1]], axis=1), axis=1)
    after = np.concatenate([one, np.flip(r[:, 1:], 1)], axis=1)
    after = np.flip(np.cumprod(after, axis=1), 1)
    return from_rows(before * after, a.shape, axis)


def prod_pullback(g, a, ans, axis=None, keepdims=False, initial=None, where=True):
    """The cotangent times the product of the other entries."""
    g = restore(g, a, axis, keepdims)
    used = a if where is True else np.where(where, a, 1)
    total = dividend(g, restore(ans, a, axis, keepdims), used) if a.size else 0
    if total is not None:
        c = total / used
    else:
        first = g if initial is None else g * initial
        c = first * products_of_others(used, axis)
    return c if where is True else np.where(where, c, 0)


def prod_initial_pullback(g, a, axis=None, keepdims=False, where=True):
    """The cotangent times the product of all entries."""
    return np.sum(g * np.prod(a, axis=axis, keepdims=keepdims, where=where))


defvjp(np.prod, a=prod_pullback, initial=prod_initial_pullback)
