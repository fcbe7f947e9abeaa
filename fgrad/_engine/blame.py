"""The words about a derivative of nan or inf: which function, where, what values."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from math import isfinite
from typing import Any

import numpy as np

from fgrad._engine.box import CONTAINERS, Box, stored, values
from fgrad._engine.cotangents import spoiled
from fgrad._engine.rules import Pullback
from fgrad._engine.scatter import Cleared, Scatter
from fgrad._engine.trace import Node
from fgrad._words.callsite import line
from fgrad._words.undefined import tell
from fgrad.errors import UndefinedDerivativeWarning

__all__ = ["Blame", "Blames", "explain", "is_finite"]


ADVICE = {
    "nan": ", and what it is combined with is 0 or not finite either. Write the "
    "function so that it is smooth there, such as np.sum(x**2) for "
    "np.sqrt(np.sum(x**2))**2, or keep this point away from the call with np.where.",
    "infinite": ". Keep this point away from the call with np.where.",
}


class Blame:
    """The first operation whose derivative is not finite, where a result is not."""

    __slots__ = ("_node", "_pullback", "_where")

    def __init__(self, node: Node, pullback: Pullback, residuals: Any, c: Any) -> None:
        self._node = node
        self._pullback = pullback
        self._where = _where(pullback, residuals, c)

    def warn(self, flaw: str) -> None:
        """Say it at the user's line."""
        code, _ = self._node.site
        rest = ADVICE[flaw]
        warnings.warn_explicit(
            f"a derivative is {flaw}: that of {self._pullback.rule.name} with respect "
            f"to {self._pullback.parameter} is not finite{self._where}{rest}",
            UndefinedDerivativeWarning,
            code.co_filename,
            line(self._node.site),
        )


class Blames:
    """Which operation is the source of each value that is not finite, and of a nan."""

    __slots__ = ("_of_nan", "_sources", "first")

    def __init__(self) -> None:
        self.first: Blame | None = None
        """That of the first nan, or else of the first infinity."""
        self._of_nan = False
        self._sources: dict[Any, Blame] = {}

    def note(
        self,
        node: Node,
        pullback: Pullback,
        residuals: Any,
        c: Any,
        before: Iterable[Any],
        after: Iterable[Any],
    ) -> None:
        """What comes from `before` by an edge, and goes to `after`, is not finite."""
        known = (self._sources[one] for one in before if one in self._sources)
        source = next(known, None) or Blame(node, pullback, residuals, c)
        for one in after:
            self._sources.setdefault(one, source)
        if self.first is None or (spoiled(c) and not self._of_nan):
            self.first, self._of_nan = source, spoiled(c)


def explain(
    flaw: str, said: list[str], blame: Blame | None, words: Callable[[], bool]
) -> None:
    """Warn why a result has a flaw: by what rules have said of a nan, or by the blame.

    The function `words` tells whether to speak at all.
    """
    if not said and blame is None:
        return
    if words():
        if said and flaw == "nan":
            tell(said)
        elif blame is not None:
            blame.warn(flaw)


NUMBERS = frozenset({float, np.float64})


def is_finite(c: Any) -> bool:
    """Whether there is no inf and no nan in what a pullback returned."""
    if type(c) in NUMBERS:
        return isfinite(c)
    if type(c) in CONTAINERS:
        return all(map(is_finite, c))
    c = values(c.g if type(c) in (Scatter, Cleared) else c)
    if type(c) is Box:
        c._trace.unrepaired(c)
        return True
    number = isinstance(c, np.ndarray | np.inexact | float | complex)
    return not number or bool(np.all(np.isfinite(c)))


def _where(pullback: Pullback, residuals: Any, c: Any) -> str:
    """The first entry that is not finite, and the values that the rule has kept."""
    if type(c) in CONTAINERS:
        c = next((part for part in c if not is_finite(part)), 0.0)
    entries = np.asarray(stored(c.g if type(c) is Scatter else c))
    if entries.dtype.kind not in "fc":
        return ""
    found = np.argwhere(~np.isfinite(entries))
    index = tuple(map(int, found[0])) if len(found) else ()
    told: list[str] = []
    for name, value in zip(pullback.needs, residuals, strict=True):
        array = stored(value)
        if isinstance(array, np.ndarray | np.generic | float | complex):
            array = np.asarray(array)
            before = entries.ndim - array.ndim
            if entries.shape[before:] == array.shape:  # that of one example, too
                here = array[index[before:]] if index else array[()]
                told.append(f"{'the result' if name == 'ans' else name} is {here}")
    at = f" at entry {list(index)}" if index else ""
    return at + (f", where {' and '.join(told)}" if told else "")
