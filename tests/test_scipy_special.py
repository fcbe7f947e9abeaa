"""`scipy.special` beside mpmath: derivatives in all arguments, words, and the room."""

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy
import scipy.special as sp
from mpmath import mp

import fgrad
from fgrad import coverage, errors, grad, vmap
from fgrad.scipy import special

# Against mpmath -----------------------------------------------------------------------


def gamma_part(a: Any, x: Any) -> Any:
    return mp.gammainc(a, 0, x, regularized=True)


def beta_part(a: Any, b: Any, x: Any) -> Any:
    return mp.betainc(a, b, 0, x, regularized=True)


def student(df: Any, t: Any) -> Any:
    tail = beta_part(df / 2, mp.mpf(0.5), df / (df + t * t)) / 2
    return 1 - tail if t > 0 else tail


def f_part(a: Any, b: Any, x: Any) -> Any:
    return beta_part(a / 2, b / 2, a * x / (b + a * x))


def kolmogorov(y: Any) -> Any:
    return 2 * sum((-1) ** (k - 1) * mp.exp(-2 * (k * y) ** 2) for k in range(1, 40))


def carlson_c(x: Any, y: Any) -> Any:
    if y > 0:
        return mp.elliprc(x, y)
    return mp.sqrt(x / (x - y)) * mp.elliprc(x - y, -y)  # the principal value


TRUTH: dict[str, tuple[Any, list[tuple[float, ...]]]] = {
    "gammainc": (
        gamma_part,
        [(0.01, 0.3), (1.5, 1e-6), (3.3, 2.7), (80.0, 75.0), (2000.0, 2010.0)],
    ),
    "betainc": (
        beta_part,
        [
            *((0.05, 0.3, 0.2), (3.3, 1.7, 0.4), (200.0, 90.0, 0.7), (0.5, 8.0, 1e-5)),
            *((1e-6, 3e-8, 0.3), (1e-4, 300.0, 1e-6)),
        ],
    ),
    "stdtr": (student, [(1.7, -0.4), (3.0, 8.0), (200.0, -1.5), (0.7, 1e-3)]),
    "fdtr": (f_part, [(1.2, 3.4, 0.7), (30.0, 20.0, 1.4), (0.6, 5.0, 1e6)]),
    "beta": (mp.beta, [(1.3, 0.2), (1e3, 2.5), (3.0, 1e-9)]),
    "poch": (mp.rf, [(2.3, 0.7), (1e7, 0.5)]),
    "rgamma": (mp.rgamma, [(-3.0,), (-0.999999,), (4.2,), (0.0,)]),
    "erfcx": (lambda x: mp.exp(x * x) * mp.erfc(x), [(-2.0,), (0.4,), (3.0,), (1e5,)]),
    "dawsn": (
        lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x),
        [(0.3,), (8.0,), (60.0,)],
    ),
    "log_ndtr": (lambda x: mp.log(mp.ncdf(x)), [(-20.0,), (-0.5,), (4.0,)]),
    "zeta": (mp.zeta, [(1.01, 0.3), (3.0, 7.0), (30.0, 1.5)]),
    "kv": (mp.besselk, [(0.3, 0.1), (4.2, 2.0), (0.0, 1.0), (30.0, 20.0)]),
    "kve": (
        lambda v, z: mp.besselk(v, z) * mp.exp(z),
        [(2.0, 300.0), (0.9, 5e5), (300.0, 1e6), (1e-9, 1.0)],
    ),
    "i0e": (lambda z: mp.besseli(0, z) * mp.exp(-z), [(3.0,), (300.0,), (1e8,)]),
    "k1e": (lambda z: mp.besselk(1, z) * mp.exp(z), [(3.0,), (300.0,), (1e8,)]),
    "elliprc": (carlson_c, [(0.7, 2.0), (0.7, -0.3), (1e-7, -0.8)]),
    "ellipk": (mp.ellipk, [(0.0,), (1e-9,), (0.999,), (-50.0,)]),
    "ellipe": (mp.ellipe, [(0.0,), (1e-9,), (0.999,), (-50.0,)]),
    "ellipkinc": (mp.ellipf, [(0.3, 0.7), (5.0, 0.4), (-1.5, -3.0)]),
    "elliprj": (mp.elliprj, [(0.3, 1.0, 2.0, 0.7), (1.0, 1.0, 1.0, 1.0)]),
    "agm": (mp.agm, [(1.0, 3.0), (2.0, 1e-5), (1.0, 1.0)]),
    "boxcox": (lambda x, c: (x**c - 1) / c, [(2.0, 1e-9), (0.3, -2.0), (1.0, 0.5)]),
    "kolmogorov": (
        lambda y: (
            2 * mp.nsum(lambda k: (-1) ** (k - 1) * mp.exp(-2 * (k * y) ** 2), [1, 40])
        ),
        [(0.5,), (0.9,), (1.7,)],
    ),
}
"""SciPy's name, the function of mpmath, and the arguments."""

INVERSES: dict[str, tuple[Any, int, list[tuple[float, ...]]]] = {
    "gammaincinv": (gamma_part, 1, [(1.3, 0.1), (20.0, 0.9)]),
    "betaincinv": (beta_part, 2, [(1.3, 0.6, 0.1)]),
    "stdtrit": (student, 1, [(0.7, 0.1)]),
    "stdtridf": (student, 0, [(0.9, 1.5)]),
    "fdtri": (f_part, 2, [(1.2, 1.7, 0.1)]),
    "fdtridfd": (f_part, 1, [(2.0, 0.6, 1.5)]),
    "chdtriv": (lambda v, x: gamma_part(v / 2, x / 2), 0, [(0.1, 1.5)]),
    "gdtrib": (lambda a, b, x: gamma_part(b, a * x), 1, [(1.2, 0.8, 1.7)]),
    "pdtrik": (lambda k, m: 1 - gamma_part(k + 1, m), 0, [(0.6, 1.5)]),
    "btdtria": (beta_part, 0, [(0.1, 1.3, 0.3)]),
    "bdtrik": (lambda k, n, p: beta_part(n - k, k + 1, 1 - p), 0, [(0.6, 7.0, 0.4)]),
    "nbdtrin": (lambda k, n, p: beta_part(n, k + 1, p), 1, [(2.0, 0.6, 0.4)]),
}
"""Likewise for inverses: in which argument the probability stands."""


def inverse(fun: Any, k: int, near: float) -> Any:
    """The argument k of a distribution, from the probability in its place."""

    def found(*args: Any) -> Any:
        def missing(z: Any) -> Any:
            return fun(*args[:k], z, *args[k + 1 :]) - args[k]

        return mp.findroot(missing, (near, near * (1 + 1e-6)))

    return found


def slopes(fun: Any, point: tuple[float, ...]) -> list[Any]:
    """All first derivatives, by the central difference of 40 digits."""
    found: list[Any] = []
    for i, x in enumerate(map(mp.mpf, point)):
        step = (abs(x) or 1) * mp.mpf(10) ** -11
        ends = [
            fun(*(mp.mpf(y) if i != j else x + s * step for j, y in enumerate(point)))
            for s in (1, -1)
        ]
        found.append((ends[0] - ends[1]) / (2 * step))
    return found


def check(fun: Any, name: str, point: tuple[float, ...], rtol: float) -> None:
    got = grad(getattr(special, name), tuple(range(len(point))))(*point)
    for mine, truth in zip(got, slopes(fun, point), strict=True):
        assert abs(mine - truth) <= rtol * abs(truth), (name, point, mine, truth)


@pytest.mark.parametrize("name", TRUTH)
def test_truth(name: str) -> None:
    fun, points = TRUTH[name]
    with mp.workdps(40):
        for point in points:
            check(fun, name, point, 1e-11)


@pytest.mark.parametrize("name", INVERSES)
def test_truth_of_inverses(name: str) -> None:
    fun, k, points = INVERSES[name]
    with mp.workdps(30):
        for point in points:
            near = float(getattr(sp, name)(*point))
            check(inverse(fun, k, near), name, point, 1e-11)


def test_second_derivatives_of_an_incomplete_function() -> None:
    found = fgrad.hessian(lambda v: sp.gammainc(v[0], v[1]))(np.array([3.3, 2.7]))
    with mp.workdps(40):
        a, x = mp.mpf(3.3), mp.mpf(2.7)
        for i, j in ((2, 0), (1, 1), (0, 2)):
            truth = mp.diff(gamma_part, (a, x), (i, j))
            assert abs(found[int(i < 2), int(i < 1)] - truth) < 1e-11 * abs(truth)


def noncentral(x: Any, df: Any, nc: Any) -> Any:
    """The density of the noncentral chi-squared distribution."""
    bessel = mp.besseli(df / 2 - 1, mp.sqrt(nc * x))
    return mp.exp(-(x + nc) / 2) * (x / nc) ** (df / 4 - mp.mpf(0.5)) * bessel / 2


@pytest.mark.parametrize("point", [(372.0, 502.8, 0.6), (3.0, 2.3, 4.0), (9.0, 1, 60)])
def test_noncentral_densities_beyond_the_range_of_bessel_functions(point: Any) -> None:
    found = grad(sp.chndtr, (0, 2))(*map(float, point))
    with mp.workdps(30):
        x, df, nc = map(mp.mpf, point)
        for mine, truth in zip(
            found, (noncentral(x, df, nc), -noncentral(x, df + 2, nc)), strict=True
        ):
            assert abs(mine - truth) < 1e-12 * abs(truth)


def test_integrals_of_bessel_functions_near_zero() -> None:
    for x in (1e-9, 1e-3, 0.9, 1.1):
        i0 = grad(lambda x: sp.it2i0k0(x)[0])(x)
        j0 = grad(lambda x: sp.it2j0y0(x)[0])(x)
        with mp.workdps(40):
            assert abs(i0 * x / (mp.besseli(0, x) - 1) - 1) < 1e-14
            assert abs(j0 * x / (1 - mp.besselj(0, x)) - 1) < 1e-14


# Edges --------------------------------------------------------------------------------


def test_a_result_that_scipy_lacks_does_not_spoil_the_others() -> None:
    """On the left, two of these functions are complex, and SciPy returns nan."""
    for fun, k, slope in (
        (sp.airye, 2, sp.airy(-2.0)[3]),
        (sp.itj0y0, 0, sp.j0(-2.0)),
    ):
        assert grad(lambda x, fun=fun, k=k: fun(x)[k])(-2.0) == pytest.approx(slope)


@pytest.mark.parametrize(
    ("fun", "point", "expected"),
    [
        (sp.ndtri, (0.0,), [np.inf]),
        (sp.ndtri, (2.0,), [np.nan]),
        (sp.logit, (1.0,), [np.inf]),
        (sp.entr, (0.0,), [np.inf]),
        (sp.xlogy, (0.0, 0.0), [-np.inf, 0.0]),
        (sp.rel_entr, (0.0, 1.0), [-np.inf, 0.0]),
        (sp.gammainc, (0.0, 2.0), [np.nan, np.nan]),
        (sp.gammainc, (2.0, 0.0), [0.0, 0.0]),
        (sp.gammainc, (0.5, 0.0), [0.0, np.inf]),
        (sp.gammainc, (-1.0, 2.0), [np.nan, np.nan]),
        (sp.betainc, (2.0, 1.0, 1.0), [0.0, 0.0, 2.0]),
        (sp.betainc, (2.0, 1.0, 1.5), [np.nan, np.nan, np.nan]),
        (sp.loggamma, (-0.5,), [np.nan]),
        (sp.gammaln, (-0.5,), [sp.psi(-0.5)]),
        (sp.huber, (1.0, 1.0), [0.0, 1.0]),
        (sp.kv, (1.0, 0.0), [np.nan, -np.inf]),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_edges(fun: Any, point: tuple[float, ...], expected: list[float]) -> None:
    with np.errstate(all="ignore"):
        got = grad(fun, tuple(range(len(point))))(*point)
    np.testing.assert_array_equal(got, expected)


def test_the_trigamma_function_far_to_the_left() -> None:
    """Of complex numbers, by the recurrence: DLMF 5.15.5."""
    for z in (-40.3 + 0.5j, -7.5 - 2j, 0.1 + 0.1j, 30 + 1j):
        got = fgrad.vjp(sp.psi, z)[1](1.0 + 0j)[0]
        assert complex(got) == pytest.approx(complex(mpmath.psi(1, z)), rel=1e-12)


def test_logsumexp_at_infinity() -> None:
    x = np.array([-np.inf, 0.0, 1.0])
    np.testing.assert_allclose(grad(special.logsumexp)(x), sp.softmax(x))
    np.testing.assert_array_equal(
        grad(special.logsumexp)(np.array([np.inf, 0.0, np.inf])), [0.5, 0, 0.5]
    )


# Words --------------------------------------------------------------------------------


def message(kind: type[Exception], call: Any) -> str:
    with pytest.raises(kind) as raised:
        call()
    return str(raised.value)


def test_plain_calls_that_scipy_does_not_dispatch() -> None:
    for name, call in {
        "logsumexp": lambda x: sp.logsumexp(x),
        "softmax": lambda x: sp.softmax(x)[0],
        "polygamma": lambda x: sp.polygamma(1, x),
        "spherical_jn": lambda x: sp.spherical_jn(1, x),
        "gammaln": lambda x: np.sum(sp.gammaln([x, x])),
    }.items():
        if name == "spherical_jn" and not hasattr(sp.spherical_jn, "__wrapped__"):
            continue  # before SciPy 1.15, it calls a ufunc that is not public
        words = message(errors.ConversionError, lambda call=call: grad(call)(1.5))
        assert f"Use fgrad's own (from fgrad.scipy.special import {name}) to" in words


def test_arguments_without_a_derivative() -> None:
    words = message(errors.MissingRuleError, lambda: grad(sp.jv)(1.5, 2.0))
    assert words.startswith(
        "no derivative rule for scipy.special.jv with respect to v, called at"
    )
    assert words.endswith(
        "No formula for this derivative is precise enough: "
        "pass stop_gradient of it, if it may be held fixed."
    )
    words = message(errors.MissingRuleError, lambda: grad(sp.eval_legendre)(2.0, 1.0))
    assert words.endswith(
        "It counts, so no derivative exists: pass a number that is not traced."
    )
    words = message(errors.MissingRuleError, lambda: grad(sp.mathieu_a, 1)(2.0, 1.0))
    assert "scipy.special.mathieu_a with respect to q" in words
    assert "No formula for this derivative is known to fgrad" in words


def test_complex_numbers_are_refused_where_a_scale_is_not_holomorphic() -> None:
    for fun in (sp.ive, sp.jve):
        words = message(
            errors.MissingRuleError,
            lambda fun=fun: grad(lambda z: abs(fun(1.0, z)))(1j),
        )
        assert f"scipy.special.{fun.__name__} of complex numbers" in words


# The room -----------------------------------------------------------------------------


def test_names() -> None:
    assert special.expit is not sp.expit
    assert special.roots_legendre is sp.roots_legendre
    assert {*sp.__all__} <= {*dir(special)}
    assert special.digamma is special.psi
    assert pickle.loads(pickle.dumps(special.expit)) is special.expit
    assert special.expit(0.5) == sp.expit(0.5)
    with pytest.raises(AttributeError, match=r"module 'fgrad.scipy.special' has no"):
        _ = special.gamm


def test_lists_of_traced_numbers() -> None:
    assert grad(lambda x: np.sum(special.gammaln([x, 2 * x])))(1.5) == pytest.approx(
        sp.psi(1.5) + 2 * sp.psi(3.0)
    )


def test_plain_scipy_needs_no_import_of_the_room() -> None:
    code = (
        "import sys, fgrad; assert 'scipy' not in sys.modules;"
        "import scipy.special as sp; assert 'fgrad.scipy' not in sys.modules;"
        "assert fgrad.grad(sp.erf)(0.0) > 1;"
        "assert 'fgrad.scipy.special' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_own_rules_of_users_stay() -> None:
    code = (
        "import fgrad, scipy.special as sp;"
        "fgrad.defvjp(sp.erf, z=lambda g: 7 * g);"
        "import fgrad.scipy.special; assert fgrad.grad(sp.erf)(0.0) == 7"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_vmap_of_functions_of_rows() -> None:
    x = np.arange(6.0).reshape(2, 3)
    for fun in (special.softmax, special.log_softmax, special.logsumexp):
        np.testing.assert_allclose(vmap(fun)(x), [fun(row) for row in x])
        np.testing.assert_allclose(
            vmap(grad(lambda r, fun=fun: np.sum(fun(r) ** 2)))(x),
            [grad(lambda r, fun=fun: np.sum(fun(r) ** 2))(row) for row in x],
        )


def test_scipys_own_code_is_followed() -> None:
    for fun in (
        lambda x: sp.jvp(1, x),
        lambda x: sp.kvp(1.5, x, 2),
        lambda x: sp.h1vp(1, x).real,
        lambda x: sp.zeta(x),
        lambda x: sp.zeta(x, 0.7),
        lambda x: sp.lambertw(x).real,
        lambda x: sp.assoc_laguerre(x, 2, 0.5),
    ):
        fgrad.testing.check_grads(fun, (np.array([2.3, 3.1]),), rtol=1e-8)


# The table ----------------------------------------------------------------------------


def test_all_names_are_known() -> None:
    table = coverage("scipy")
    assert not table.unknown
    assert {e.name for e in table if e.namespace == "scipy.special"} == {*sp.__all__}


def test_documentation() -> None:
    """``docs/coverage_of_scipy.md`` is what `coverage` says, for the SciPy it names."""
    text = (Path(__file__).parent.parent / "docs" / "coverage_of_scipy.md").read_text()
    version = ".".join(scipy.__version__.split(".")[:2])
    if f"with SciPy {version}." in text:
        assert coverage("scipy").to_markdown() in text


def test_the_table_is_of_a_known_package() -> None:
    assert message(ValueError, lambda: coverage("torch")) == (
        "coverage knows numpy and scipy, but not 'torch'."
    )


def test_mpmath_is_right_about_the_incomplete_beta_function() -> None:
    """The truth of this file, at a point where it is known in closed form."""
    assert mpmath.almosteq(beta_part(2, 1, mp.mpf(0.5)), mp.mpf(0.25))


def test_a_result_is_constant_beyond_an_edge():
    """SciPy gives 1 for negative distances, and 0 for counts that would be negative."""
    assert fgrad.grad(sp.kolmogorov)(-1.0) == 0
    assert fgrad.hessian(sp.kolmogorov)(-1.0) == 0
    assert fgrad.grad(sp.kolmogorov)(1e-200) == 0
    for fun, point in (
        (sp.pdtrik, (1e-6, 0.5)),
        (sp.bdtrik, (1e-6, 5.0, 0.3)),
        (sp.nbdtrik, (1e-6, 5.0, 0.3)),
    ):
        assert fun(*point) == 0
        assert fgrad.grad(fun, (*range(len(point)),))(*point) == (0,) * len(point)


def test_exponentials_far_out():
    """Where they over- and underflow, or cancel."""
    slope = grad(special.expit)(40.0)
    assert abs(slope / 4.248354255291589e-18 - 1) < 1e-14
    x = np.array([1000.0, 1001.0, 999.0])
    for fun, plain in (
        (special.softmax, sp.softmax),
        (special.log_softmax, sp.log_softmax),
    ):
        out, pullback = fgrad.vjp(fun, x)
        near, pulled = fgrad.vjp(fun, x - 1000)
        np.testing.assert_allclose(out, plain(x), rtol=1e-14)
        np.testing.assert_allclose(pullback(x)[0], pulled(x)[0], rtol=1e-12)
        np.testing.assert_allclose(out, near, rtol=1e-12)
    x = np.array([-np.inf, 0.0, 1.0])
    slope = grad(lambda x: special.log_softmax(x)[2])(x)
    np.testing.assert_allclose(slope, [0, -0.2689414213699951, 0.2689414213699951])
    for x in (np.full(2, -np.inf), np.array([np.inf, 0.0])):
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            traced = fgrad.vjp(special.log_softmax, x)[0]
            np.testing.assert_array_equal(traced, sp.log_softmax(x))


def test_logsumexp_of_a_negative_sum():
    """log|s| has the slope b exp(a) / s, with its sign."""
    a, b = np.array([0.3, -0.2, 1.0]), np.array([1.0, 2.0, -3.0])

    def size(a, b):
        return special.logsumexp(a, b=b, return_sign=True)[0]

    total = np.sum(b * np.exp(a))
    assert total < 0
    in_a, in_b = grad(size, argnums=(0, 1))(a, b)
    np.testing.assert_allclose(in_a, b * np.exp(a) / total, rtol=1e-14)
    np.testing.assert_allclose(in_b, np.exp(a) / total, rtol=1e-14)
