"""What `vmap` called for one example after the other: `loops`."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from fgrad.batching.loops import LOOPS, Loop

__all__ = ["loops"]


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
