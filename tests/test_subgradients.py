"""Where the derivative is not unique: one convention for each such point.

A structural zero gives zero, whatever the local derivative.
"""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fgrad
from fgrad import grad, vjp
from fgrad._engine.rules import RULES, composition
from fgrad._engine.signatures import function_name
from fgrad.errors import UndefinedDerivativeWarning
from tests.kinks import ROWS, SMOOTH, Case, Row

INF, NAN = np.inf, np.nan


def cotangents(fun: Callable[..., Any], *args: Any) -> list[Any]:
    """What each argument gets from a cotangent of ones."""
    out, pullback = vjp(fun, *(np.asarray(a, float)[()] for a in args))
    return list(pullback(np.ones_like(out)))


def nth(fun: Callable[[Any], Any], n: int, x: Any) -> Any:
    """The n-th derivative at a scalar."""
    for _ in range(n):
        fun = grad(fun)
    return fun(np.float64(x))


def test_an_initial_value_that_ties_has_a_share():
    for fun, others in ((np.max, [1.0, 3.0]), (np.min, [5.0, 3.0])):
        a, start = fgrad.grad(lambda a, s, f=fun: f(a, initial=s), (0, 1))(
            np.array([*others, 3.0]), 3.0
        )
        np.testing.assert_allclose(a, [0, 1 / 3, 1 / 3], rtol=1e-15)
        assert start == pytest.approx(1 / 3)
    # NumPy casts it before it compares.
    a = np.array([0.1, 0.05], np.float32)
    got = grad(lambda a: np.max(a, initial=np.float64(0.1)))(a)
    assert got.tolist() == [0.5, 0.0]


def test_what_where_leaves_out_has_no_share():
    mask = np.array([True, False, True])
    for fun in (np.max, np.nanmax):
        got = grad(lambda a, f=fun: f(a, where=mask, initial=-9.0))(
            np.array([3.0, 3.0, 1.0])
        )
        assert got.tolist() == [1.0, 0.0, 0.0]
    # The mask leaves out just what is nan.
    a = np.array([[1.0, NAN, 5.0], [2.0, 4.0, 0.5]])
    for fun in (np.nansum, np.nanmean, np.nanprod, np.nanvar, np.nanstd):
        want = grad(lambda a, f=fun: f(a[:, [0, 2]]))(np.nan_to_num(a))
        got = grad(lambda a, f=fun: f(a, where=np.array([True, False, True])))(a)
        np.testing.assert_allclose(got, want, rtol=1e-13)
        got = grad(lambda a, f=fun: f(a, where=~np.isnan(a) & (a != 4)))(a)
        np.testing.assert_allclose(got, want, rtol=1e-13)


# The table ----------------------------------------------------------------------------

CASES = [(row, case) for row in ROWS for case in row.cases]
IDS = [f"{case.rules.split()[0]}-{i}" for i, (_, case) in enumerate(CASES)]


def directional(fun: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The gradient, one direction at a time."""
    return lambda x: np.array(
        [fgrad.jvp(fun, (x,), (d.reshape(x.shape),))[1] for d in np.eye(x.size)]
    )


FIRST = {"grad": grad, "jacfwd": fgrad.jacfwd, "jvp": directional}
SECOND_ORDER = {
    "hessian": fgrad.hessian,
    "jacrev of grad": lambda fun: fgrad.jacrev(grad(fun)),
    "jacfwd of jacfwd": lambda fun: fgrad.jacfwd(fgrad.jacfwd(fun)),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("row", "case"), CASES, ids=IDS)
def test_table(row: Row, case: Case) -> None:
    """All modes have the derivatives of the table; a nan of a finite value is said.

    The value is NumPy's own, to the last bit.
    """
    x = np.array(case.point, float)
    np.testing.assert_array_equal(vjp(case.fun, x[()])[0], case.fun(x[()]))
    for modes, given, said in (
        (FIRST, case.first, np.isfinite(case.fun(x[()]))),
        (SECOND_ORDER, case.second, np.all(np.isfinite(np.array(case.first, float)))),
    ):
        if given is None:
            continue
        shape = x.shape if modes is FIRST else (x.size, x.size)
        want = np.broadcast_to(np.array(given, float), shape)
        finite = np.isfinite(want)
        for name, mode in modes.items():
            with warnings.catch_warnings(record=True) as words:
                warnings.simplefilter("always")
                got = np.reshape(mode(case.fun)(x[()]), shape)
            about = f"{name} of {case.rules} at {row.point}"
            np.testing.assert_array_equal(np.isfinite(got), finite, about)
            np.testing.assert_allclose(
                got[finite], want[finite], 1e-12, 1e-14, err_msg=about
            )
            categories = [word.category for word in words]
            silent = UndefinedDerivativeWarning not in categories
            assert not (said and silent and np.any(np.isnan(got))), about


def test_the_documented_table() -> None:
    page = Path(__file__).parents[1] / "docs" / "how_it_works.md"
    lines = [f"| {row.point} | {row.value} |" for row in ROWS]
    assert "\n".join(lines) in page.read_text(encoding="utf-8")


def test_every_rule_is_in_the_table_or_smooth() -> None:
    composition(np.sin)  # loads the compositions, which have rules of their own, too
    assert fgrad.linalg
    rules = [rule for rule in RULES.values() if rule.pullbacks and not rule.linear]
    own = [rule for rule in rules if all(p.owned for p in rule.pullbacks.values())]
    # The rooms beside NumPy have tables of their own.
    beside = ("fgrad.nn", "fgrad.scipy")
    own = [r for r in own if not getattr(r.fun, "__module__", "").startswith(beside)]
    own = [r for r in own if not r.name.startswith("scipy.")]
    named = {function_name(rule.fun).removeprefix("np.") for rule in own}
    told = {name for _, case in CASES for name in case.rules.split()}
    smooth = SMOOTH.split()
    families = tuple(name.removesuffix("*") for name in smooth if name.endswith("*"))
    left = named - told - {*smooth}
    assert not {name for name in left if not name.startswith(families)}
    assert not told & {*smooth}
    stale = {name for name in smooth if name[-1] != "*"} - named
    assert stale <= {"cumulative_sum"}  # from NumPy 2.1


# More about lengths -------------------------------------------------------------------


@pytest.mark.parametrize("fun", [np.abs, np.fabs, np.sign])
def test_third_derivative_of_the_absolute_value(fun: Any) -> None:
    assert nth(fun, 3, 0.0) == 0


@pytest.mark.parametrize("fun", [np.std, np.nanstd])
@pytest.mark.parametrize("options", [{}, {"where": np.array([True, True, False])}])
def test_deviation_of_a_constant(fun: Any, options: Any) -> None:
    x, t = np.full(3, 2.0), np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(grad(lambda x: fun(x, **options))(x), np.zeros(3))
    assert fgrad.jvp(lambda x: fun(x, **options), (x,), (t,))[1] == 0
    two = np.stack([x, t])
    slopes = fgrad.jacfwd(lambda x: fun(x, axis=1))(two)
    np.testing.assert_allclose(slopes[1, 1], grad(fun)(t), rtol=1e-14)
    np.testing.assert_array_equal(slopes[0], np.zeros((2, 3)))


SECOND = {
    "norm": lambda x: np.linalg.norm(np.stack([x, 2 * x])),
    "hypot": lambda x: np.hypot(x, 2 * x),
    "std": lambda x: np.std(np.stack([x, 3 * x])),
    "complex abs": lambda x: np.abs(x * (1 + 2j)),
}


@pytest.mark.parametrize("name", SECOND)
def test_second_derivative_of_a_length_at_zero(name: str) -> None:
    fun = SECOND[name]
    with pytest.warns(UndefinedDerivativeWarning, match="derivative of"):
        assert not np.isfinite(nth(fun, 2, 0.0))
    exact = fun(1.0) ** 2
    np.testing.assert_allclose(nth(lambda x: fun(x) ** 2, 2, 0.0), 2 * exact)


@pytest.mark.filterwarnings("ignore::fgrad.errors.UndefinedDerivativeWarning")
@pytest.mark.parametrize("number", [float, np.float64])
def test_poles_of_python_numbers(number: Any) -> None:
    """Python's ``0.0**-0.5`` raises; a derivative is NumPy's inf."""
    zero = number(0)
    assert grad(lambda x: x**0.5)(zero) == INF
    assert grad(grad(lambda x: x**1.5))(zero) == INF
    assert fgrad.jvp(grad(lambda x: x**1.5), (zero,), (1.0,))[1] == INF
    assert np.isnan(grad(lambda x: (x**0.5) ** 2)(zero))
    assert fgrad.jvp(lambda x: x**0.5, (zero,), (1.0,))[1] == INF


@pytest.mark.parametrize("fun", [np.logaddexp, np.logaddexp2])
@pytest.mark.parametrize("infinite", [INF, -INF])
def test_logaddexp_of_infinite_numbers(fun: Any, infinite: float) -> None:
    """The ufunc and its reduction agree."""
    x = np.array([infinite, infinite])
    for of_two in (lambda x: fun(x[0], x[1]), fun.reduce):
        np.testing.assert_array_equal(grad(of_two)(x), [0.5, 0.5])
        np.testing.assert_array_equal(fgrad.hessian(of_two)(x), np.zeros((2, 2)))
    masked = grad(lambda x: fun.reduce(x, where=np.array([True, False])))(x)
    np.testing.assert_array_equal(masked, [1, 0])


# Extremes: equal shares on ties -------------------------------------------------------


@pytest.mark.parametrize("fun", [np.maximum, np.minimum, np.fmax, np.fmin])
def test_ties_of_two(fun: Any) -> None:
    assert cotangents(fun, 1.0, 1.0) == [0.5, 0.5]
    assert cotangents(fun, INF, INF) == [0.5, 0.5]
    assert cotangents(lambda x: fun(x, x), 1.0) == [1]
    assert nth(lambda x: fun(x, 0.0), 1, 0.0) == 0.5
    assert nth(lambda x: fun(x, 0.0), 2, 0.0) == 0


@pytest.mark.parametrize("fun", [np.max, np.min])
def test_ties_of_many(fun: Any) -> None:
    np.testing.assert_array_equal(grad(fun)(np.array([2.0, 2.0])), [0.5, 0.5])
    np.testing.assert_array_equal(grad(fun)(np.ones(4)), np.full(4, 0.25))


@pytest.mark.parametrize("fun", [np.fmax, np.fmin])
def test_nan_is_not_taken(fun: Any) -> None:
    first, second = cotangents(fun, [NAN, 1.0], [2.0, NAN])
    np.testing.assert_array_equal(first, [0, 1])
    np.testing.assert_array_equal(second, [1, 0])


def test_shares_of_infinite_terms() -> None:
    for fun in (np.logaddexp, np.logaddexp2):
        assert cotangents(fun, -INF, -INF) == [0.5, 0.5]
        assert cotangents(fun, INF, INF) == [0.5, 0.5]
        assert cotangents(fun, INF, 0.0) == [1, 0]
        assert cotangents(fun, 0.0, -INF) == [1, 0]
        assert nth(lambda x, fun=fun: fun(x, -INF), 2, -INF) == 0


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("fun", [np.median, np.nanmedian])
def test_median_of_nothing(fun: Any) -> None:
    """It is nan, and its gradient has no entries."""
    assert grad(lambda x: np.sum(fun(x, keepdims=True) * x))(np.zeros(0)).shape == (0,)
    assert grad(lambda x: np.sum(fun(x, axis=1)[:0]))(np.zeros((3, 0))).shape == (3, 0)


# clip: 1 on the closed interval -------------------------------------------------------


def test_clip() -> None:
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    dx, low, high = cotangents(np.clip, x, -1.0, 1.0)
    np.testing.assert_array_equal(dx, [0, 1, 1, 1, 0])
    assert (low, high) == (1, 1)
    dx, low = cotangents(lambda x, low: np.clip(x, low, None), x, -1.0)
    np.testing.assert_array_equal(dx, [0, 1, 1, 1, 1])
    assert low == 1


def test_clip_where_the_bounds_cross() -> None:
    dx, low, high = cotangents(np.clip, [-1.0, 0.5, 2.0], 1.0, 0.0)
    np.testing.assert_array_equal(dx, np.zeros(3))
    assert (low, high) == (0, 3)


# Repeated eigenvalues and singular values: finite where the result's derivative exists


@pytest.mark.parametrize(
    "values",
    [
        np.linalg.eigvalsh,
        np.linalg.svdvals,
        lambda a: np.linalg.eigh(a)[0],
        lambda a: np.linalg.svd(a)[1],
        lambda a: np.linalg.svd(a, compute_uv=False),
    ],
)
def test_repeated_values(values: Any) -> None:
    a = 2 * np.eye(3)
    gradient = grad(lambda a: np.sum(values(a) ** 2))(a)
    np.testing.assert_allclose(gradient, 2 * a, atol=1e-14)


# Masked branches: 0, never nan --------------------------------------------------------


@pytest.mark.parametrize("fun", [np.sqrt, np.log, np.reciprocal, lambda x: x**-0.5])
@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.filterwarnings("ignore:invalid value")
def test_masked_pole(fun: Any) -> None:
    x = np.array([0.0, -1.0, 4.0])

    def loss(x: Any) -> Any:
        return np.sum(np.where(x > 0, fun(x), 0.0))

    expected = grad(lambda x: np.sum(fun(x)))(np.array([4.0]))
    np.testing.assert_array_equal(grad(loss)(x), [0, 0, expected[0]])
    second = grad(lambda x: np.sum(grad(loss)(x)))(x)
    assert np.all(np.isfinite(second))
    np.testing.assert_array_equal(second[:2], [0, 0])


@pytest.mark.parametrize(
    "loss",
    [
        lambda w, x, d: np.sum(np.where(np.isnan(d), 0, (d - w * x) ** 2)),
        lambda w, x, d: np.sum(np.where(np.isnan(d), 0, np.abs(d - w * x))),
        lambda w, x, d: np.sum(((d - w * x) ** 2)[~np.isnan(d)]),
        lambda w, x, d: np.sum(np.nan_to_num((d - w * x) ** 2)),
        lambda w, x, d: np.sum(np.where(np.isnan(d), 0, np.exp(d - w * x))),
        lambda w, x, d: np.sum(np.where(np.isnan(d), 0, np.arctan2(d, w * x))),
        lambda w, x, d: np.sum(np.where(np.isnan(d), 0, np.logaddexp(d, w * x))),
        lambda w, x, d: np.sum(np.where(np.isnan(d), 0, np.maximum(d, w * x))),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_masked_nan(loss: Any) -> None:
    """Missing data drop out of the gradient as out of the sum."""
    x = np.array([1.0, 2.0, 3.0])
    d = np.array([1.5, NAN, 2.5])
    kept = ~np.isnan(d)
    dw, dx, dd = vjp(loss, 0.5, x, d)[1](1.0)
    expected = vjp(loss, 0.5, x[kept], d[kept])[1](1.0)
    np.testing.assert_allclose(dw, expected[0], rtol=1e-14)
    np.testing.assert_array_equal(dx, [expected[1][0], 0, expected[1][1]])
    np.testing.assert_array_equal(dd, [expected[2][0], 0, expected[2][1]])


# Powers, products and sinc: the exact value -------------------------------------------


@pytest.mark.parametrize("kind", [int, float, np.int64, np.uint8, np.float64, "array"])
@pytest.mark.parametrize("fun", [np.power, np.float_power])
def test_integer_powers_at_zero(fun: Any, kind: Any) -> None:
    factorial = 1
    for n in range(5):
        factorial *= max(n, 1)
        exponent = np.array(n) if kind == "array" else kind(n)
        for order in range(1, 6):
            expected = factorial if order == n else 0
            assert nth(lambda x, e=exponent: fun(x, e), order, 0.0) == expected


def test_traced_exponent_at_zero() -> None:
    assert cotangents(np.power, 0.0, 2.0) == [0, 0]
    assert cotangents(np.power, 0.0, 1.0) == [1, 0]
    assert cotangents(np.power, 0.0, 0.0) == [0, 0]
    assert nth(lambda y: 0.0**y, 2, 1.5) == 0
    assert fgrad.grad(lambda y: grad(lambda x: x**y)(2.0))(0.0) == 0.5


def test_products_with_zeros() -> None:
    x = np.array([0.0, 2.0, 3.0])
    np.testing.assert_array_equal(grad(np.prod)(x), [6, 0, 0])
    np.testing.assert_array_equal(grad(np.prod)(np.array([0.0, 0.0, 3.0])), np.zeros(3))
    np.testing.assert_array_equal(grad(lambda x: np.sum(np.cumprod(x)))(x), [9, 0, 0])


def test_sinc_at_zero() -> None:
    """sinc(x) = 1 - (pi x)**2 / 3! + (pi x)**4 / 5! - ..."""
    exact = [0, -(np.pi**2) / 3, 0, np.pi**4 / 5, 0, -(np.pi**6) / 7]
    for order, value in enumerate(exact, 1):
        np.testing.assert_allclose(nth(np.sinc, order, 0.0), value, rtol=1e-14)
    tiny = 1e-9
    np.testing.assert_allclose(nth(np.sinc, 1, tiny), exact[1] * tiny, rtol=1e-14)


# Poles: infinite, unless nobody asks --------------------------------------------------


@pytest.mark.parametrize(
    ("fun", "value"),
    [
        (np.sqrt, INF),
        (np.cbrt, INF),
        (np.log, INF),
        (np.log2, INF),
        (np.log10, INF),
        (np.reciprocal, -INF),
        (lambda x: 1 / x, -INF),
        (lambda x: x**0.5, INF),
        (lambda x: np.log1p(x - 1), INF),
        (lambda x: np.arcsin(1 - x), -INF),
        (lambda x: np.arccosh(1 + x), INF),
        (lambda x: np.arctanh(1 - x), -INF),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_poles(fun: Any, value: float) -> None:
    out, pullback = vjp(fun, np.float64(0))
    if np.isfinite(out):
        with pytest.warns(UndefinedDerivativeWarning, match="a derivative is infinite"):
            assert pullback(np.ones_like(out)) == (value,)
    else:  # NumPy has warned
        assert pullback(np.ones_like(out)) == (value,)
    assert pullback(np.zeros_like(out)) == (0,)


# Far from one: no overflow where the derivative is finite ----------------------------


@pytest.mark.parametrize(
    ("fun", "x", "expected"),
    [
        (lambda x: np.arctan2(x, 1e200), 1e200, 5e-201),
        (lambda x: np.hypot(x, 1e200), 1e200, 0.5**0.5),
        (lambda x: np.logaddexp(x, 0.0), 1000.0, 1.0),
        (lambda x: np.logaddexp(x, 0.0), -1000.0, 0.0),
        (lambda x: np.abs(1e200 * x + 1e200j * x), 1.0, 2**0.5 * 1e200),
        (np.tanh, 1000.0, 0.0),
        (np.arcsinh, 1e300, 1e-300),
        (np.arccosh, 1e300, 1e-300),
        (np.expm1, -100.0, np.exp(-100.0)),
        (lambda x: np.log(np.i0(x)), 500.0, 0.99899949899686),
    ],
)
def test_large_arguments(fun: Any, x: float, expected: float) -> None:
    np.testing.assert_allclose(grad(fun)(x), expected, rtol=1e-12)
    assert np.isfinite(nth(fun, 2, x))
