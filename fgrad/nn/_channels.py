"""Images with channels and the kernels for them: whether they fit."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad.derived.creation import as_traced
from fgrad.nn._arguments import inexact, refuse, whole

__all__ = ["divided", "finished", "images_and_kernels", "wrong_channels"]


def images_and_kernels(
    name: str, ndim: int, input: Any, weight: Any, layout: str
) -> tuple[Any, Any, bool]:
    """Both as arrays with all axes, and whether it was one image without an axis n."""
    x, w = inexact(name, input=input, weight=weight)
    shape = ("length",) if ndim == 1 else ("depth", "height", "width")[3 - ndim :]
    axes = ", ".join(("channels", *shape))
    if x.ndim not in {ndim + 1, ndim + 2}:
        refuse(
            f"{name} needs input of shape (n, {axes}) or ({axes}), but got {x.shape}"
        )
    if w.ndim != ndim + 2 or 0 in w.shape[1:]:
        refuse(
            f"{name} needs weight of shape ({', '.join((layout, *shape))}), but got "
            f"{w.shape}"
        )
    one = x.ndim == ndim + 1
    return np.expand_dims(x, 0) if one else x, w, one


def divided(name: str, groups: Any, channels: dict[str, int]) -> int:
    """The number of groups, which has to divide all these numbers of channels."""
    number = whole(name, "groups", groups, 1)
    for parameter, count in channels.items():
        if count % number:
            refuse(
                f"{name} has groups={number}, which does not divide the {count} "
                f"channels of {parameter}"
            )
    return number


def wrong_channels(name: str, input: Any, weight: Any, wanted: int) -> str:
    """The words; they recognise channels that come last."""
    x = as_traced(input)
    axis = x.ndim - np.ndim(weight) + 1
    words = (
        f"{name} needs input with {wanted} channels along axis {axis}, for weight of "
        f"shape {np.shape(weight)}, but input has shape {x.shape}"
    )
    if x.shape[-1] == wanted:
        words += (
            f"; its last axis has {wanted}: if the channels come last, write "
            f"np.moveaxis(input, -1, {axis})"
        )
    return words


def finished(name: str, y: Any, bias: Any, one: bool) -> Any:
    """The maps with their bias, and without the axis n if there was none."""
    if bias is not None:
        (b,) = inexact(name, bias=bias)
        if b.shape != (y.shape[1],):
            refuse(f"{name} needs bias of shape {(y.shape[1],)}, but got {b.shape}")
        y = y + np.reshape(b, (-1, *(1,) * (y.ndim - 2)))
    return np.squeeze(y, 0) if one else y
