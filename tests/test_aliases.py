"""Which results are views: every function must say what NumPy says.

An argument is changed after a call, and the result shows it or not; or the result is
changed, and the argument shows it. The same is done on traced and on batched arrays.
They may refuse it in words, but never show anything else than plain arrays do.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fgrad
from fgrad._engine.dispatch import lift
from fgrad._tree import flatten, tree_map
from fgrad.errors import FgradError
from fgrad.testing import fixed
from tests.samples import SAMPLES, Sample, load

load()


def places(call: Sample) -> list[int]:
    """The arguments that are arrays with entries."""
    return [i for i, arg in enumerate(call.args) if is_array(arg)]


def is_array(value: Any) -> bool:
    return type(value) is np.ndarray and value.dtype.kind in "fc" and value.size > 0


CASES = [
    pytest.param(call, i, id=getattr(call.fun, "__name__", ""))
    for fun, calls in SAMPLES.items()
    if str(getattr(fun, "__module__", "")).startswith("numpy")
    for call in calls
    for i in places(call)
]


def plain(leaf: Any) -> Any:
    return leaf.value if type(leaf) is fixed else leaf


def program(call: Sample, place: int, of_result: bool) -> Callable[[Any], Any]:
    """Call, change one array, and look at both."""
    args, options = tree_map(plain, (call.args, call.kwargs))

    def run(x: Any) -> Any:
        result = lift(call.fun)(*args[:place], x, *args[place + 1 :], **options)
        changed = [x]
        if of_result:
            changed = [y for y in flatten(result)[0] if np.ndim(y)]
        for array in changed:
            array[...] = np.arange(array.size).reshape(array.shape) + 0.5
        return result, x

    return run


def shown(run: Callable[[Any], Any], x: Any) -> list[Any] | None:
    """All values after the run; ``None`` if it is refused."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return flatten(run(x))[0]
        except FgradError:
            return None
        except (TypeError, ValueError) as error:
            if "read-only" in str(error) or "item assignment" in str(error):
                return None
            raise


@pytest.mark.parametrize("of_result", [False, True])
@pytest.mark.parametrize(("call", "place"), CASES)
def test_views(call: Sample, place: int, of_result: bool) -> None:
    x = np.array(call.args[place], order="K")
    run = program(call, place, of_result)
    want = shown(run, np.array(x, order="K"))
    if want is None:
        return
    traced = shown(lambda x: fgrad.vjp(run, x)[0], x)
    same(traced, want)
    batched = shown(lambda x: fgrad.vmap(run)(np.stack([x, x])), x)
    same(batched and [y[1] for y in batched], want)


def same(got: list[Any] | None, want: list[Any]) -> None:
    if got is not None:
        for y, expected in zip(got, want, strict=True):
            np.testing.assert_allclose(y, expected, rtol=1e-9, atol=1e-9)
