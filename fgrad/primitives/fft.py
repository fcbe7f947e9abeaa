"""Fourier transforms along one axis, of which all others are made.

A transform is a symmetric matrix, and so its own transpose. Those of real signals keep
half of a spectrum with conjugate symmetry: there, an entry between the first and the
last stands for two.
"""

from typing import Any

import numpy as np

from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp

OTHER_NORM = {None: "forward", "backward": "forward", "ortho": "ortho",
              "forward": "backward"}  # fmt: skip
"""The norm that gives the inverse transform the factor of the transform."""


@primitive
def fft(a: Any, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """``np.fft.fft`` over the whole axis."""
    return np.fft.fft(a, None, axis, norm, out)


@primitive
def ifft(a: Any, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """``np.fft.ifft`` over the whole axis."""
    return np.fft.ifft(a, None, axis, norm, out)


@primitive
def rfft(a: Any, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """``np.fft.rfft`` over the whole axis."""
    return np.fft.rfft(a, None, axis, norm, out)


@primitive
def irfft(a: Any, n: int, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """``np.fft.irfft`` of half a spectrum, to `n` real numbers."""
    return np.fft.irfft(a, n, axis, norm, out)


def multiplicity(g: Any, n: int, axis: int) -> Any:
    """For how many entries of a spectrum of length `n` those of its half `g` stand."""
    k = np.arange(g.shape[axis])
    count = np.where((k == 0) | (2 * k == n), 1, 2).astype(g.real.dtype)
    return np.reshape(
        count, (-1,) + (1,) * (-axis - 1 if axis < 0 else g.ndim - axis - 1)
    )


def rfft_pullback(g: Any, like: Any, axis: int, norm: Any) -> Any:
    """Re Σ g_k w**jk: the inverse of the conjugate, halved where it doubles."""
    n = like.shape[axis]
    half = np.conjugate(g) / multiplicity(g, n, axis)
    return irfft(half, n, axis, OTHER_NORM[norm])


def irfft_pullback(g: Any, n: int, axis: int, norm: Any) -> Any:
    """Every entry of the half spectrum counts as often as it stands in the whole."""
    half = np.conjugate(rfft(g, axis, OTHER_NORM[norm]))
    return half * multiplicity(half, n, axis)


defvjp(fft, a=lambda g, axis, norm: fft(g, axis, norm))
defvjp(ifft, a=lambda g, axis, norm: ifft(g, axis, norm))
defvjp(rfft, a=rfft_pullback)
defvjp(irfft, a=irfft_pullback)
