"""The logistic function, its inverse, and sums of exponentials."""

from typing import Any

import numpy as np

import fgrad.scipy._special as sp
from fgrad._engine.box import as_array, primal, values
from fgrad._engine.dispatch import lift
from fgrad._engine.rules import defvjp, derived
from fgrad.batching.forms import lined_up, several_arrays, shifted
from fgrad.batching.trace import BatchTrace

__all__: list[str] = []

defvjp(sp.expit, x=lambda g, ans, x: g * ans * sp.expit(-x))  # 1 - ans would cancel
defvjp(sp.logit, x=lambda g, x: g / (x * (1 - x)))
defvjp(sp.log_expit, x=lambda g, x: g * sp.expit(-x))


def _shares(a: Any, ans: Any, axis: Any) -> Any:
    """``exp(a - ans)``; where ans is infinite, those that make it so share equally."""
    endless = np.isinf(primal(ans))
    if not bool(np.any(values(endless))):
        return np.exp(a - ans)
    equal = np.equal(primal(a), primal(ans))
    count = np.maximum(np.sum(equal, axis, keepdims=True), 1)
    return np.where(endless, equal / count, np.exp(np.where(endless, 0, a - ans)))


def _spread(x: Any, shape: Any, axis: Any, keepdims: Any) -> Any:
    """A result of a reduction, with the axes that it has lost."""
    if axis is None:
        axis = tuple(range(len(shape)))
    return x if keepdims else np.expand_dims(x, axis)


def _logsumexp(g: Any, ans: Any, a: Any, b: Any, axis: Any, keepdims: Any) -> Any:
    """The cotangent and the shares, both in the shape of the sum's terms."""
    ans, sign = ans if type(ans) is tuple else (ans, None)
    g = g[0] if sign is not None else g
    shape = np.broadcast_shapes(np.shape(a), np.shape(1 if b is None else b)) or (1,)
    g, ans = (_spread(x, shape, axis, keepdims) for x in (g, ans))
    if sign is not None:
        g = g * _spread(sign, shape, axis, keepdims)
    return g, _shares(a, ans, axis)


def logsumexp_pullback(
    g: Any,
    ans: Any,
    a: Any,
    axis: Any = None,
    b: Any = None,
    keepdims: bool = False,
    return_sign: bool = False,
) -> Any:
    """The cotangent, shared out by ``b exp(a)``."""
    g, shares = _logsumexp(g, ans, a, b, axis, keepdims)
    return g * shares if b is None else g * b * shares


def logsumexp_b_pullback(
    g: Any,
    ans: Any,
    a: Any,
    b: Any,
    axis: Any = None,
    keepdims: bool = False,
    return_sign: bool = False,
) -> Any:
    """The cotangent, shared out by ``exp(a)``."""
    g, shares = _logsumexp(g, ans, a, b, axis, keepdims)
    return g * shares * np.ones(np.shape(b))


defvjp(sp.logsumexp, broadcasts=True, a=logsumexp_pullback, b=logsumexp_b_pullback)


@several_arrays(sp.logsumexp)
def logsumexp_of_all(
    trace: BatchTrace, a: Any, axis: Any = None, b: Any = None, **options: Any
) -> Any:
    """Of all examples of `vmap` at once."""
    given = [as_array(x) for x in (a, b) if x is not None]
    ndim = max(x.ndim for x in given)
    axes = tuple(range(1, ndim + 1)) if axis is None else shifted(axis, ndim)
    if not axes:
        return NotImplemented
    moved = [lined_up(trace.of_all(x), ndim) for x in given]
    return lift(sp.logsumexp)(moved[0], axes, *moved[1:], **options)


@derived(sp.softmax)
def softmax(x: Any, axis: Any = None) -> Any:
    """Shares of exponentials. A shift of all of them changes nothing."""
    x = as_array(x)
    powers = np.exp(x - np.max(primal(x), axis, keepdims=True))
    return powers / np.sum(powers, axis, keepdims=True)


@derived(sp.log_softmax)
def log_softmax(x: Any, axis: Any = None) -> Any:
    """The logarithm of `softmax`, without its underflow."""
    x = as_array(x)
    largest = np.max(primal(x), axis, keepdims=True)
    shifted = x - np.where(np.isfinite(largest), largest, 0)
    return shifted - np.log(np.sum(np.exp(shifted), axis, keepdims=True))


if hasattr(sp, "softplus"):  # SciPy 1.16

    @derived(sp.softplus)
    def softplus(x: Any, **kwargs: Any) -> Any:
        """``log(1 + exp(x))``."""
        return np.logaddexp(0, x, **kwargs)
