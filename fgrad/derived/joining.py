"""Building arrays, and taking them apart."""

from typing import Any

import numpy as np

from fgrad._rules import derived


@derived(np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    if isinstance(indices_or_sections, int | np.integer):
        ends = np.linspace(0, ary.shape[axis], indices_or_sections + 1).astype(int)[1:-1]
    else:
        ends = np.asarray(indices_or_sections)
    lead = (slice(None),) * (axis % ary.ndim)
    starts = [0, *ends]
    stops = [*ends, None]
    return [ary[(*lead, slice(a, b))] for a, b in zip(starts, stops, strict=True)]


@derived(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    return np.transpose(a, moved(a.ndim, source, destination))


def moved(ndim: int, source: Any, destination: Any) -> tuple[int, ...]:
    """The order of axes after moving some."""
    plain = np.moveaxis(np.empty((1,) * 0 + tuple(range(1, ndim + 1))), source, destination)
    return tuple(n - 1 for n in plain.shape)


@derived(np.array)
def array(object: Any, dtype: Any = None, *, ndmin: int = 0, **options: Any) -> Any:
    """A nested list with traced entries: stack it, level by level."""
    if isinstance(object, tuple | list):
        object = np.stack([array(item) for item in object])
    if ndmin > np.ndim(object):
        object = np.reshape(object, (1,) * (ndmin - object.ndim) + object.shape)
    return object if dtype is None else object.astype(dtype)
