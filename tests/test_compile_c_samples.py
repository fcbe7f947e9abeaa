"""Derivatives of all rules with `backend="c"`, against the functions as they are.

A test compiles many samples as one program, since each file of C takes the compiler a
third of a second. All samples, each in a program of its own:

    python -m tests.test_compile_c_samples
"""

import warnings
from functools import partial

import numpy as np
import pytest

import fgrad.debug
from fgrad import compile  # noqa: A004 (its name)
from fgrad._program.native.function import Native
from fgrad._tree import flatten, tree_map
from tests import samples
from tests.samples import SAMPLES
from tests.test_compile import programs
from tests.test_compile_c import folder, in_c  # noqa: F401 (a fixture)
from tests.test_compile_samples import as_single, moved, outcome, pulled

samples.load()

CALLS = [call for calls in SAMPLES.values() for call in calls if call.rich]


def near(found, expected):
    """Whether results are the same up to rounding, relative to the largest entry.

    Functions that cancel magnify the rounding of what they are given.
    """
    (a, tree), (b, other) = flatten(found), flatten(expected)
    if tree != other:
        return False
    for x, y in zip(a, b, strict=True):
        x, y = np.asarray(x), np.asarray(y)
        if x.shape != y.shape or x.dtype != y.dtype:
            return False
        tol = 1e4 * np.finfo(x.dtype).eps if x.dtype.kind in "fc" else 0
        size = np.max(np.abs(y), initial=1.0, where=np.isfinite(y))
        if not np.allclose(x, y, tol, tol * size, equal_nan=True):
            return False
    return True


def answers(fun, primals, nearby):
    """Whether a sample becomes a program, which answers also at a point beside it."""
    compiled = compile(fun)
    with fgrad.debug.eager() as found:
        for args in (primals, primals, nearby):
            if isinstance(outcome(compiled, args), type):
                return False
    return bool(programs(compiled)) and not found


def chosen(part, single, rng):
    """A few samples that can be programs, with arguments and others beside them."""
    found = []
    for call in CALLS[part :: 64 if single else 32]:
        if single and call.double_only:
            continue
        fun, primals = call.function()
        fun = partial(pulled, fun)
        primals = [tree_map(as_single, x) for x in primals] if single else primals
        nearby = [moved(x, rng, False) for x in primals]
        if answers(fun, primals, nearby):
            found.append((call, fun, primals, nearby))
    return found


@pytest.mark.parametrize(("part", "single"), [(6, False), (6, True)])
@in_c
def test_samples(part, single):
    rng = np.random.default_rng(part)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = chosen(part, single, rng)

    def all_of_them(*given):
        return [fun(*args) for (_, fun, *_), args in zip(found, given, strict=True)]

    compiled = compile(all_of_them, backend="c")
    calls, _, given, nearby = zip(*found, strict=True)
    with fgrad.debug.eager() as ran:
        for args in (given, given, nearby):
            results, expected = compiled(*args), all_of_them(*args)
            for call, out, wanted in zip(calls, results, expected, strict=True):
                assert near(out, wanted), call
    assert not ran
    (program,) = programs(compiled)
    assert any(isinstance(call.fun, Native) for call in program.program.calls)


def main():
    """Compare all samples, in double and in single precision."""
    wrong = 0
    for n, call in enumerate(c for calls in SAMPLES.values() for c in calls):
        rng = np.random.default_rng(n)
        for single in (False, True):
            if single and call.double_only:
                continue
            fun, primals = call.function()
            fun = partial(pulled, fun)
            primals = [tree_map(as_single, x) for x in primals] if single else primals
            compiled = compile(fun, backend="c")
            for i in range(4):
                here = [moved(x, rng, i == 3) for x in primals] if i else primals
                expected, found = outcome(fun, here), outcome(compiled, here)
                failed = isinstance(expected, type) or isinstance(found, type)
                if not (expected is found if failed else near(found, expected)):
                    wrong += 1
                    print(f"{call}, at {here}: {found}, not {expected}")
        if n % 100 == 0:
            print(f"{n} samples, {wrong} wrong", flush=True)


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        main()
