"""Fourier transforms of NumPy: fit the length, and transform axis after axis."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from fgrad._engine.rules import derived
from fgrad.derived.creation import as_traced
from fgrad.primitives import fft as whole
from fgrad.primitives.fft import OTHER_NORM


def other(norm: Any) -> str:
    """The norm of the opposite direction, as NumPy checks it."""
    if norm not in OTHER_NORM:
        raise ValueError(
            f'Invalid norm value {norm}; should be "backward", "ortho" or "forward".'
        )
    return OTHER_NORM[norm]


def resized(a: Any, n: Any, axis: int) -> Any:
    """`a` with length `n` along an axis: cut off, or filled up with zeros."""
    a = as_traced(a)
    length = a.shape[axis]
    if n is None or n == length:
        return a
    axis %= a.ndim
    if n < length:
        return a[(slice(None),) * axis + (slice(max(n, 0)),)]
    zeros = np.zeros((*a.shape[:axis], n - length, *a.shape[axis + 1 :]), a.dtype)
    return np.concatenate([a, zeros], axis)


# Along one axis -----------------------------------------------------------------------


@derived(np.fft.fft)
def fft(
    a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None
) -> Any:
    return whole.fft(resized(a, n, axis), axis, norm, out)


@derived(np.fft.ifft)
def ifft(
    a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None
) -> Any:
    return whole.ifft(resized(a, n, axis), axis, norm, out)


@derived(np.fft.rfft)
def rfft(
    a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None
) -> Any:
    return whole.rfft(resized(a, n, axis), axis, norm, out)


@derived(np.fft.irfft)
def irfft(
    a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None
) -> Any:
    a = as_traced(a)
    n = 2 * (a.shape[axis] - 1) if n is None else n
    return whole.irfft(resized(a, n // 2 + 1, axis), n, axis, norm, out)


@derived(np.fft.hfft)
def hfft(
    a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None
) -> Any:
    return irfft(np.conjugate(as_traced(a)), n, axis, other(norm), out)


@derived(np.fft.ihfft)
def ihfft(
    a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None
) -> Any:
    return np.conjugate(rfft(a, n, axis, other(norm), out))


# Along several axes -------------------------------------------------------------------


def plan(a: Any, s: Any, axes: Any) -> list[tuple[Any, int]]:
    """The length that each axis gets, and the axis."""
    if axes is None:
        if s is not None:
            warnings.warn(
                "`axes` should not be `None` if `s` is not `None` "
                "(Deprecated in NumPy 2.0).",
                DeprecationWarning,
                stacklevel=4,
            )
        axes = range(-(a.ndim if s is None else len(s)), 0)
    lengths = [-1] * len(axes) if s is None else s
    if len(lengths) != len(axes):
        raise ValueError("Shape and axes have different lengths.")
    return [
        (a.shape[axis] if n == -1 else n, axis)
        for n, axis in zip(lengths, axes, strict=True)
    ]


def each(transform: Callable[..., Any], a: Any, steps: Any, norm: Any, out: Any) -> Any:
    """Transform axis after axis."""
    for n, axis in steps:
        a = transform(a, n, axis, norm, out)
    return a


@derived(np.fft.fftn)
def fftn(
    a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None
) -> Any:
    a = as_traced(a)
    return each(fft, a, plan(a, s, axes)[::-1], norm, out)


@derived(np.fft.ifftn)
def ifftn(
    a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None
) -> Any:
    a = as_traced(a)
    return each(ifft, a, plan(a, s, axes)[::-1], norm, out)


@derived(np.fft.rfftn)
def rfftn(
    a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None
) -> Any:
    a = as_traced(a)
    *steps, (n, axis) = plan(a, s, axes)
    return each(fft, rfft(a, n, axis, norm, out), steps[::-1], norm, out)


@derived(np.fft.irfftn)
def irfftn(
    a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None
) -> Any:
    a = as_traced(a)
    *steps, (n, axis) = plan(a, s, axes)
    a = each(ifft, a, steps, norm, out)
    return irfft(a, None if s is None else n, axis, norm, out)


@derived(np.fft.fft2)
def fft2(
    a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None
) -> Any:
    return fftn(a, s, axes, norm, out)


@derived(np.fft.ifft2)
def ifft2(
    a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None
) -> Any:
    return ifftn(a, s, axes, norm, out)


@derived(np.fft.rfft2)
def rfft2(
    a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None
) -> Any:
    return rfftn(a, s, axes, norm, out)


@derived(np.fft.irfft2)
def irfft2(
    a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None
) -> Any:
    return irfftn(a, s, axes, norm, out)


# The zero frequency in the centre -----------------------------------------------------


def rolled(x: Any, axes: Any, sign: int) -> Any:
    """Roll by half the length, rounded towards zero for ``sign=1``."""
    x = as_traced(x)
    axes = range(x.ndim) if axes is None else np.atleast_1d(axes)
    axes = tuple(int(axis) for axis in axes)
    return np.roll(x, tuple(sign * (x.shape[axis] // 2) for axis in axes), axes)


@derived(np.fft.fftshift)
def fftshift(x: Any, axes: Any = None) -> Any:
    return rolled(x, axes, 1)


@derived(np.fft.ifftshift)
def ifftshift(x: Any, axes: Any = None) -> Any:
    return rolled(x, axes, -1)
