"""The windows of pooling: whether they fit, and where the last one ends."""

from __future__ import annotations

from typing import Any

from fgrad.nn._arguments import each, floating, refuse
from fgrad.nn._windows import Window

__all__ = ["image", "window_of"]


def image(name: str, ndim: int, input: Any) -> Any:
    (x,) = floating(name, input=input)
    if x.ndim < ndim:
        axes = ", ".join(("depth", "height", "width")[3 - ndim :])
        axes = "length" if ndim == 1 else axes
        refuse(f"{name} needs input of shape (..., {axes}), but got {x.shape}")
    return x


def window_of(
    name: str,
    x: Any,
    ndim: int,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    *,
    ceil_mode: bool,
) -> Window:
    """The window of a pooling, and whether it fits."""
    size = each(name, "kernel_size", kernel_size, ndim, 1)
    step = size if stride is None else each(name, "stride", stride, ndim, 1)
    room = each(name, "padding", padding, ndim, 0)
    apart = each(name, "dilation", dilation, ndim, 1)
    window = Window(size, step, tuple((p, p) for p in room), apart)
    shape, span = x.shape[-ndim:], window.span
    if any(2 * p > n for p, n in zip(room, span, strict=True)):
        refuse(
            f"{name} has padding={padding!r}, which is more than half of the windows "
            f"of size {span}"
        )
    if any(n < s for n, s in zip(window.padded(shape), span, strict=True)):
        refuse(
            f"{name} has windows of size {span}, larger than the padded input of size "
            f"{window.padded(shape)}: input has shape {x.shape}, and padding is "
            f"{padding!r}"
        )
    if not ceil_mode:
        return window
    ends: list[tuple[int, int]] = []
    for n, p, s, e in zip(shape, room, step, span, strict=True):
        count = -(-(n + 2 * p - e) // s) + 1
        if (count - 1) * s >= n + p:  # a window has to begin before the end
            count -= 1
        ends.append((p, max(p, (count - 1) * s + e - n - p)))
    return Window(size, step, tuple(ends), apart)
