"""What `fgrad.compile` has made of a function, and where the function ran as it is."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from fgrad._program.eager import EAGER, Eager
from fgrad._program.source import Source
from fgrad._program.variant import Variant
from fgrad._transforms._values import label
from fgrad._transforms.compile import Compiled
from fgrad._words.callsite import Site
from fgrad.debug._cost import Cost

__all__ = ["costs_of_program", "eager", "source"]

Number = tuple[int, int | None]
"""A line of a program, and a line of a loop in it."""

ROUNDS = 5
"""How often a program runs so that the least time of each line is known."""


def programs(compiled: Any) -> list[Variant]:
    """The programs of a compiled function, each once."""
    if not isinstance(compiled, Compiled):
        raise TypeError(
            f"source needs what fgrad.compile has returned, but got {compiled!r}."
        )
    return compiled.variants.programs()


def source(compiled: Callable[..., Any]) -> str:
    """The programs of a compiled function as text, with your lines as comments.

    Parameters
    ----------
    compiled : callable
        What `fgrad.compile` has returned, after a call.

    Returns
    -------
    str
        A file of Python that runs. Each ``program_1``, ``program_2`` takes the leaves
        of the arguments, and returns a list with the result; or a pair, where a branch
        or an integer is another one; or ``None``, where the function has to run as it
        is.

    Raises
    ------
    TypeError
        If it is something else, or if there is no program yet.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import compile, grad
    >>> from fgrad.debug import source
    >>> slope = compile(grad(lambda x: x * x))
    >>> slope(3.0)
    np.float64(6.0)
    >>> "v2 = v1 + v1" in source(slope)
    True
    """
    found = programs(compiled)
    name = label(getattr(compiled, "fun", compiled))
    if not found:
        raise TypeError(
            f"{name} has no program: it was not called yet, or it runs as it is, and "
            f"fgrad.debug.eager tells why."
        )
    imports = set[str]().union(*(v.source.names.imports() for v in found))
    listings = [v.source.listing(i) for i, v in enumerate(found, 1)]
    packed = any("base64." in text for text in listings)
    head = [
        f"# The programs of {name}.",
        *["import base64", "import zlib", ""] * packed,
        "import numpy as np",
        *sorted(imports),
    ]
    return "\n\n\n".join(["\n".join(head), *listings]) + "\n"


@contextmanager
def eager() -> Generator[Counter[Eager]]:
    """Where compiled functions ran as they are, and why, inside a ``with``.

    That is right, but no faster than without `fgrad.compile`.

    Yields
    ------
    Counter
        By `Eager` (the name of a function, why, and your line), how often. Filled when
        the ``with`` ends; calls of all threads count. Calls that are not worth a word
        are not there: those inside of other transforms, and the first ones.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import compile, debug
    >>> inverse = compile(np.linalg.inv)
    >>> for x in (1.0, 2.0, 3.0):
    ...     y = inverse(np.array([[x]]))
    >>> with debug.eager() as found:
    ...     try:
    ...         inverse(np.zeros((1, 1)))
    ...     except np.linalg.LinAlgError as error:
    ...         print(error)
    Singular matrix
    >>> [(ran.name, count) for ran, count in found.items()]
    [('inv', 1)]
    """
    before = Counter(EAGER)
    found: Counter[Eager] = Counter()
    try:
        yield found
    finally:
        found.update(EAGER - before)


def costs_of_program(
    compiled: Compiled, args: Any, kwargs: Any
) -> tuple[float, dict[tuple[Site, str], Cost]]:
    """The seconds of a compiled call, and the costs of its lines by site and name."""
    for _ in range(3):
        compiled(*args, **kwargs)
    start = perf_counter()
    compiled(*args, **kwargs)
    seconds = perf_counter() - start
    chosen = compiled.variants.chosen(args, kwargs)
    if chosen is None:
        raise TypeError(
            f"{label(compiled.fun)} has no program for these arguments: it runs as it "
            f"is, and fgrad.debug.eager tells why."
        )
    variant, leaves = chosen
    source = variant.source
    ticks: list[tuple[Number, float]] = []
    run = source.timed(lambda number: ticks.append((number, perf_counter())))
    least: dict[Number, float] = {}
    for _ in range(ROUNDS):
        ticks.clear()
        before = perf_counter()
        run(*leaves)
        spent: dict[Number, float] = {}
        for number, now in ticks:
            spent[number] = spent.get(number, 0.0) + now - before
            before = now
        for number, time in spent.items():
            least[number] = min(least.get(number, time), time)
    space = made_by(source, leaves)
    costs: dict[tuple[Site, str], Cost] = {}
    for number, time in least.items():
        found = source.made(number)
        if found is not None:
            site, operation, kept = found
            cost = costs.setdefault((site, operation), Cost(operation))
            cost.calls += 1
            cost.forward += time
            cost.bytes += kept + space.get(number, 0)
    return seconds, costs


def made_by(source: Source, leaves: Any) -> dict[Number, int]:
    """How much memory each line gets, by Python's own book-keeping."""
    found: dict[Number, int] = {}
    before = 0

    def tick(number: Number) -> None:
        nonlocal before
        now = tracemalloc.get_traced_memory()[0]
        if not source.is_loop(number):
            found[number] = max(now - before, 0)
        before = now

    run, running = source.timed(tick), tracemalloc.is_tracing()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        run(*leaves)
    finally:
        if not running:
            tracemalloc.stop()
    return found
