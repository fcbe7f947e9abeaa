"""Convolution and correlation of sequences, and counting with weights."""

import numpy as np

from fgrad._engine.rules import defvjp


def full(g, n, m, mode, swapped=False):
    """The cotangent of the full convolution of sequences of lengths n and m."""
    if mode in ("full", 2):
        return g
    short = min(n, m)
    start = (short - 1) // 2 if mode in ("same", 1) else short - 1
    stop = n + m - 1 - start - g.shape[0]
    if swapped:  # np.correlate swaps the sequences, and reverses the result
        start, stop = stop, start
    return np.concatenate([np.zeros(start, g.dtype), g, np.zeros(stop, g.dtype)])


def convolve_pullback(g, like, other, mode):
    """Each entry met the whole of the other sequence, reversed."""
    other = np.reshape(other, -1)
    g = full(g, like.size, other.size, mode)
    return np.reshape(np.convolve(g, other[::-1], "valid"), like.shape)


def correlate_a_pullback(g, like, v, mode):
    """The correlation is the convolution of `a` with conj(v) reversed."""
    v = np.reshape(v, -1)
    g = full(g, like.size, v.size, mode, swapped=like.size < v.size)
    return np.reshape(np.convolve(g, np.conjugate(v), "valid"), like.shape)


def correlate_v_pullback(g, like, a, mode):
    """The pullback with respect to conj(v) reversed."""
    a = np.reshape(a, -1)
    g = full(g, a.size, like.size, mode, swapped=a.size < like.size)
    c = np.convolve(g, a[::-1], "valid")
    return np.reshape(np.conjugate(c)[::-1], like.shape)


defvjp(
    np.convolve,
    a=lambda g, like, v, mode: convolve_pullback(g, like, v, mode),
    v=lambda g, like, a, mode: convolve_pullback(g, like, a, mode),
)
defvjp(np.correlate, a=correlate_a_pullback, v=correlate_v_pullback)
defvjp(np.bincount, neutral=("minlength",), weights=lambda g, x: g[x])
