"""A traced value has NumPy's dtype, and a gradient that of its argument."""

import importlib
import operator
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fgrad
from fgrad import vjp
from fgrad._engine.box import primal
from fgrad._engine.dispatch import lift
from fgrad._engine.signatures import function_name
from fgrad._tree import flatten
from fgrad.testing import fixed
from tests import samples
from tests.samples import SAMPLES, Sample

samples.load()

REAL = (np.float16, np.float32, np.float64, np.longdouble)
COMPLEX = (np.complex64, np.complex128)

FUNCTIONS = sorted(
    # SciPy computes float16 and long double in another precision: its linear algebra by
    # LAPACK, its distributions in float64.
    (
        f
        for f in SAMPLES
        if SAMPLES[f]
        and "scipy.linalg" not in (getattr(f, "__module__", None) or "")
        and not SAMPLES[f][0].file.startswith("scipy.stats")
    ),
    key=function_name,
)


def converted(leaf: Any, dtype: Any) -> Any:
    """A leaf in another precision; Python's numbers stay weak."""
    if type(leaf) is fixed:
        return fixed(converted(leaf.value, dtype))
    array = np.asarray(leaf)
    if array.dtype.kind not in "fc" or type(leaf) in (float, complex):
        return leaf
    if array.dtype.kind == "c" and np.dtype(dtype).kind == "f":
        dtype = np.result_type(dtype, np.complex64)
    return array.astype(dtype)[()]


def check(call: Sample, dtype: Any) -> None:
    """One call in one precision, unless NumPy does not have it."""
    call = call.converted(lambda leaf: converted(leaf, dtype))
    plain, primals = call.function(plain=True)
    try:
        expected = plain(*primals)
    except (TypeError, ValueError):
        return  # LAPACK has no float16, ordering and rounding no complex version
    out, pullback = vjp(call.function()[0], *primals)
    for ours, theirs in zip(out, expected, strict=True):
        if call.fun is not np.polydiv:  # NumPy drops zeros of a remainder by rounding
            assert np.shape(ours) == np.shape(theirs), dtype
        assert np.asarray(ours).dtype == np.asarray(theirs).dtype, dtype
    ws = [np.ones_like(y) for y in out]
    for x, c in zip(primals, pullback(ws), strict=True):
        assert (c.shape, c.dtype) == (np.shape(x), np.asarray(x).dtype), dtype


@pytest.mark.parametrize("fun", FUNCTIONS, ids=function_name)
def test_precision(fun: Any) -> None:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for call in SAMPLES[fun]:
            for dtype in REAL if call.real_only else (*REAL, *COMPLEX):
                check(call, dtype)


# Python's numbers are weak ------------------------------------------------------------

OPERATORS = (
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.pow),
    *(operator.mod, operator.floordiv, divmod),
)
UFUNCS = (
    *(np.add, np.subtract, np.multiply, np.divide, np.power, np.remainder, np.fmod),
    *(np.maximum, np.minimum, np.fmax, np.fmin, np.hypot, np.arctan2, np.logaddexp),
    *(np.copysign, np.logaddexp2, np.float_power, np.heaviside),
)
MULTIPLY = np.multiply  # of fgrad.numpy it is a function, without methods
FUNCTIONS_OF_TWO = {
    "where": lambda np, a, b: np.where(True, a, b),
    "clip": lambda np, a, b: np.clip(a, b, 3.0),
    "dot": lambda np, a, b: np.dot(a, b),
    "multiply.outer": lambda _, a, b: MULTIPLY.outer(a, b),
    "full_like": lambda np, a, b: np.full_like(a, b),
    "nan_to_num": lambda np, a, b: np.nan_to_num(a, nan=b),
    "linspace": lambda np, a, b: np.linspace(a, b, 3),
    "stack": lambda np, a, b: np.stack(np.broadcast_arrays(a, b)),
    "interp": lambda np, a, b: np.interp(a, [0.0, 3.0], [b, 1.0]),
    "tensordot": lambda np, a, b: np.tensordot(a, b, 0),
    "append": lambda np, a, b: np.append(a, b),
    "sum initial": lambda np, a, b: np.sum(a, initial=b),
    "isclose": lambda np, a, b: np.isclose(a, b),
    "trapezoid": lambda np, a, b: np.trapezoid(np.atleast_1d(a), dx=b),
    "polyval": lambda np, a, b: np.polyval([1.0, 2.0], a) * b,
}
OTHERS = (
    *(kind(1.5) for kind in REAL),
    *(np.full(2, 1.5, kind) for kind in REAL),
    *(np.full((), 1.5, kind) for kind in REAL),
    *(np.full(2, 1.5 + 1j, kind) for kind in COMPLEX),
    2,
    np.arange(1, 3, dtype=np.int8),
    np.array([True, False]),
    1.5,
)


def dtypes(value: Any) -> list[Any]:
    return [np.asarray(primal(part)).dtype for part in flatten(value)[0]]


def both_ways(fun: Callable[..., Any], other: Any, scalar: Any) -> None:
    """Traced and plain have the same dtype, whichever of the two is traced."""
    for a, b in ((scalar, other), (other, scalar)):
        try:
            with np.errstate(all="ignore"):
                plain = fun(a, b)
        except TypeError:
            continue
        for traced in ((a,), (b,), (a, b)):
            if any(np.asarray(t).dtype.kind not in "fc" for t in traced):
                continue

            def run(*boxes: Any, a: Any = a, b: Any = b, traced: Any = traced) -> Any:
                left = boxes[0] if traced[0] is a else a
                right = boxes[-1] if traced[-1] is b else b
                with np.errstate(all="ignore"):
                    found = fun(left, right)
                assert dtypes(found) == dtypes(plain), (type(a), type(b), len(boxes))
                return 0.0

            vjp(run, *traced)


@pytest.mark.parametrize("scalar", [0.5, 0.5 + 1j])
@pytest.mark.parametrize("fun", OPERATORS)
def test_weak_operators(fun: Any, scalar: Any) -> None:
    for other in OTHERS:
        both_ways(fun, other, scalar)


@pytest.mark.parametrize("fun", UFUNCS)
def test_weak_ufuncs(fun: Any) -> None:
    for other in OTHERS:
        both_ways(fun, other, 0.5)
        both_ways(lift(fun), other, 0.5)


@pytest.mark.parametrize("name", FUNCTIONS_OF_TWO)
def test_weak_functions(name: str) -> None:
    fun = FUNCTIONS_OF_TWO[name]
    namespace = importlib.import_module("fgrad.numpy")
    for other in OTHERS:
        try:
            both_ways(lambda a, b: fun(namespace, a, b), other, 0.5)
        except ValueError:
            continue  # shapes that do not go together


@pytest.mark.parametrize(
    "fun",
    [
        *(np.max, np.min, np.ptp, np.prod, np.sum, np.mean, np.median, np.std, np.var),
        *(np.cumprod, np.cumsum, np.nanmax, np.nanmean, np.nanmedian, np.linalg.norm),
        *(np.multiply.reduce, np.maximum.reduce, np.logaddexp.reduce, np.fmax.reduce),
        *(np.atleast_1d, np.ravel, np.squeeze, np.sort_complex, np.diff),
        lambda x: np.quantile(x, 0.5),
        lambda x: np.histogram(x)[1],
    ],
)
def test_python_numbers_are_arrays(fun: Any) -> None:
    """A function of a Python float has the derivative of an array of shape ()."""
    try:
        plain = fun(1.5)
    except (ValueError, IndexError) as error:
        with pytest.raises(type(error)):
            vjp(fun, 1.5)
        return
    out, pullback = vjp(fun, 1.5)
    np.testing.assert_array_equal(out, plain)
    want = vjp(fun, np.array(1.5))[1](np.ones_like(plain))
    np.testing.assert_array_equal(pullback(np.ones_like(plain)), want)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble])
def test_rules_get_cotangents_in_the_precision_of_their_results(dtype: Any) -> None:
    seen: list[Any] = []

    @fgrad.primitive
    def twice(x: Any) -> Any:
        return x + x

    def rule(g: Any) -> Any:
        seen.append(g.dtype)
        return 2 * g

    fgrad.defvjp(twice, x=rule)
    x = dtype(0.5)
    assert fgrad.grad(twice)(x).dtype == dtype
    assert fgrad.value_and_grad(twice)(x)[1].dtype == dtype
    fgrad.jacobian(twice)(np.full(2, x))
    fgrad.hessian(lambda x: twice(x) * x)(x)
    assert {*seen} == {np.dtype(dtype)}
