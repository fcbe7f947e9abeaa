"""Care for cotangents that are not finite: zero where they are structurally zero.

That is where no result depends on the entry (its cotangent's tag is zero), and where
the entry depends on no argument (its tangent's tag is zero).
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from fgrad._engine.blame import Blames, is_finite
from fgrad._engine.cotangents import fit, spoiled
from fgrad._engine.dispatch import traced
from fgrad._engine.pushforward import Replay
from fgrad._engine.rules import Pullback
from fgrad._engine.scatter import Cleared, Scatter, index_update
from fgrad._engine.tags import CotangentTags, Neighbourhood
from fgrad._engine.trace import Node
from fgrad._engine.zeros import is_constant, kept_where, moving, without_poles

__all__ = ["CotangentCare"]


class CotangentCare:
    """What one visit of replay knows of structural zeros, and of who is to blame."""

    def __init__(
        self, replay: Replay, roots: Any, passed: list[Node], meant: bool
    ) -> None:
        self._around = Neighbourhood(replay)
        self._tags = CotangentTags(self._around, roots, passed, meant=meant)
        self.blames = Blames()
        self.here = self._tags.here

    def repaired(
        self, c: Any, g: Any, node: Node, parent: Any, pullback: Pullback, kept: Any
    ) -> Any:
        """What a pullback returned, with zeros where it is structurally zero."""
        if type(c) is Cleared:
            c = traced(index_update)(c.g, c.index, 0.0)
        several = isinstance(parent, tuple)
        single = not several and node.dtype is not None
        if (
            single
            and spoiled(c)
            and is_constant(moving(node, pullback, kept), pullback)
        ):
            c = without_poles(g, c, lambda g: pullback.fun(g, *kept))
        tag = self._tags.through(parent, pullback, kept)
        if several:
            parents = zip(c, tag, parent, strict=True)
            c = [
                x if x is None or tag is None else self._both(x, tag, one, pullback)
                for x, tag, one in parents
            ]
        elif parent.dtype is None:
            c = kept_where(tag, c)
        else:
            c = self._both(c, tag, parent, pullback)
        if not is_finite(c):
            after = parent if several else (parent,)
            self.blames.note(node, pullback, kept, c, (node,), after)
        return c

    def _both(self, c: Any, tag: Any, parent: Node, pullback: Pullback) -> Any:
        """The cotangent of one node, with zeros of both kinds."""
        if type(c) is Scatter:
            rest = kept_where(tag.g, c.g)
            if not is_finite(rest):
                live = self._around.reach.of(parent)
                rest = kept_where(traced(operator.getitem)(live, c.index), rest)
            return Scatter(rest, c.index)
        if c.shape != np.shape(tag):  # before or after both are summed
            c, tag = fit(c, parent, pullback), fit(tag, parent, pullback)
        c = kept_where(tag, c)
        return c if is_finite(c) else kept_where(self._around.reach.of(parent), c)
