"""Weighted means, covariances and correlations."""

from typing import Any

import numpy as np

from fgrad._engine.box import boxes_in, primal, values
from fgrad._engine.rules import derived
from fgrad._engine.signatures import NO_VALUE
from fgrad.derived.creation import as_traced
from fgrad.primitives._axes import normalized


def weights_for(a: Any, axis: Any, weights: Any) -> Any:
    """Weights in the shape of `a`, or so that they broadcast to it."""
    weights = as_traced(weights)
    if weights.shape == a.shape:
        return weights
    if axis is None:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    axes = normalized(axis, a.ndim)
    if weights.shape != tuple(a.shape[i] for i in axes):
        raise ValueError(
            "Shape of weights must be consistent with shape of a along specified axis."
        )
    weights = np.transpose(weights, tuple(int(i) for i in np.argsort(axes)))
    return np.reshape(
        weights, tuple(n if i in axes else 1 for i, n in enumerate(a.shape))
    )


@derived(np.average)
def average(
    a: Any,
    axis: Any = None,
    weights: Any = None,
    returned: bool = False,
    *,
    keepdims: Any = NO_VALUE,
) -> Any:
    a = as_traced(a)
    options = {} if keepdims is NO_VALUE else {"keepdims": keepdims}
    if weights is None:
        mean = np.mean(a, axis, **options)
        if not returned:
            return mean
        return mean, np.full(mean.shape, a.size / mean.size, mean.dtype)[()]
    weights = weights_for(a, axis, weights)
    dtype = np.result_type(a.dtype, weights.dtype, *("f8",) * (a.dtype.kind in "iub"))
    scale = np.sum(weights, axis=axis, dtype=dtype, **options)
    if np.any(primal(scale) == 0.0):
        raise ZeroDivisionError("Weights sum to zero, can't be normalized")
    product = np.multiply(a, weights, dtype=dtype)
    mean = np.sum(product, axis=axis, **options) / scale
    if not returned:
        return mean
    return mean, np.broadcast_to(scale, mean.shape) if mean.shape else scale


def observations(m: Any, dtype: Any, rowvar: bool) -> Any:
    """Variables as rows, observations as columns."""
    m = as_traced(m)
    if m.ndim > 2:
        raise ValueError("arrays of observations have at most 2 dimensions")
    x = np.reshape(m, (1, -1)) if m.ndim < 2 else m
    return (x if rowvar or (x.shape[0] == 1 and m.ndim < 2) else x.T).astype(dtype)


@derived(np.cov)
def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: Any = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    m = as_traced(m)
    y = None if y is None else as_traced(y)
    if dtype is None:
        dtype = np.result_type(m.dtype, np.float64, *(() if y is None else (y.dtype,)))
    x = observations(m, dtype, rowvar)
    if not x.shape[0]:
        return np.cov(primal(x), primal(y))
    if y is not None:
        x = np.concatenate((x, observations(y, dtype, rowvar or y.shape[0] == 1)))
    if ddof is None:
        ddof = 0 if bias else 1
    # NumPy's own words for weights that do not fit, and for too few observations.
    counts, importance = primal(fweights), primal(aweights)
    if not boxes_in([counts, importance]):
        np.cov(np.zeros(x.shape[1]), ddof=ddof, fweights=counts, aweights=importance)
    for name, given in (("fweights", counts), ("aweights", importance)):
        if boxes_in([given]) and bool(np.any(values(given) < 0)):
            raise ValueError(f"{name} cannot be negative")
    weights = None
    for given in (fweights, aweights):
        if given is not None:
            given = as_traced(given).astype(float)
            weights = given if weights is None else weights * given
    mean, total = average(x, axis=1, weights=weights, returned=True)
    total = total[0]
    if weights is None:
        free = x.shape[1] - ddof
    elif aweights is None or not ddof:
        free = total - ddof
    else:
        free = total - ddof * np.sum(weights * aweights) / total
    x = x - mean[:, None]
    weighted = x if weights is None else x * weights
    products = np.dot(x, np.conjugate(weighted.T))
    return np.squeeze(products * np.true_divide(1, free if free > 0 else 0.0))


@derived(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    c = cov(x, y, rowvar, dtype=dtype)
    if not c.ndim:
        return c / c
    scale = np.sqrt(np.real(np.diag(c)))
    c = c / scale[:, None] / scale[None, :]
    if c.dtype.kind == "c":
        return np.clip(np.real(c), -1, 1) + 1j * np.clip(np.imag(c), -1, 1)
    return np.clip(c, -1, 1)
