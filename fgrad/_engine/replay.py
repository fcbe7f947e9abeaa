"""Replay: carry cotangents from a result back to the arguments.

Nodes are visited newest first. Each hands its cotangent to its pullbacks and passes on
what they return; a node that several operations used gets the sum.

If a gradient comes out as nan, replay does its work once more, with care: where a nan
stands for a structural zero, it becomes zero. What stays nan is said in words.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

import numpy as np

from fgrad._engine.blame import Blames, explain, is_finite
from fgrad._engine.box import COTANGENTS, Box, primal
from fgrad._engine.cotangents import Cotangents, fit, spoiled
from fgrad._engine.dispatch import traced
from fgrad._engine.rules import Pullback
from fgrad._engine.scatter import Pending, Scatter, index_add
from fgrad._engine.trace import Node, again
from fgrad._engine.zeros import (
    CotangentTags,
    is_constant,
    is_moved,
    kept_where,
    moving,
    slim,
    without_poles,
)
from fgrad._words.callsite import describe
from fgrad._words.undefined import Listener, listening, warn_undefined

__all__ = ["is_owned", "pulled_again", "replay"]

LARGE = 1 << 15
"""How many entries a cotangent has so that what its node keeps is freed at once."""


def replay(
    roots: list[tuple[Node, Any]],
    *,
    consume: bool,
    words: Callable[[], bool] | None = None,
    meant: bool = True,
    repairs: bool = True,
) -> Cotangents:
    """Cotangents of the leaves from those of the results.

    With `consume`, what the nodes keep is freed. The function `words` tells whether to
    speak about a nan; without it, the replay outside does. The zeros of the roots may
    be `meant`, or just happen. Without `repairs`, every nan stays: what looks like a
    constant coefficient here may depend on an argument.
    """
    visit = Visit(roots, meant, consume, repairs)
    cotangents = visit.run()
    if (visit.doubtful or visit.blames or visit.said) and cotangents.spoiled():
        if visit.doubtful and not visit.careful:
            visit = Visit(roots, meant, careful=True)
            cotangents = visit.run()
        if cotangents.spoiled():
            first = visit.blames.first if visit.blames else None
            if words is not None:
                explain(visit.said, first, words)
            else:  # the replay outside notices
                np.subtract(np.inf, np.inf)
                for said in visit.said:
                    warn_undefined(said)
    if consume:
        for node in visit.passed:
            node.edges = ()
    return cotangents


class Visit:
    """One visit of all nodes that the roots depend on."""

    doubtful = False
    """Whether a nan that a rule has kept may have met a structural zero."""

    blames: Blames | None = None
    """What is not finite, and why; as soon as there is anything of that kind."""

    _freed = False
    _tags: CotangentTags | None = None

    def __init__(
        self,
        roots: list[tuple[Node, Any]],
        meant: bool,
        consume: bool = False,
        repairs: bool = True,
        careful: bool = False,
    ) -> None:
        self.roots = roots
        self.meant = meant
        self.consume = consume
        self.repairs = repairs
        """Whether structural zeros are put in the place of nan."""
        self.careful = careful
        """Whether each cotangent is looked at; a first visit does not do it."""
        self.passed: list[Node] = []
        self._small: set[Any] = set()
        """Shapes of which a node keeps nothing that should be freed at once."""
        self.said: list[str] = []
        """What rules have said about a derivative of nan."""

    def run(self) -> Cotangents:
        """The cotangents of all leaves."""
        cotangents = self._begun()
        listener = Listener(self.said)
        masked = self.meant and self._has_zeros()
        node = pullback = None
        try:
            with listening(listener):
                queue, total = cotangents.queue, cotangents.total
                passed, careful = self.passed.append, self.careful
                small = self._small
                while queue:
                    node = heappop(queue)[1]
                    passed(node)
                    if node.dtype is None or type(total[node]) is Pending:
                        g = cotangents.taken(node)
                    else:
                        g = total.pop(node)
                    for parent, pullback, residuals in node.edges:
                        try:
                            c = pullback.fun(g, *residuals)
                        except (TypeError, ValueError, ArithmeticError) as error:
                            c = pulled_again(error, pullback, parent, g, residuals)
                        if pullback.masks and not masked:
                            masked = True
                            careful = self.careful = self.careful or self._freed
                        if careful or listener.invalid:
                            if self.repairs and not is_finite(c):
                                edge = (parent, pullback, residuals)
                                c = self._repaired(c, g, node, *edge)
                            listener.invalid = False
                        if (
                            type(c) not in COTANGENTS
                            or c.shape != parent.shape
                            or c.dtype is not parent.dtype
                        ):
                            cotangents.take(c, parent, pullback)
                        elif parent in total:
                            cotangents.add(parent, c)
                        elif parent.edges:
                            total[parent] = c
                            heappush(queue, (parent.order, parent))
                        else:
                            total[parent] = c
                            if pullback.owned and is_owned(c, g, residuals):
                                cotangents.owned.add(parent)
                    if node.shape not in small:
                        careful = self._after(node, cotangents, masked)
                    g = c = residuals = None
        except Exception as error:
            if node is not None:
                where = describe(node.site)
                error.add_note(f"in {pullback!r}, for the call at {where}")
            raise
        self.doubtful = masked and self.repairs
        return cotangents

    def _has_zeros(self) -> bool:
        """Whether there may be zeros in the cotangent of a root, which are meant."""
        for _, g in self.roots:
            if type(g) is np.ndarray:
                if g.ndim and not g.all():
                    return True
            elif type(g) is Box and g.ndim and not is_moved(g):
                return True
        return False

    def _begun(self) -> Cotangents:
        cotangents = Cotangents(self._tags_here)
        for root, g in self.roots:
            cotangents.add(root, g)
        return cotangents

    def _all_tags(self) -> CotangentTags:
        if self._tags is None:
            self._tags = CotangentTags(self.roots, self.passed, meant=self.meant)
        return self._tags

    def _tags_here(self) -> Any:
        return self._all_tags().here()

    def _after(self, node: Node, cotangents: Cotangents, masked: bool) -> bool:
        """Free what a large node keeps; whether this visit has to be careful now.

        A second visit would need it. So below a mask, this visit looks at each
        cotangent itself, if it is not too late for that.
        """
        if node.dtype is None or node.size <= LARGE:
            self._small.add(node.shape)
        elif self.consume:
            if masked and not self.careful:
                self.careful = not cotangents.spoiled()
                self.consume = self.careful
            if self.consume:
                node.edges = slim(node)
                self._freed = True
        return self.careful

    def _repaired(
        self, c: Any, g: Any, node: Node, parent: Any, pullback: Pullback, kept: Any
    ) -> Any:
        """A cotangent that is not finite, with zeros where it is structurally zero."""
        single = type(parent) is not tuple and node.dtype is not None
        if (
            single
            and spoiled(c)
            and is_constant(moving(node, pullback, kept), pullback)
        ):
            c = without_poles(g, c, lambda g: pullback.fun(g, *kept))
        tag = self._all_tags().through(parent, pullback, kept)
        if type(c) is Scatter:
            c = Scatter(kept_where(tag.g, c.g), c.index)
        elif type(parent) is tuple:
            c = [
                None
                if x is None
                else kept_where(fit(p, n, pullback), fit(x, n, pullback))
                for x, p, n in zip(c, tag, parent, strict=True)
            ]
        else:
            c = _fitting(tag, c, parent, pullback)
        if not is_finite(c):
            after = parent if type(parent) is tuple else (parent,)
            self.blames = self.blames or Blames()
            self.blames.note(node, pullback, kept, c, (node,), after)
        return c


def _fitting(tag: Any, c: Any, parent: Any, pullback: Pullback) -> Any:
    """A cotangent with zeros where its tag is zero, before or after both are summed."""
    if c.shape != np.shape(tag):
        c, tag = fit(c, parent, pullback), fit(tag, parent, pullback)
    return kept_where(tag, c)


def pulled_again(
    error: Exception, pullback: Pullback, parent: Any, g: Any, residuals: Any
) -> Any:
    """Run a pullback in another way, if the trace of its values stopped it.

    Python's numbers raise where NumPy's give inf; so NumPy's take their place.
    """
    if isinstance(error, ArithmeticError):
        return pullback.fun(*map(_of_numpy, (g, *residuals)))

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


def _of_numpy(value: Any) -> Any:
    """A Python number as a NumPy number, also in a box; anything else as it is."""
    return value * np.float64(1) if type(primal(value)) in (float, complex) else value


def is_owned(c: Any, g: Any, residuals: tuple[Any, ...]) -> bool:
    """Whether nothing else can see this array."""
    if type(c) is not np.ndarray or c.base is not None or c is g:
        return False
    if isinstance(g, tuple) and any(c is part for part in g):
        return False
    return all(c is not residual for residual in residuals)
