"""Calls on which the rules are tested: one file per rule table.

``sample(np.sum, real(3, 4), axis=0)`` is one call of ``np.sum``. All its float
arguments are differentiated, except those in ``fixed(...)``. Every sample also runs in
float32, and in complex128 where NumPy accepts it, unless it says ``_real_only``.
"""

import os
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fgrad.testing import fixed

__all__ = ["SAMPLES", "Sample", "cplx", "fixed", "real", "sample", "spread"]


SEED = int(os.environ.get("FGRAD_SEED", "0"))
"""Another seed draws other numbers for all samples."""


@dataclass
class Sample:
    """One call, and what is special about it."""

    fun: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    real_only: str = ""
    """Why this call is not tested with complex arguments."""
    order: int = 2
    """Up to which derivative the function is smooth here."""
    single_rtol: float = 2e-3
    """How well the float32 gradient must agree with the float64 one."""


SAMPLES: dict[Callable[..., Any], list[Sample]] = defaultdict(list)


def sample(
    fun: Callable[..., Any],
    *args: Any,
    _real_only: str = "",
    _order: int = 2,
    **kwargs: Any,
) -> None:
    """Add a call of `fun` to the tests."""
    SAMPLES[fun].append(Sample(fun, args, kwargs, _real_only, _order))


_count: Counter[str] = Counter()


def _generator() -> np.random.Generator:
    """A generator for the next array of a sample file: no file disturbs another."""
    name = sys._getframe(2).f_globals["__name__"]
    _count[name] += 1
    return np.random.default_rng([SEED, zlib.crc32(name.encode()), _count[name]])


def real(*shape: int, low: float = -2.0, high: float = 2.0) -> Any:
    """Reproducible random numbers; without a shape, a scalar."""
    return _generator().uniform(low, high, shape)[()]


def positive(*shape: int) -> Any:
    """Between 0.5 and 2."""
    return _generator().uniform(0.5, 2.0, shape)[()]


def cplx(*shape: int) -> Any:
    """Complex numbers."""
    rng = _generator()
    return (rng.uniform(-2, 2, shape) + 1j * rng.uniform(-2, 2, shape))[()]


def spread(*shape: int) -> Any:
    """Numbers that differ by at least 0.1 from each other and from integers / 2.

    Kinks and ties are further away than the stencil reaches.
    """
    count = int(np.prod(shape))
    values = (np.arange(count) - count // 2) * 0.5 + 0.23
    return _generator().permutation(values).reshape(shape)[()]
