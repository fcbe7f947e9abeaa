"""Every rule on every sample: value, shape, dtype, stencil, both modes and orders."""

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from fgrad._engine.rules import CHANGING, DERIVED, RULES
from fgrad._engine.signatures import function_name
from fgrad._transforms import vjp
from fgrad.testing import check_rule, fixed, hypothesis as fh
from fgrad.testing.hypothesis._forms import FORMS
from tests import samples
from tests.samples import SAMPLES, Sample

samples.load()

_FUNCTIONS = {*(rule.fun for rule in RULES.values() if rule.pullbacks), *DERIVED}


ELSEWHERE = {
    "riccati": "test_scipy_linalg.py",
    "scipy.linalg.solve_continuous_are": "test_scipy_linalg.py",
    "scipy.linalg.solve_discrete_are": "test_scipy_linalg.py",
    "of_degree": "test_polynomial.py",
    "drawn": "test_scipy_stats.py",
}
"""Operations whose arguments must fit together, so that a sample could not vary them:
where they are tested."""


def test_samples() -> None:
    # An operation under the name of a function is tested by calls of that function.
    named = {function_name(fun) for fun in SAMPLES}
    missing = {function_name(fun) for fun in _FUNCTIONS if fun not in SAMPLES} - named
    missing -= {*ELSEWHERE, *map(function_name, CHANGING)}  # in test_assignment
    assert not missing, f"rules without samples: {sorted(missing)}"


def _cases() -> Iterator[Any]:
    for fun, calls in SAMPLES.items():
        for i, call in enumerate(calls):
            yield pytest.param(call, id=f"{function_name(fun)}-{i}")


CASES = list(_cases())


def _converted(call: Sample, kind: str) -> Sample:
    """The call with arguments in float32, or with imaginary parts."""
    rng = np.random.default_rng(7)

    def convert(leaf: Any) -> Any:
        if type(leaf) is fixed:
            return leaf
        array = np.asarray(leaf)
        if kind == "single" and array.dtype.kind in "fc" and type(leaf) is not float:
            return array.astype(
                np.complex64 if array.dtype.kind == "c" else np.float32
            )[()]
        if kind == "complex" and array.dtype == np.float64:
            return (array + 1j * rng.uniform(-0.5, 0.5, array.shape))[()]
        return leaf

    return call.converted(convert)


def complex_call(call: Sample) -> Sample:
    """The call with imaginary parts."""
    return _converted(call, "complex")


@pytest.mark.parametrize("call", CASES)
def test_double(call: Sample) -> None:
    check_rule(call.fun, call.args, call.kwargs, order=call.order)


@pytest.mark.parametrize("call", CASES)
def test_complex_and_single(call: Sample) -> None:
    if not call.real_only:
        check_complex(complex_call(call))
    if not call.double_only:
        check_single(_converted(call, "single"), call)


def check_complex(call: Sample) -> None:
    """The second derivative is checked for one call of each form."""
    fun, primals = call.function(plain=True)
    try:
        fun(*primals)
    except TypeError:
        return  # NumPy has no complex version
    order = call.order if call.rich else min(call.order, 1)
    check_rule(call.fun, call.args, call.kwargs, order=order)


def check_single(single: Sample, double: Sample) -> None:
    """float32 stays float32, and agrees with float64."""
    check_rule(single.fun, single.args, single.kwargs)
    for narrow, wide in zip(_gradients(single), _gradients(double), strict=True):
        scale = np.max(np.abs(wide), initial=1.0)
        atol = single.single_rtol * scale
        np.testing.assert_allclose(narrow, wide, rtol=0, atol=atol)


@pytest.mark.filterwarnings("ignore::fgrad.errors.UndefinedDerivativeWarning")
@pytest.mark.parametrize("call", {c.values[0].fun: c for c in CASES[::-1]}.values())
def test_cotangents_of_others_are_not_written_into(call: Sample) -> None:
    """What a pullback returns may share memory with the cotangent that it got.

    Here that is the gradient of another argument, too; and there is more to be added to
    what the pullback returned, which happens last.
    """
    fun, primals = call.function()

    def floats(*xs: Any) -> list[Any]:
        return [y for y in fun(*xs) if np.result_type(y).kind in "fc"]

    def more(*xs: Any) -> tuple[list[Any], list[Any]]:
        moving, others = xs[: len(primals)], xs[len(primals) :]
        twice = [x * 2 for x in moving]
        ys = floats(*moving)
        return twice, [y + z for y, z in zip(ys, others, strict=True)]

    out, pullback = vjp(floats, *primals)
    gs = [np.array(y) * 0 + 0.5 for y in out]
    ones = [np.ones_like(x) for x in primals]
    zeros = [np.zeros_like(y) for y in out]
    got = vjp(more, *primals, *zeros)[1]((ones, [np.array(g) for g in gs]))
    want = [c + 2 for c in pullback(gs)]
    for c, expected in zip(got, [*want, *gs], strict=True):
        np.testing.assert_allclose(c, expected, rtol=1e-6)


# Calls that no sample has -------------------------------------------------------------

DRAWN = settings(max_examples=6, deadline=None, derandomize=True, database=None)


@pytest.mark.parametrize(
    "fun",
    sorted(FORMS, key=function_name),
    ids=lambda fun: f"{function_name(fun)}-drawn",
)
def test_drawn_calls(fun: Any) -> None:
    """Shapes, axes, options, dtypes and numbers that are drawn."""
    fh.check_rule(fun, settings=DRAWN)


ALL = os.environ.get("FGRAD_VARY") == "all"
"""At night, all forms of SciPy's calls are varied, and not one of each function."""


def _varied() -> Iterator[Any]:
    """Calls from which all others of a function follow."""
    for fun, calls in SAMPLES.items():
        rich = [call for call in calls if call.rich and call.order]
        name = function_name(fun)
        for i, call in enumerate(rich if ALL and "scipy." in name else rich[:1]):
            yield pytest.param(call, id=f"{name}-varied-{i}")


@pytest.mark.filterwarnings("ignore::fgrad.errors.UncheckedDerivativeWarning")
@pytest.mark.filterwarnings("ignore::fgrad.errors.UndefinedDerivativeWarning")
@pytest.mark.parametrize("call", list(_varied()))
def test_variants(call: Sample) -> None:
    """Other axes, options, shapes, signs, sizes, dtypes, memory, and `vmap`."""
    check_rule(call.fun, call.args, call.kwargs, order=1, vary=call.varies)


def _gradients(call: Sample) -> list[Any]:
    """Cotangents of all float arguments for a cotangent of ones."""
    fun, primals = call.function()
    out, pullback = vjp(fun, *primals)
    return list(pullback([np.ones_like(y) for y in out]))
