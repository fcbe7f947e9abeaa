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

from fgrad._engine.blame import Blame, explain, is_finite
from fgrad._engine.box import COTANGENTS, Box
from fgrad._engine.care import CotangentCare
from fgrad._engine.cotangents import Cotangents
from fgrad._engine.pulling import pulled_again
from fgrad._engine.scatter import Cleared, Pending
from fgrad._engine.trace import Node
from fgrad._engine.zeros import (
    is_moved,
    slim,
)
from fgrad._words.callsite import describe
from fgrad._words.undefined import Listener, listening, warn_undefined

__all__ = ["is_owned", "replay"]

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
    if (visit.doubtful or visit.blame or visit.said) and cotangents.flaw():
        if repairs and not (visit.careful or visit.freed):
            visit = Visit(roots, meant, careful=True)
            cotangents = visit.run()
        flaw = cotangents.flaw()
        if flaw and words is None:  # the replay outside notices
            np.subtract(np.inf, np.inf if flaw == "nan" else np.log(0.0))
            for said in visit.said:
                warn_undefined(said)
        elif flaw and words and not cotangents.tentative():
            explain(flaw, visit.said, visit.blame, words)
    if consume:
        for node in visit.passed:
            node.edges = ()
    return cotangents


class Visit:
    """One visit of all nodes that the roots depend on."""

    doubtful = False
    """Whether a nan may have met a structural zero unseen, or come out of a sum."""

    freed = False
    _care: CotangentCare | None = None

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
                            careful = self.careful = self.careful or self.freed
                        if careful or listener.invalid:
                            edge = (parent, pullback, residuals)
                            c = self._looked_at(c, g, node, edge, listener)
                        if (
                            type(c) not in COTANGENTS
                            or c.shape != parent.shape
                            or c.dtype is not parent.dtype
                        ):
                            cotangents.take(c, parent, pullback, node)
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
        heard = listener.invalid or listener.infinite
        self.doubtful = self.doubtful or masked or heard
        return cotangents

    def _looked_at(
        self, c: Any, g: Any, node: Node, edge: Any, listener: Listener
    ) -> Any:
        """What a pullback returned, with zeros where it is structurally zero."""
        if listener.invalid:
            listener.invalid, self.doubtful = False, True
        if type(c) is Cleared:  # as finite as what it clears
            return c
        if self.repairs and not is_finite(c):
            return self.care.repaired(c, g, node, *edge)
        return c

    def _has_zeros(self) -> bool:
        """Whether there may be zeros in the cotangent of a root, which are meant."""
        for _, g in self.roots:
            if type(g) is np.ndarray:
                if not g.all():
                    return True
            elif type(g) is Box and g.ndim and not is_moved(g):
                return True
        return False

    def _begun(self) -> Cotangents:
        cotangents = Cotangents(self._tags)
        for root, g in self.roots:
            cotangents.add(root, g)
        return cotangents

    @property
    def care(self) -> CotangentCare:
        """What is known of structural zeros, from the first time when it is needed."""
        if self._care is None:
            self._care = CotangentCare(replay, self.roots, self.passed, self.meant)
        return self._care

    @property
    def blame(self) -> Blame | None:
        """Why there is a nan, if an operation is to blame."""
        return self._care.blames.first if self._care else None

    def _tags(self) -> Any:
        return self.care.here()

    def _after(self, node: Node, cotangents: Cotangents, masked: bool) -> bool:
        """Free what a large node keeps; whether this visit has to be careful now.

        A second visit would need it. So below a mask, this visit looks at each
        cotangent itself, if it is not too late for that.
        """
        if node.dtype is None or node.size <= LARGE:
            self._small.add(node.shape)
        elif self.consume and _keeps_large(node):
            if masked and not self.careful:
                self.careful = cotangents.flaw() != "nan"
                self.consume = self.careful
            if self.consume:
                node.edges = slim(node)
                self.freed = True
        return self.careful


def _keeps_large(node: Node) -> bool:
    """Whether a node keeps an array that should be freed at once."""
    return any(
        type(value) is np.ndarray and value.size > LARGE
        for _, _, residuals in node.edges
        for value in residuals
    )


def is_owned(c: Any, g: Any, residuals: tuple[Any, ...]) -> bool:
    """Whether nothing else can see this array."""
    if type(c) is not np.ndarray or c.base is not None or c is g:
        return False
    if isinstance(g, tuple) and any(c is part for part in g):
        return False
    return all(c is not residual for residual in residuals)
