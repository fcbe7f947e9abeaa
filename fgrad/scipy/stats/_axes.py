"""Samples as SciPy arranges them: what a statistic runs over is one last axis."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

__all__ = ["along_last"]


def along_last(arrays: Sequence[Any], axis: Any, *, paired: bool = False) -> list[Any]:
    """Samples with their axis, several axes, or all of them (None) as the last one.

    The other axes broadcast. If entries of the samples are `paired`, so do these.
    """
    arrays = [np.atleast_1d(a) for a in arrays]
    if axis is None:
        return [np.reshape(a, -1) for a in arrays]
    ndim = max(a.ndim for a in arrays)
    axes = normalize_axis_tuple(axis, ndim)
    ends = range(ndim - len(axes), ndim)
    arrays = [np.reshape(a, (1,) * (ndim - a.ndim) + a.shape) for a in arrays]
    arrays = [np.moveaxis(a, axes, ends) for a in arrays]
    lead = np.broadcast_shapes(*(a.shape[: ends.start] for a in arrays))
    rests = [a.shape[ends.start :] for a in arrays]
    if paired:
        rests = [np.broadcast_shapes(*rests)] * len(arrays)
    return [
        np.reshape(np.broadcast_to(a, lead + rest), (*lead, math.prod(rest)))
        for a, rest in zip(arrays, rests, strict=True)
    ]
