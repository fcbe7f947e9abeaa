"""Norms of vectors and matrices, and the condition number.

Where a norm has a kink, its derivative is 0 at zero entries, zero vectors and zero
singular values, and ties share it equally.
"""

import numpy as np

from fgrad._engine.box import primal
from fgrad._engine.rules import defvjp
from fgrad.primitives._axes import normalized, restore
from fgrad.primitives._matrices import conjugate, scalars
from fgrad.primitives._singular import inverse
from fgrad.primitives._spectrum import EQUAL, singular
from fgrad.primitives.slopes import heading, over_length, unit_size


def norm_pullback(g, ans, x, ord=None, axis=None, keepdims=False):
    """By the kind of norm: Euclidean, of vectors, of matrices' rows or spectra."""
    axes = normalized(axis, x.ndim)
    g, ans = restore(g, x, axis, keepdims), restore(ans, x, axis, keepdims)
    if ord in (None, "fro", "f") or (ord == 2 and len(axes) == 1):
        length = primal(ans)
        top = unit_size(x, length, axes)
        if top is not None:
            x = x / top
            length = np.linalg.norm(primal(x), ord, axis, keepdims=True)
        return g * heading(x, length, tuple(i - x.ndim for i in axes))
    if len(axes) == 1:
        return g * _vector_slope(x, ans, ord, axes)
    if ord in ("nuc", 2, -2):
        return _spectral_pullback(g, x, ord, axes)
    return g * _row_slope(x, ord, axes)


def _sign(x, size):
    """The derivative of the absolute value, and 0 at 0."""
    return over_length(conjugate(x), size) if x.dtype.kind == "c" else np.sign(x)


def _shares(chosen, axis):
    """Equal shares for what was chosen along an axis."""
    return chosen / np.maximum(np.sum(chosen, axis=axis, keepdims=True), 1)


def _vector_slope(x, ans, p, axis):
    a = np.abs(x)
    sign = _sign(x, a)
    if p == 0:
        return np.zeros(x.shape, x.real.dtype)
    if p == 1:
        return sign
    if abs(p) == np.inf:
        return _shares(a == ans, axis) * sign
    if p > 1:
        return over_length(a, ans) ** (p - 1) * sign
    # Below 1 the slope is infinite at a zero entry, on both sides: its mean is 0.
    ratio = np.where(a == 0, 1, a) / np.where(ans == 0, 1, ans)
    return ratio ** (p - 1) * sign


def _row_slope(x, ord, axes):
    """The largest or smallest sum of a row (inf) or column (1) of absolute values."""
    along, among = axes if abs(ord) == 1 else axes[::-1]
    a = np.abs(x)
    sums = np.sum(primal(a), axis=along, keepdims=True)
    best = (np.max if ord > 0 else np.min)(sums, axis=among, keepdims=True)
    return _shares(sums == best, among) * _sign(x, a)


def _nearly(values, best):
    """Which singular values are equal to these, up to rounding."""
    rounding = EQUAL * np.finfo(values.dtype).eps * values[..., :1]
    return np.abs(values - best) <= rounding


def _spectral_pullback(g, x, ord, axes):
    """The outer products of singular vectors whose values are in the norm."""
    u, s, vh = np.linalg.svd(np.moveaxis(x, axes, (-2, -1)), full_matrices=False)
    values = primal(s)
    chosen = ~_nearly(values, 0)
    if ord != "nuc":
        best = values[..., :1] if ord == 2 else values[..., -1:]
        chosen = _shares(chosen & _nearly(values, best), -1)
    weights = chosen.astype(values.dtype)
    slope = singular([np.moveaxis(x, axes, (-2, -1)), weights], u, s, vh)
    return g * np.moveaxis(slope, (-2, -1), axes)


def cond_pullback(g, ans, x, p=None):
    """The rule for a quotient of two singular values, or a product of two norms."""
    g, ans = np.real(g), np.real(ans)  # NumPy 2.0 gives complex numbers
    if p in (None, 2, -2):
        u, s, vh = np.linalg.svd(x, full_matrices=False)
        first, last = (0, -1) if p != -2 else (-1, 0)
        ends = (
            _shares(_nearly(primal(s), primal(s)[..., [end]]), -1).astype(s.dtype)
            for end in (first, last)
        )
        above, below = (singular([x, end], u, s, vh) for end in ends)
        return scalars(g / s[..., last]) * (above - scalars(ans) * below)
    inverted = inverse(x, "np.linalg.cond", "Its condition number is inf.")
    axis = (-2, -1)
    norm, norm_of_inverse = (np.linalg.norm(a, p, axis) for a in (x, inverted))
    c = norm_pullback(g * norm_of_inverse, norm, x, p, axis)
    ginverse = norm_pullback(g * norm, norm_of_inverse, inverted, p, axis)
    return c - inverted.mT @ ginverse @ inverted.mT


defvjp(np.linalg.norm, x=norm_pullback)
defvjp(np.linalg.cond, x=cond_pullback)
