"""Functions that order entries."""

import numpy as np

from fgrad._engine.box import primal
from fgrad._engine.dispatch import traced
from fgrad._engine.rules import defvjp
from fgrad._engine.scatter import index_add
from fgrad.primitives._axes import from_rows, rows


def shared(g, ordered):
    """`g` along sorted rows, averaged wherever the entries are equal."""
    new = np.ones(ordered.shape, bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    if new.all():
        return g
    run = np.cumsum(new).reshape(new.shape) - 1
    lengths = np.bincount(run.ravel())
    total = traced(index_add)(np.zeros(lengths.size, g.dtype), run, g)
    return (total / lengths)[run]


def from_sorted(g, r):
    """What sorting the rows of `r` put into `g`, back where it came from.

    Equal entries get equal shares.
    """
    order = np.argsort(r, axis=1)  # not stable: equal entries are averaged
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.arange(r.shape[1])[None], 1)
    ordered = np.take_along_axis(r, order, 1)
    return np.take_along_axis(shared(g, ordered), places, 1)


def sort_pullback(g, a, axis=-1):
    """Back to where each entry came from."""
    g = rows(g, 0 if axis is None else axis)
    return from_rows(from_sorted(g, rows(primal(a), axis)), a.shape, axis)


def partition_pullback(g, a, ans, axis=-1):
    """That of sorting: sorted, result and argument are the same."""
    along = 0 if axis is None else axis
    order = np.argsort(rows(primal(ans), along), axis=1)
    g = np.take_along_axis(rows(g, along), order, 1)
    return from_rows(from_sorted(g, rows(primal(a), axis)), a.shape, axis)


defvjp(np.sort, neutral=("kind", "stable"), a=sort_pullback)
defvjp(np.partition, neutral=("kth", "kind"), a=partition_pullback)
defvjp(np.sort_complex, a=lambda g, a: sort_pullback(g, a))
