"""Replay: carry cotangents from a result back to the arguments.

Nodes are visited newest first. Each hands its cotangent to its pullbacks and passes on
what they return; a node that several operations used gets the sum. All that every rule
would otherwise have to repeat happens here, once: summing over broadcast axes, casting
to the argument's dtype, checking shapes, and keeping zeros zero.
"""

from __future__ import annotations

from functools import reduce
from heapq import heappop, heappush
from operator import gt
from typing import Any, cast

import numpy as np

from fgrad._engine.bind import Part
from fgrad._engine.box import COTANGENTS, Box, primal, values
from fgrad._engine.cotangents import Cotangents, Parts, put_together
from fgrad._engine.dispatch import traced
from fgrad._engine.rules import Pullback
from fgrad._engine.scatter import Pending, Scatter, index_add
from fgrad._engine.trace import Node, again
from fgrad._words.callsite import describe
from fgrad._words.foreign import is_foreign
from fgrad.errors import RuleError

__all__ = ["fit", "is_owned", "keep_zeros", "noting", "pulled_again", "replay"]


def noting(invalid: list[str]) -> np.errstate:
    """Silence floating-point warnings; each 0 * inf or 0 / 0 leaves a word."""
    return np.errstate(
        all="ignore", invalid="call", call=lambda kind, _: invalid.append(kind)
    )


def replay(roots: list[tuple[Node, Any]], *, consume: bool) -> Cotangents:
    """Cotangents of the leaves from those of the results.

    With `consume`, what a node keeps is freed as soon as it has been replayed.
    """
    cotangents = Cotangents()
    for root, g in roots:
        cotangents.add(root, g)
    if len(roots) > 1:  # a zero that was given for one of several results is exact
        given = [root for root, _ in roots]
        cotangents.masked.update(given)
        cotangents.holes.update(given)
    invalid: list[str] = []
    node = pullback = None
    try:
        with noting(invalid):
            queue, total = cotangents.queue, cotangents.total
            masked, parts = cotangents.masked, cotangents.parts
            while queue:
                node = heappop(queue)[1]
                g = total.pop(node) if node.dtype is not None else parts(node)
                if type(g) is Pending:
                    g = put_together(g)
                below_mask = node in masked
                for parent, pullback, residuals in node.edges:
                    try:
                        c = pullback.fun(g, *residuals)
                    except (TypeError, ValueError) as error:
                        c = pulled_again(error, pullback, parent, g, residuals)
                    if below_mask or pullback.masks:
                        cotangents.mask(node, parent, pullback, g)
                    if invalid or (below_mask and residuals):
                        c = keep_zeros(c, g, parent, pullback)
                        invalid.clear()
                    if (
                        type(c) not in COTANGENTS
                        or c.shape != parent.shape
                        or c.dtype is not parent.dtype
                    ):
                        _add_other(cotangents, c, node, parent, pullback)
                    elif parent in total:
                        cotangents.add(parent, c)
                    elif parent.edges:
                        total[parent] = c
                        heappush(queue, (parent.order, parent))
                    else:
                        total[parent] = c
                        if pullback.owned and is_owned(c, g, residuals):
                            cotangents.owned.add(parent)
                if consume:
                    node.edges = ()
                g = c = residuals = None
    except Exception as error:
        if node is not None:
            error.add_note(f"in {pullback!r}, for the call at {describe(node.site)}")
        raise
    return cotangents


def _add_other(
    cotangents: Cotangents, c: Any, node: Node, parent: Any, pullback: Pullback
) -> None:
    """Add what is not simply an array of the argument's shape and dtype."""
    kind = type(c)
    if c is None:
        return
    if kind is Scatter:
        cotangents.scatter(parent, c)
    elif kind is Part:
        cotangents.part(parent, c, node in cotangents.holes)
    elif type(parent) is tuple:
        for one, part in zip(parent, c, strict=True):
            if one is not None and part is not None:
                cotangents.add(one, fit(part, one, pullback))
    else:
        cotangents.add(parent, fit(c, parent, pullback))


def fit(c: Any, parent: Node, pullback: Pullback) -> Any:
    """A cotangent with the argument's shape and dtype, or an error naming the rule."""
    if type(c) is not Box:
        given, c = c, np.asarray(c)
        if c.dtype.kind not in "biufc" or is_foreign(type(given), ufunc=True):
            raise RuleError(
                f"{pullback!r} returned a {type(given).__name__} with dtype {c.dtype}, "
                f"which is no plain array of numbers."
            )
    if c.shape != parent.shape:
        c = _sum_to(c, parent.shape, pullback)
    if c.dtype != parent.dtype:
        if c.dtype.kind == "c" and parent.dtype.kind != "c":
            c = c.real
        c = c.astype(parent.dtype)
    return c


def _sum_to(c: Any, shape: tuple[int, ...], pullback: Pullback) -> Any:
    """Sum over the axes along which an argument of `shape` was broadcast."""
    lead = len(c.shape) - len(shape)
    pairs = list(zip(shape, c.shape[max(lead, 0) :], strict=False))
    if (
        not pullback.rule.broadcasts
        or lead < 0
        or any(a not in (1, b) for a, b in pairs)
    ):
        raise RuleError(
            f"{pullback!r} returned shape {c.shape} for an argument of shape {shape}."
        )
    axes = tuple(i + lead for i, (a, b) in enumerate(pairs) if a != b)
    return np.sum(c, axis=(*range(lead), *axes)).reshape(shape)


def keep_zeros(c: Any, g: Any, parent: Any, pullback: Pullback) -> Any:
    """A zero cotangent stays zero, also where the local derivative is inf or nan."""
    if type(g) is Parts and any(map(gt, g.used, g.masked)):
        return c  # zero as a product, not as what was masked out
    entries = values(c)
    if type(entries) is Box:
        entries._trace.unrepaired()
        return c
    if not isinstance(entries, np.ndarray | np.generic):
        return c
    given = values(g)
    if type(given) is np.ndarray and given.size < entries.size and given.all():
        return c  # nothing is zero in the smaller one
    square: Any = np.vdot(cast("Any", entries), cast("Any", entries))
    if not np.isnan(square):  # one pass, no temporary
        return c
    zero = [np.equal(primal(part), 0) for part in (g if isinstance(g, tuple) else (g,))]
    if pullback.rule.broadcasts and c.shape == zero[0].shape:
        return np.where(zero[0], 0.0, c)
    none: Any = reduce(np.logical_and, [np.all(part) for part in zero])
    return (
        np.where(none, 0.0, fit(c, parent, pullback))
        if type(none) is Box
        else (np.zeros(parent.shape, parent.dtype) if none else c)
    )


def pulled_again(
    error: Exception, pullback: Pullback, parent: Any, g: Any, residuals: Any
) -> Any:
    """Run a pullback in another way, if the trace of its values stopped it."""

    def zero(parent: Any) -> Any:
        return None if parent is None else np.zeros(parent.shape, parent.dtype)

    def dense(g: Any, *residuals: Any) -> Any:
        c = pullback.fun(g, *residuals)
        if type(c) is Scatter:
            return traced(index_add)(zero(parent), c.index, c.g)
        if type(parent) is not tuple:
            return zero(parent) if c is None else c
        pairs = zip(c, parent, strict=True)
        return tuple(zero(one) if part is None else part for part, one in pairs)

    return again(error, repr(pullback), dense, (g, *residuals), {})


def is_owned(c: Any, g: Any, residuals: tuple[Any, ...]) -> bool:
    """Whether nothing else can see this array."""
    if type(c) is not np.ndarray or c.base is not None or c is g:
        return False
    if isinstance(g, tuple) and any(c is part for part in g):
        return False
    return all(c is not residual for residual in residuals)
