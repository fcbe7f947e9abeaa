"""Gradients over SciPy's surface: fgrad and its peers on the same calls.

As `benchmarks.surface`, for the calls of ``tests/samples/scipy`` whose functions are
public, and for `logpdf` and `cdf` of the continuous distributions.

    python -m benchmarks.scipy_surface [candidate ...]
"""

import importlib
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.stats

from benchmarks.surface import CANDIDATES, Case, measure, report
from tests import samples
from tests.samples import SAMPLES
from tests.test_scipy_stats import CONTINUOUS, QUADRATURE, SHAPES

SPACES = ("special", "linalg", "stats")


def found(space: str, name: str) -> Callable[[Any], Any]:
    """The function in the SciPy of whoever has this namespace for NumPy."""

    def fun(namespace: Any) -> Any:
        package = "" if namespace is np else namespace.__name__.rpartition(".")[0]
        module = f"{package}.scipy.{space}".removeprefix(".")
        thing = importlib.import_module(module)
        for part in name.split("."):
            thing = getattr(thing, part)
        return thing

    return fun


def cases() -> Iterator[tuple[str, Case]]:
    """All calls, module by module."""
    samples.load()
    for space in SPACES:
        module = importlib.import_module(f"scipy.{space}")
        names = {
            getattr(module, name): name
            for name in sorted(module.__all__)
            if callable(getattr(module, name)) and getattr(module, name).__hash__
        }
        for theirs, name in names.items():
            for call in SAMPLES.get(theirs, []):
                if call.order:
                    yield space, Case(name, found(space, name), call.args, call.kwargs)
    for name in CONTINUOUS:
        shapes = SHAPES.get(name, ())
        x = getattr(scipy.stats, name).ppf(np.array([0.2, 0.7]), *shapes)
        for method in ("logpdf",) if name in QUADRATURE else ("logpdf", "cdf"):
            given = (x, *shapes, 0.0, 1.0)
            fun = found("stats", f"{name}.{method}")
            yield "distributions", Case(f"{name}.{method}", fun, given, {})


def main() -> None:
    """Print a table for each module."""
    chosen = [name for name in sys.argv[1:] if name in CANDIDATES]
    by_space: dict[str, list[Case]] = defaultdict(list)
    for space, case in cases():
        by_space[space].append(case)
    for space, given in by_space.items():
        by_candidate = measure(chosen or ["fgrad", "autograd", "jax"], given)
        print(f"\n{space}\n\n{report(by_candidate)}")
        for name, by_name in by_candidate.items():
            wrong = [n for n, c in by_name.items() if any("wrong" in m for m in c)]
            print(f"{name}, silently wrong: {', '.join(sorted(wrong)) or 'none'}")


if __name__ == "__main__":
    main()
