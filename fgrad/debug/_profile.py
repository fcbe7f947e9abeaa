"""Where the time of a derivative goes, and its memory: `profile`."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager
from threading import local
from time import perf_counter
from typing import Any

from typing_extensions import override

from fgrad._transforms._values import check_function, label
from fgrad._transforms.compile import Compiled
from fgrad._words.callsite import Site, caller, line, short
from fgrad.debug._compiled import costs_of_program
from fgrad.debug._cost import Cost
from fgrad.debug._kept import Keeper
from fgrad.debug._report import Report, source_of
from fgrad.debug._table import Table, size, time
from fgrad.debug._watching import Operation, Pulling, watching

__all__ = ["Profile", "profile"]


class Profile(Report):
    """What `profile` returns: costs of all lines, and of all primitives."""

    def __init__(
        self, name: str, seconds: float, lines: list[Cost], primitives: list[Cost]
    ) -> None:
        self.name = name
        self.seconds = seconds
        """How long it all took."""
        self.lines = tuple(lines)
        """The cost of each line, the most expensive one first."""
        self.primitives = tuple(primitives)
        """The same, by primitive."""

    @property
    def heading(self) -> str:
        """What was measured, and the sums."""
        forward = sum(cost.forward for cost in self.lines)
        replay = sum(cost.replay for cost in self.lines)
        return (
            f"profile of {self.name}: {time(self.seconds)}, of which {time(forward)} "
            f"in operations, {time(replay)} in their pullbacks; "
            f"{size(sum(cost.bytes for cost in self.lines))} kept"
        )

    @property
    def tables(self) -> list[Table]:
        """The tables of the report."""
        return [
            _table("by line", "line", self.lines),
            _table("by primitive", "primitive", self.primitives),
        ]


class CompiledProfile(Profile):
    """What `profile` returns of a compiled function."""

    @property
    @override
    def heading(self) -> str:
        """What was measured, and the sums."""
        spent = sum(cost.forward for cost in self.lines)
        return (
            f"profile of {self.name}: {time(self.seconds)}, of which {time(spent)} in "
            f"operations; {size(sum(cost.bytes for cost in self.lines))} made"
        )

    @property
    @override
    def tables(self) -> list[Table]:
        """The tables of the report."""
        return [
            _short_table("by line", "line", self.lines),
            _short_table("by primitive", "primitive", self.primitives),
        ]


def _short_table(title: str, what: str, costs: tuple[Cost, ...]) -> Table:
    rows = [
        (c.name, time(c.forward), size(c.bytes), str(c.calls), c.source) for c in costs
    ]
    return Table(title, (f"<{what}", "time", "memory", "calls", "<"), rows)


def _table(title: str, what: str, costs: tuple[Cost, ...]) -> Table:
    rows = [
        (
            cost.name,
            time(cost.forward + cost.replay),
            time(cost.forward),
            time(cost.replay),
            size(cost.bytes),
            str(cost.calls),
            cost.source,
        )
        for cost in costs
    ]
    numbers = ("time", "forward", "replay", "kept", "calls")
    return Table(title, (f"<{what}", *numbers, "<"), rows)


class Profiler(Keeper):
    """Measures each operation and each pullback, with all that runs inside it."""

    def __init__(self) -> None:
        super().__init__()
        self.costs: dict[tuple[Site, str], Cost] = {}
        self._inside = local()

    def cost(self, site: Site, operation: str) -> Cost:
        """What is known of an operation at a line."""
        found = self.costs.get((site, operation))
        if found is None:
            found = self.costs[site, operation] = Cost(operation)
        return found

    @contextmanager
    def _measured(self, cost: Cost, phase: str) -> Generator[bool]:
        """Add a time, unless it is inside of something that is being measured."""
        if getattr(self._inside, "busy", False):
            yield False
            return
        self._inside.busy, start = True, perf_counter()
        try:
            yield True
        finally:
            self._inside.busy = False
            spent = perf_counter() - start
            setattr(cost, phase, getattr(cost, phase) + spent)

    @override
    def computed(self, operation: Operation, compute: Callable[[], Any]) -> Any:
        cost = self.cost(caller(), operation.name)
        with self._measured(cost, "forward") as outermost:
            cost.calls += outermost
            return compute()

    @override
    def recorded(self, operation: Operation, record: Callable[[], Any]) -> Any:
        cost = self.cost(caller(), operation.name)
        with self._measured(cost, "forward"):
            return record()

    @override
    def pulled(self, pulling: Pulling, g: Any, *residuals: Any) -> Any:
        cost = self.cost(pulling.site, pulling.rule.name)
        with self._measured(cost, "replay"):
            return pulling.pullback.fun(g, *residuals)


def _sums(
    costs: dict[tuple[Site, str], Cost], key: Callable[[Site, str], Hashable]
) -> list[Cost]:
    """The costs that have the same key, as one; the most expensive ones first."""
    sums: dict[Hashable, Cost] = {}
    for (site, operation), cost in costs.items():
        total = sums.get(key(site, operation))
        if total is None:
            by_line = key(site, operation) != operation
            name = short(site) if by_line else operation
            total = Cost(name, source_of(site) if by_line else "")
            sums[key(site, operation)] = total
        total.calls += cost.calls
        total.forward += cost.forward
        total.replay += cost.replay
        total.bytes += cost.bytes
    shown = [c for c in sums.values() if c.calls or c.replay or c.bytes]
    return sorted(shown, key=lambda cost: -(cost.forward + cost.replay))


def profile(fun: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Profile:
    """Where the time of a derivative goes, and its memory, by line and by primitive.

    Parameters
    ----------
    fun : callable
        A transform of a function, such as ``grad(f)``, or what `fgrad.compile` has
        returned: then the lines of its program are measured, all as ``forward``, and
        ``bytes`` is the memory that they get, also what the program keeps.
    *args, **kwargs : tree
        The arguments of `fun`. It is called twice: the first call loads what is loaded
        on first need, and is not measured.

    Returns
    -------
    Profile
        A report: ``print`` it, end a cell of a notebook with it, or ``save`` it as
        ``.html`` or ``.txt``. Its attributes ``lines`` and ``primitives`` have, for
        each, the number of calls, the seconds in ``forward`` and in ``replay``, and the
        ``bytes`` that were kept for replay. ``seconds`` is the whole time.

    Raises
    ------
    TypeError
        If `fun` is no function, or if nothing in it was traced.

    Notes
    -----
    The clock makes each operation some microseconds slower. What is outside of all
    operations is in ``seconds`` alone: Python, and sums of cotangents. In a second
    derivative, what the inner replay computes counts as replay of the first one.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import grad
    >>> from fgrad.debug import profile
    >>> found = profile(grad(lambda x: np.sum(np.tanh(x * 2.0))), np.ones(1000))
    >>> sorted((cost.name, cost.calls, cost.bytes) for cost in found.primitives)
    [('np.multiply', 1, 0), ('np.sum', 1, 0), ('np.tanh', 1, 8000)]
    """
    check_function("profile", fun, "profile(grad(f), x), not profile(grad(f)(x))")
    name = label(fun)
    if isinstance(fun, Compiled):
        seconds, costs = costs_of_program(fun, args, kwargs)
        return _profile(name, seconds, costs, CompiledProfile)
    fun(*args, **kwargs)
    profiler = Profiler()
    start = perf_counter()
    with watching(profiler):
        fun(*args, **kwargs)
    seconds = perf_counter() - start
    if not profiler.costs:
        raise TypeError(
            f"profile saw no operation of a derivative: give it a transform of {name}, "
            f"as in profile(grad({name}), x)."
        )
    for ref, kept in profiler.all:
        if ref() is None:  # else it is the program's own
            profiler.cost(kept.site, kept.operation).bytes += kept.bytes
    return _profile(name, seconds, profiler.costs, Profile)


def _profile(
    name: str,
    seconds: float,
    costs: dict[tuple[Site, str], Cost],
    kind: type[Profile],
) -> Profile:
    """The report on costs by site and operation."""
    lines = _sums(costs, lambda site, _: (site[0].co_filename, line(site)))
    return kind(name, seconds, lines, _sums(costs, lambda _, name: name))
