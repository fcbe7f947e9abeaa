"""Attention: averages of values, weighted by how well their keys fit a query."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad._engine.cotangents import broadcasts_to
from fgrad.derived.creation import as_traced
from fgrad.nn._arguments import floating, refuse, setting
from fgrad.nn._layers import dropout
from fgrad.nn._softmax import shares

__all__ = ["scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    *,
    rng: np.random.Generator | None = None,
) -> Any:
    """``softmax(scale * query @ key.T) @ value``, for each index of the axes in front.

    Parameters
    ----------
    query : array_like of float, shape (..., l, e)
    key : array_like of float, shape (..., s, e)
    value : array_like of float, shape (..., s, v)
        The axes in front broadcast.
    attn_mask : array_like of bool or float, optional
        Truth values say which keys a query sees; numbers are added before the softmax.
        Broadcasts to (..., l, s). A query that sees no key has the result 0.
    dropout_p : float
        As in `dropout`, for the weights of the values.
    is_causal : bool
        Whether query i sees the keys up to i only.
    scale : float, optional
        By default ``1 / sqrt(e)``.
    rng : numpy.random.Generator
        As in `dropout`; needed if `dropout_p` is not 0.

    Returns
    -------
    array, shape (..., l, v)

    Raises
    ------
    ValueError
        If the shapes do not fit, both a mask and `is_causal` are given, or `scale` is
        not finite.
    TypeError
        If an array is not of floating-point numbers. A mask of integers is refused,
        since 0 and 1 may mean truth values, or numbers to add.

    Notes
    -----
    Vaswani et al., Attention is all you need (2017).

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import nn
    >>> x = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> nn.scaled_dot_product_attention(100 * x, x, x, scale=1).round(3)
    array([[1., 0.],
           [0., 1.]])
    """
    name = "scaled_dot_product_attention"
    q, k, v = floating(name, query=query, key=key, value=value)
    if (
        min(q.ndim, k.ndim, v.ndim) < 2
        or q.shape[-1] != k.shape[-1]
        or k.shape[-2] != v.shape[-2]
    ):
        refuse(
            f"{name} needs query, key and value of shapes (..., l, e), (..., s, e) and "
            f"(..., s, v), but got {q.shape}, {k.shape} and {v.shape}"
        )
    try:
        np.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
    except ValueError:
        refuse(
            f"{name} needs query, key and value whose axes in front broadcast, but "
            f"these are {q.shape[:-2]}, {k.shape[:-2]} and {v.shape[:-2]} of shapes "
            f"{q.shape}, {k.shape} and {v.shape}"
        )
    if scale is not None:
        setting(name, "scale", scale)
    factor = 1 / max(q.shape[-1], 1) ** 0.5 if scale is None else scale
    scores = np.matmul(q * factor, np.swapaxes(k, -1, -2))
    if is_causal:
        if attn_mask is not None:
            refuse(f"{name} takes either attn_mask or is_causal=True, but got both")
        attn_mask = np.tri(q.shape[-2], k.shape[-2], dtype=bool)
    weights = _weights(name, scores, attn_mask)
    if dropout_p:
        weights = dropout(weights, dropout_p, rng=rng)
    return np.matmul(weights, v)


def _weights(name: str, scores: Any, attn_mask: Any) -> Any:
    """The softmax of scores, and zeros for a query that sees no key."""
    if attn_mask is None:
        return shares(scores, scores.ndim - 1)
    mask = _mask(name, scores.shape, attn_mask)
    if mask.dtype == bool:
        seen = np.any(mask, -1, keepdims=True)
        scores = np.where(mask, scores, -np.inf)
    else:
        scores = scores + mask
        seen = np.any(np.isfinite(scores), -1, keepdims=True)
    weights = shares(np.where(seen, scores, 0), scores.ndim - 1)
    return np.where(seen, weights, 0)


def _mask(name: str, shape: tuple[int, ...], attn_mask: Any) -> Any:
    """A mask for scores of a shape: of truth values, or of numbers to add."""
    mask = as_traced(attn_mask)
    if mask.dtype.kind not in "bf":
        if isinstance(attn_mask, str):
            got = f"got {attn_mask!r}; write is_causal=True for a causal mask"
        else:
            got = f"got dtype {mask.dtype} and shape {mask.shape}"
        if mask.dtype.kind in "iu":
            got += (
                "; write attn_mask != 0 if it says which keys a query sees, or "
                "attn_mask.astype(float) to add it"
            )
        refuse(
            f"{name} needs attn_mask of truth values, or of floating-point numbers to "
            f"add, but {got}",
            TypeError,
        )
    if not broadcasts_to(mask.shape, shape):
        refuse(
            f"{name} needs attn_mask that broadcasts to (..., l, s), which is {shape} "
            f"here, but got shape {mask.shape}"
        )
    return mask
