"""Functions that order entries."""

import numpy as np

from fgrad._engine.box import primal
from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp
from fgrad._engine.scatter import index_add
from fgrad.primitives._axes import from_rows, rows


def shared(c, ordered):
    """`c` along sorted rows, averaged wherever the entries are equal."""
    new = np.ones(ordered.shape, bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    if new.all():
        return c
    run = np.cumsum(new).reshape(new.shape) - 1
    lengths = np.bincount(run.ravel())
    total = index_add(np.zeros(lengths.size, c.dtype), run, c)
    return (total / lengths)[run]


@primitive
def into_sorted(c, r):
    """The rows of `c` in the order that sorts the rows of `r`.

    Equal entries of `r` get equal shares.
    """
    order = np.argsort(r, axis=1)  # not stable: equal entries are averaged
    return shared(np.take_along_axis(c, order, 1), np.take_along_axis(r, order, 1))


@primitive
def from_sorted(c, r):
    """The transpose of `into_sorted`: from sorted rows back to the order of `r`."""
    order = np.argsort(r, axis=1)
    back = np.empty_like(c)
    ordered = np.take_along_axis(r, order, 1)
    np.put_along_axis(back, order, shared(c, ordered), 1)
    return back


defvjp(into_sorted, masks=True, c=lambda g, r: from_sorted(g, r))
defvjp(from_sorted, masks=True, c=lambda g, r: into_sorted(g, r))


def sort_pullback(g, a, axis=-1):
    """Back to where each entry came from."""
    g = rows(g, 0 if axis is None else axis)
    return from_rows(from_sorted(g, rows(primal(a), axis)), a.shape, axis)


def partition_pullback(g, a, ans, axis=-1):
    """The pullback of sorting: the sorted result is the sorted argument."""
    along = 0 if axis is None else axis
    order = np.argsort(rows(primal(ans), along), axis=1)
    g = np.take_along_axis(rows(g, along), order, 1)
    return from_rows(from_sorted(g, rows(primal(a), axis)), a.shape, axis)


defvjp(np.sort, masks=True, neutral=("kind", "stable"), a=sort_pullback)
defvjp(np.partition, masks=True, neutral=("kth", "kind"), a=partition_pullback)
defvjp(np.sort_complex, masks=True, a=lambda g, a: sort_pullback(g, a))
