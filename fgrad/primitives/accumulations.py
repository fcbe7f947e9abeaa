"""Running sums and products along an axis."""

import numpy as np

from fgrad._engine.rules import defvjp
from fgrad.primitives.reductions import dividend


def stretch(a, axis, start, stop):
    """``a[start:stop]`` along an axis."""
    return a[(slice(None),) * (axis % a.ndim) + (slice(start, stop),)]


def delayed(a, axis, first):
    """`a` moved on by one along an axis, starting with `first`."""
    start = np.full_like(stretch(a, axis, 0, 1), first)
    return np.concatenate([start, stretch(a, axis, None, -1)], axis)


def sum_from_here(g, axis):
    """The sum of this entry and all after it."""
    return np.flip(np.cumsum(np.flip(g, axis), axis), axis)


def recurrence(a, b, axis):
    """Solve y[i] = a[i] y[i-1] + b[i], y[-1] = 0, in log2(n) vectorised steps.

    Each step composes the affine maps of neighbouring blocks: Kogge and Stone, A
    parallel algorithm for the efficient solution of a general class of recurrence
    equations, IEEE Trans. Computers C-22 (1973).
    """
    n, step = b.shape[axis], 1
    while step < n:
        new = stretch(a, axis, step, None)
        b = np.concatenate(
            [
                stretch(b, axis, None, step),
                stretch(b, axis, step, None) + new * stretch(b, axis, None, -step),
            ],
            axis,
        )
        a = np.concatenate(
            [stretch(a, axis, None, step), new * stretch(a, axis, None, -step)], axis
        )
        step *= 2
    return b


def recurrence_from_end(a, b, axis):
    """Solve y[i] = a[i+1] y[i+1] + b[i] with y[n] = 0."""
    a = delayed(np.flip(a, axis), axis, 0)
    return np.flip(recurrence(a, np.flip(b, axis), axis), axis)


def cumsum_pullback(g, like, axis=None):
    """Each entry is in its own sum and in all after it."""
    return np.reshape(sum_from_here(g, 0 if axis is None else axis), like.shape)


def cumprod_pullback(g, a, ans, axis=None):
    """The products before times Σ over the later g of what comes between.

    That sum is a linear recurrence, which needs no division by entries that may be 0.
    """
    if axis is None or not a.ndim:
        return np.reshape(cumprod_pullback(g, np.reshape(a, -1), ans, 0), a.shape)
    total = dividend(g, ans, a) if a.size else g
    if total is not None:
        return sum_from_here(total, axis) / a
    return delayed(ans, axis, 1) * recurrence_from_end(a, g, axis)


def cumulative_sum_pullback(g, like, axis=None, include_initial=False):
    """As of `cumsum`; the initial zero is no entry."""
    axis = 0 if axis is None else axis
    return cumsum_pullback(stretch(g, axis, include_initial, None), like, axis)


def cumulative_prod_pullback(g, x, ans, axis=None, include_initial=False):
    """As of `cumprod`; the initial one is no entry."""
    axis = 0 if axis is None else axis
    first = int(include_initial)
    g, ans = stretch(g, axis, first, None), stretch(ans, axis, first, None)
    return cumprod_pullback(g, x, ans, axis)


defvjp(np.cumsum, linear=True, a=cumsum_pullback)
defvjp(np.cumprod, a=cumprod_pullback)
if hasattr(np, "cumulative_sum"):  # NumPy 2.1
    defvjp(np.cumulative_sum, x=cumulative_sum_pullback)
    defvjp(np.cumulative_prod, x=cumulative_prod_pullback)
