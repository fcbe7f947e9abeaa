"""What stands behind ``accumulate``, ``reduce`` and ``reduceat`` of the ufuncs.

The ufunc is itself an argument, and its own rule gives its partial derivatives.
"""

import numpy as np

from fgrad._engine.box import primal
from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import RULES, defvjp
from fgrad._engine.scatter import Scatter
from fgrad.primitives._axes import restore
from fgrad.primitives.accumulations import recurrence_from_end, stretch
from fgrad.primitives.slopes import log_of


@primitive
def accumulate(ufunc, array, axis, dtype):
    """``ufunc.accumulate``."""
    return ufunc.accumulate(array, axis, dtype)


@primitive
def running_extreme(ufunc, array, axis, dtype):
    """``accumulate`` of an extreme, which leaves out what is not extreme."""
    return ufunc.accumulate(array, axis, dtype)


@primitive
def log_sum(ufunc, array, axis, options):
    """``reduce`` of ``logaddexp`` or ``logaddexp2``."""
    return ufunc.reduce(array, axis, **options)


@primitive
def add_reduceat(array, indices, axis, dtype):
    """``np.add.reduceat``."""
    return np.add.reduceat(array, indices, axis, dtype)


def partial(ufunc, parameter, x1, x2, ans):
    """The derivative of an elementwise function of two arguments."""
    pullback = RULES[ufunc].pullbacks[parameter]
    like = x1 if parameter == "x1" else x2
    given = {"x1": x1, "x2": x2, "ans": ans, "like": like}
    one = np.ones(ans.shape, ans.dtype)
    kept = (given[n] if n in given else pullback.default(n) for n in pullback.needs)
    return pullback.fun(one, *kept)


def accumulate_pullback(g, ufunc, array, ans, axis):
    """Cotangents of y[i] = f(y[i-1], x[i]): a linear recurrence from the end."""
    if array.shape[axis] < 2:
        return g
    before, after = stretch(ans, axis, None, -1), stretch(ans, axis, 1, None)
    later = stretch(array, axis, 1, None)
    carry = partial(ufunc, "x1", before, later, after)
    enter = partial(ufunc, "x2", before, later, after)
    first = np.ones(stretch(g, axis, 0, 1).shape, g.dtype)
    total = recurrence_from_end(np.concatenate([first, carry], axis), g, axis)
    return total * np.concatenate([first, enter], axis)


@primitive
def shares(ufunc, array, axis, where):
    """What part of the sum of exponentials each entry is; equal ones at infinity."""
    kept = {"axis": axis, "keepdims": True, "where": where}
    top = np.max(array, initial=-np.inf, **kept)
    power = np.exp if ufunc is np.logaddexp else np.exp2
    terms = power(array - np.where(np.isfinite(top), top, 0))
    terms = np.where(np.isinf(top), array == top, terms)
    if where is not True:
        terms = np.where(where, terms, 0)
    total = np.sum(terms, axis=axis, keepdims=True)
    return terms / np.where(total == 0, 1, total)


def shares_pullback(g, ufunc, array, ans, axis, where):
    """The shares p, times g - Σ p g, times the logarithm of the base.

    What is the same in all g drops out. So the g of the largest share is taken away
    first: 1 - p would cancel where it is nearly the whole sum.
    """
    top = np.equal(ans, np.max(primal(ans), axis=axis, keepdims=True, initial=0))
    number = np.maximum(np.count_nonzero(top, axis=axis, keepdims=True), 1)
    g = g - np.sum(np.where(top, g, 0), axis=axis, keepdims=True) / number
    c = ans * (g - np.sum(np.where(ans == 0, 0, g * ans), axis=axis, keepdims=True))
    c = np.where(np.isinf(array), 0, c)
    return c if ufunc is np.logaddexp else c * log_of(2, c)


def log_sum_pullback(g, ufunc, array, axis, options):
    """Shares of the exponentials."""
    g = restore(g, array, axis, options.get("keepdims", False))
    return g * shares(ufunc, array, axis, options.get("where", True))


def add_reduceat_pullback(g, like, indices, axis):
    """Each entry gets the cotangents of the sums in which it is."""
    start = np.asarray(indices)
    length = np.maximum(np.diff(start, append=like.shape[axis]), 1)
    part = np.repeat(np.arange(start.size), length)
    entry = np.arange(part.size) + (start - np.cumsum(length) + length)[part]
    lead = (slice(None),) * (axis % like.ndim)
    return Scatter(g[(*lead, part)], (*lead, entry))


defvjp(accumulate, neutral=("dtype",), array=accumulate_pullback)
defvjp(running_extreme, masks=True, neutral=("dtype",), array=accumulate_pullback)
defvjp(shares, array=shares_pullback)
defvjp(log_sum, array=log_sum_pullback)
defvjp(add_reduceat, masks=True, neutral=("dtype",), array=add_reduceat_pullback)
