"""Calls on which the rules are tested: one file for the rule files of that name.

``sample(np.sum, real(3, 4), axis=0)`` is one call of ``np.sum``. All its float
arguments are differentiated, except those in ``fixed(...)``. Every sample also runs in
float32, and in complex128 where NumPy accepts it, unless it says ``_real_only``.
"""

import importlib
import os
import pkgutil
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from fgrad._engine.dispatch import lift
from fgrad._engine.rules import RULES
from fgrad._engine.signatures import function_name
from fgrad._tree import flatten, tree_map
from fgrad.testing import fixed
from fgrad.testing._rule import flat_call
from fgrad.testing._variants import KINDS

__all__ = [
    "FITTED",
    "SAMPLES",
    "Sample",
    "cplx",
    "fixed",
    "load",
    "positive",
    "real",
    "regular",
    "sample",
    "spread",
]


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
    double_only: str = ""
    """Why this call is not tested in float32."""
    keeps: dict[str, str] = field(default_factory=dict[str, str])
    """What `check_rule` may not vary in this call, and why."""
    file: str = ""
    """The sample file in which it stands: ``scipy.linalg``."""
    rich: bool = False
    """Whether it is the one call of its form that all tests see."""

    def function(
        self, *, plain: bool = False
    ) -> tuple[Callable[..., list[Any]], list[Any]]:
        """The call as a function of its moving arguments, and their values.

        The function returns the leaves of the result. If `plain`, it calls NumPy's
        function; otherwise, it calls that of ``fgrad.numpy``.
        """
        fun = self.fun if plain else lift(self.fun)
        call, primals, _ = flat_call(self.args, self.kwargs)
        return partial(call, fun), primals

    @property
    def varies(self) -> list[str]:
        """The kinds of variants that are calls of this function, too."""
        kept = {*self.keeps}
        kept |= {"complex"} if self.real_only else set()
        kept |= {"float32"} if self.double_only else set()
        return [kind for kind in KINDS if kind not in kept]

    @property
    def form(self) -> Any:
        """All that decides which way the call takes through a rule, but numbers.

        Two calls of the same form differ in shapes and numbers only.
        """
        leaves, structure = flatten((self.args, self.kwargs))
        return self.fun, repr(structure), tuple(map(_form, leaves))

    def converted(self, convert: Callable[[Any], Any]) -> "Sample":
        """The same call, where `convert` has changed each leaf of the arguments."""
        args, kwargs = tree_map(convert, (self.args, self.kwargs))
        return replace(self, args=args, kwargs=kwargs)


def _form(leaf: Any) -> Any:
    """An option as it is, or what kind of number a leaf is."""
    value = leaf.value if type(leaf) is fixed else leaf
    if value is None or isinstance(value, str | bool | slice):
        return repr(value)
    return type(leaf) is fixed, np.asarray(value).dtype.kind


def _richest(calls: Iterable[Sample]) -> list[Sample]:
    """One call of each form: the one with most axes, and then most entries."""
    chosen: dict[Any, Sample] = {}

    def wealth(call: Sample) -> tuple[int, int, int]:
        _, primals = call.function()
        return call.order, sum(map(np.ndim, primals)), sum(map(np.size, primals))

    for call in calls:
        if call.form not in chosen or wealth(call) > wealth(chosen[call.form]):
            chosen[call.form] = call
    return list(chosen.values())


SAMPLES: dict[Callable[..., Any], list[Sample]] = defaultdict(list)


def sample(
    fun: Callable[..., Any],
    *args: Any,
    _real_only: str = "",
    _double_only: str = "",
    _order: int = 2,
    _keeps: dict[str, str] | None = None,
    **kwargs: Any,
) -> None:
    """Add a call of `fun` to the tests."""
    file = _calling_file().removeprefix(f"{__name__}.")
    call = Sample(fun, args, kwargs, _real_only, _order, file=file)
    keeps = _kept(fun) | (_keeps or {})
    SAMPLES[fun].append(replace(call, double_only=_double_only, keeps=keeps))


OWN_CALLS = {"options": "only functions of fgrad call it, in the way that samples do"}
FITTED = OWN_CALLS | dict.fromkeys(
    ("number", "length 1", "axes", "size 0"),
    "the functions that call it have made arguments that fit together",
)
"""What an operation within fgrad may take for granted, unless it broadcasts."""


NO_MATRIX = {"number": "SciPy takes a number for a matrix with one row, fgrad does not"}


def _kept(fun: Callable[..., Any]) -> dict[str, str]:
    """What no call of a function may vary."""
    if function_name(fun).startswith("scipy.linalg."):
        return NO_MATRIX
    within = (getattr(fun, "__module__", None) or "").startswith("fgrad.")
    rule = RULES.get(fun) if within else None
    if rule is None:
        return {}
    return OWN_CALLS if rule.broadcasts else FITTED


def load() -> None:
    """Import all sample files: then `SAMPLES` is complete."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)
    for call in _richest(call for calls in SAMPLES.values() for call in calls):
        call.rich = True


def _calling_file() -> str:
    """The module outside of this one that is running."""
    frame = sys._getframe(1)
    while frame.f_globals["__name__"] == __name__ and frame.f_back:
        frame = frame.f_back
    return frame.f_globals["__name__"]


_count: Counter[str] = Counter()


def _generator() -> np.random.Generator:
    """A generator for the next array of a sample file: no file disturbs another."""
    name = _calling_file()
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


def regular(*shape: int) -> Any:
    """Well-conditioned matrices with a spectrum that is spread out."""
    n, m = shape[-2:]
    return 0.25 * real(*shape) + (1.5 + 1.5 * np.arange(n))[:, None] * np.eye(n, m)
