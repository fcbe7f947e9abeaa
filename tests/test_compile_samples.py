"""Compiled derivatives of all functions, compared bit for bit, also far away."""

import warnings
from functools import partial

import numpy as np
import pytest

from fgrad import compile, vjp, vmap  # noqa: A004 (its name)
from fgrad._tree import tree_map
from tests import samples
from tests.samples import SAMPLES
from tests.test_compile import programs, same

samples.load()

CALLS = [
    (call, batched)
    for k, calls in enumerate(SAMPLES.values())
    for i, call in enumerate(calls)
    if call.rich
    for batched in (False, True)
    if (i == 0 and k % 2 == 0 if batched else i % 2 == 0)
]
"""Every second call of all forms; of some functions, also several examples at once."""

COMPILED = {True: 0, False: 0}


def pulled(fun, *primals):
    """Value and derivative of a sample."""
    out, pullback = vjp(fun, *primals)
    return out, pullback(tree_map(lambda x: np.ones_like(x), out))


def moved(x, rng, far):
    """A point beside a point, or one far from it."""
    x = np.asarray(x)
    step = rng.standard_normal(x.shape) * (0.7 if far else 0.02)
    return (x * (1 + step)).astype(x.dtype)[()] if x.dtype.kind in "fc" else x[()]


def outcome(fun, args):
    """The result, or the class of the exception."""
    try:
        return fun(*args)
    except Exception as error:  # noqa: BLE001 (any)
        return type(error)


@pytest.mark.parametrize("kind", ["plain", "single", "batched"])
@pytest.mark.parametrize("part", range(8))
def test_same_bits(part, kind):
    rng = np.random.default_rng(part)
    for call, batched in CALLS[part::8]:
        if (kind == "batched") != batched:
            continue
        if kind == "single" and (call.double_only or rng.random() > 0.25):
            continue
        fun, primals = call.function()
        fun = partial(pulled, fun)
        if kind == "single":
            primals = [tree_map(as_single, x) for x in primals]
        if batched:
            primals = [np.stack([moved(x, rng, False) for _ in "ab"]) for x in primals]
            fun = vmap(fun)
        compiled = compile(fun)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for i in range(4):
                here = [moved(x, rng, i == 3) for x in primals] if i else primals
                expected, found = outcome(fun, here), outcome(compiled, here)
                assert same(expected, found), (call, here)
        COMPILED[bool(programs(compiled))] += 1


def as_single(x):
    x = np.asarray(x)
    return x.astype("f4")[()] if x.dtype == float else x[()]


def test_most_are_compiled():
    assert COMPILED[True] >= 0.95 * sum(COMPILED.values()) > 0
