"""What a gradient keeps in memory, and why: `memory`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from fgrad._transforms._values import check_function, label
from fgrad._transforms.reverse import value_and_grad
from fgrad._words.callsite import short
from fgrad.debug._kept import Keeper, Kept
from fgrad.debug._report import Report, source_of
from fgrad.debug._table import Table, size
from fgrad.debug._watching import watching

__all__ = ["Memory", "memory"]


class Memory(Report):
    """What `memory` returns: each array that a gradient keeps, and its line."""

    def __init__(self, name: str, kept: list[Kept], own: list[Kept]) -> None:
        self.name = name
        self.kept = tuple(kept)
        """The arrays that were kept when that was most."""
        self.own = tuple(own)
        """Arrays of the program's own to which the tapes referred then."""

    @property
    def bytes(self) -> int:
        """The sum of all that was kept."""
        return sum(kept.bytes for kept in self.kept)

    @property
    def heading(self) -> str:
        """What was measured, and the sum."""
        count = len(self.kept)
        return (
            f"memory of {self.name}: {size(self.bytes)} in {count} "
            f"array{'s' * (count != 1)} kept for the derivative"
        )

    @property
    def tables(self) -> list[Table]:
        """The tables of the report."""
        tables = [_table("kept", self.kept)]
        if self.own:
            title = "your own arrays, for which no more memory is needed"
            tables.append(_table(title, self.own))
        return tables


def _table(title: str, kept: tuple[Kept, ...]) -> Table:
    """Equal arrays of the same line and operation are one row."""
    rows = Counter[Kept](kept)
    ordered = sorted(rows.items(), key=lambda row: -row[0].bytes * row[1])
    return Table(
        title,
        ("<line", "bytes", "arrays", "shape", "dtype", "<operation", "<keeps", "<"),
        [
            (
                short(one.site),
                size(one.bytes * count),
                str(count),
                str(one.shape),
                str(one.dtype),
                one.operation,
                one.name,
                source_of(one.site),
            )
            for one, count in ordered
        ],
    )


def memory(fun: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Memory:
    """What a gradient keeps in memory when that is most, and which lines keep it.

    Parameters
    ----------
    fun : callable
        A function of which the gradient is taken, with respect to its first argument;
        or a transform of one, such as ``grad(f, argnums=1)``.
    *args, **kwargs : tree
        The arguments of `fun`, which is called once.

    Returns
    -------
    Memory
        A report: ``print`` it, end a cell of a notebook with it, or ``save`` it as
        ``.html`` or ``.txt``. It has the attributes ``kept`` (for each array: site,
        operation, name, shape, dtype, bytes), ``bytes``, their sum, and ``own``.

    Raises
    ------
    TypeError
        If `fun` is no function.

    Notes
    -----
    Rules keep arguments and results of operations until replay. An array that several
    rules keep counts once. Arrays that are still there when all is done, such as the
    arguments, are listed as ``own``, and are not in the sum. While an operation or
    replay works, it needs some memory besides.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.debug import memory
    >>> found = memory(lambda x: np.sum(np.tanh(x * 2.0)), np.ones(1000))
    >>> found.bytes
    8000
    >>> [(one.operation, one.name, one.shape) for one in found.kept]
    [('np.tanh', 'the result', (1000,))]
    """
    check_function("memory", fun, "memory(f, x), not memory(f(x))")
    run = fun if hasattr(fun, "transform") else value_and_grad(fun)
    keeper = Keeper()
    with watching(keeper):
        run(*args, **kwargs)
    kept, own = keeper.at_peak()
    return Memory(label(fun), kept, own)
