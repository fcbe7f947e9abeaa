"""What fgrad knows and does: `coverage`, `loops`."""

from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from fgrad._batching import LOOPS, Loop
from fgrad._rules import RULES
from fgrad._surface import KINDS, SPACES, kind_of, members

__all__ = ["Coverage", "Entry", "Loop", "coverage", "loops"]


class Entry(NamedTuple):
    """One public name of NumPy."""

    namespace: str
    name: str
    kind: str
    """A key of ``Coverage.kinds``; empty if fgrad does not know the name."""
    why: str
    """The parameters of a primitive, the module of a composition, or the reason."""


class Coverage:
    """NumPy's public names and what each is for fgrad. Prints as its totals."""

    kinds = KINDS

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self.entries = entries

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def unknown(self) -> list[Entry]:
        """Names that no list knows."""
        return [entry for entry in self.entries if not entry.kind]

    @property
    def differentiable(self) -> list[Entry]:
        """Names with a derivative."""
        kinds = ("primitive", "composition")
        return [entry for entry in self.entries if entry.kind in kinds]

    @property
    def totals(self) -> dict[str, Counter[str]]:
        """How many names of each kind there are in each namespace."""
        totals = {space: Counter[str]() for space in SPACES}
        for entry in self.entries:
            totals[entry.namespace][entry.kind] += 1
        return totals

    def __repr__(self) -> str:
        rows = self._rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            row[0].ljust(widths[0])
            + "".join(
                cell.rjust(width + 2)
                for cell, width in zip(row[1:], widths[1:], strict=True)
            )
            for row in rows
        ]
        return "\n".join([*lines, "", self._summary()])

    def _rows(self) -> list[tuple[str, ...]]:
        """The totals as cells: a head, a row for each namespace, the sums."""
        rows = [("", *KINDS)]
        for space, count in self.totals.items():
            rows.append((space, *(str(count[kind]) for kind in KINDS)))
        total = Counter(entry.kind for entry in self.entries)
        return [*rows, ("all", *(str(total[kind]) for kind in KINDS))]

    def _summary(self) -> str:
        primitives = sum(
            rule.name.startswith("np.") and bool(rule.pullbacks)
            for fun, rule in RULES.items()
            if fun is rule.fun
        )
        names = len(self.differentiable)
        return f"{primitives} primitives serve {names} differentiable names."

    def to_markdown(self) -> str:
        """The whole table, in Markdown.

        Returns
        -------
        str
            The totals, then each namespace's names by kind and reason.
        """
        head, *rows = self._rows()
        lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * len(KINDS) + "|"]
        lines += ["| " + " | ".join(row) + " |" for row in rows]
        lines += ["", self._summary(), ""]
        lines += [f"* **{kind}**: {meaning}" for kind, meaning in KINDS.items()]
        for space in SPACES:
            lines += ["", f"## {space}", ""]
            lines += self._paragraphs(space)
        return "\n".join([*lines, ""])

    def _paragraphs(self, space: str) -> Iterator[str]:
        """The names of a namespace; those of one kind and reason together."""
        for kind in KINDS:
            groups: dict[str, list[str]] = {}
            for entry in self.entries:
                if entry.namespace == space and entry.kind == kind:
                    why = entry.why.removeprefix(f"{entry.name} ")
                    why = f", {why}" if kind in ("refused", "no array") else ""
                    groups.setdefault(why, []).append(f"`{entry.name}`")
            for why in sorted(groups):
                yield f"* {kind}{why}: {', '.join(groups[why])}"


def coverage() -> Coverage:
    """What each public name of NumPy is for fgrad.

    Parameters
    ----------
    None

    Returns
    -------
    Coverage
        A table with one `Entry` (namespace, name, kind, why) for each name, generated
        from the registry of rules. It prints as its totals; ``to_markdown()`` gives all
        names, ``unknown`` those that fgrad has not heard of.

    Examples
    --------
    >>> import fgrad
    >>> table = fgrad.coverage()
    >>> {entry.name: entry.kind for entry in table}["trapezoid"]
    'composition'
    >>> table.unknown
    []
    """
    return Coverage(
        tuple(
            Entry(space, name, *kind_of(space, name, thing))
            for space in SPACES
            for name, thing in members(space)
        )
    )


@contextmanager
def loops() -> Generator[Counter[Loop]]:
    """What `vmap` called for one example after the other, inside a ``with``.

    That is right, but not fast: write such a function with others, or ask for a rule.

    Yields
    ------
    Counter
        By `Loop` (the name of a function or rule, and the user's line), how often.
        Filled when the ``with`` ends; calls of all threads count.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import debug, vmap
    >>> with debug.loops() as found:
    ...     roots = vmap(np.roots)(np.array([[1.0, -3.0, 2.0], [1.0, 0.0, -4.0]]))
    >>> [(loop.name, count) for loop, count in found.items()]
    [('np.roots', 1)]
    """
    before = Counter(LOOPS)
    found: Counter[Loop] = Counter()
    try:
        yield found
    finally:
        found.update(LOOPS - before)
