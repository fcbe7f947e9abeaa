"""Reductions, products and others at extreme values, and in other precisions."""

from typing import Any

import numpy as np
import pytest

from fgrad import elementwise_grad, grad, hessian, jacfwd, jvp, vjp, vmap
from fgrad.errors import UndefinedDerivativeWarning

EPS = np.finfo(np.float64).eps


# Moments ------------------------------------------------------------------------------


@pytest.mark.parametrize(("dtype", "mean"), [(np.float64, 1e8), (np.float32, 1e4)])
def test_moments_about_a_large_mean(dtype: Any, mean: float) -> None:
    x = (mean + np.random.default_rng(0).normal(size=1000)).astype(dtype)
    d = x.astype(np.longdouble)
    d -= np.mean(d)
    d -= np.mean(d)
    tolerance = 4 * np.finfo(dtype).eps
    want = 2 * d / x.size
    np.testing.assert_allclose(grad(np.var)(x), want, 0, tolerance * max(abs(want)))
    want = d / np.sqrt(np.sum(d**2) * x.size)
    got = grad(lambda x: np.std(x, dtype=np.float64))(x)
    np.testing.assert_allclose(got, want, 0, tolerance * max(abs(want)))
    shifted = grad(lambda x: np.var(x, where=x > mean - 10))(x)
    np.testing.assert_allclose(shifted, 2 * d / x.size, 0, tolerance * max(abs(d)))


@pytest.mark.filterwarnings("ignore:(over|under)flow:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("size", [1e200, 1e-200, 1e-160])
@pytest.mark.parametrize("fun", [np.linalg.norm, np.std, np.nanstd])
def test_lengths_whose_squares_do_not_fit(fun: Any, size: float) -> None:
    """Also among others, of complex numbers, in forward mode, under vmap."""
    x = np.array([3.0, -4.0, 1.5])
    want, second = grad(fun)(x), hessian(fun)(x)
    np.testing.assert_allclose(grad(fun)(size * x), want, rtol=1e-14)
    np.testing.assert_allclose(hessian(fun)(size * x) * size, second, atol=1e-14)
    np.testing.assert_allclose(jvp(fun, (size * x,), (x,))[1], want @ x, rtol=1e-14)
    table = np.stack([x, size * x, 0 * x])
    for got in (
        grad(lambda a: np.sum(fun(a, axis=1)))(table),
        grad(lambda a: np.sum(fun(a, axis=0)))(table.T).T,
        grad(lambda a: np.sum(fun(a + 0j, axis=1)))(table),
        vmap(grad(fun))(table),
    ):
        np.testing.assert_allclose(got, np.stack([want, want, 0 * x]), rtol=1e-14)


@pytest.mark.parametrize("mode", [hessian, lambda f: jacfwd(jacfwd(f))])
def test_hessian_of_a_norm_along_an_axis(mode: Any) -> None:
    """The entries are differences of 1 / n and x x / n**3, which cancel."""
    x = np.array([1e8, 1.0, -2.0])
    n = np.linalg.norm(x)
    want = -np.outer(x, x) / n**3
    want[np.diag_indices(3)] = [np.sum(np.delete(x, i) ** 2) / n**3 for i in range(3)]
    np.testing.assert_allclose(mode(np.linalg.norm)(x), want, rtol=1e-14)
    turned = mode(lambda x: np.linalg.norm(x * (1 + 1j)))(x) / np.sqrt(2)
    np.testing.assert_allclose(turned, want, rtol=1e-14)


def test_moments_of_a_constant() -> None:
    for fun in (np.var, np.std):
        assert np.max(np.abs(grad(fun)(np.full(7, 0.1)))) < EPS


def test_half_precision_counts_beyond_its_range() -> None:
    x = np.tile(np.float16([0.25, 0.75]), 100_000)
    want = np.float16(1e4 / x.size)
    assert grad(lambda x: np.float16(1e4) * np.mean(x))(x)[0] == want
    x = x[:70_000] - np.float16(0.5)
    got = grad(lambda x: np.float16(1e4) * np.var(x, mean=np.float16(0)))(x)
    np.testing.assert_allclose(got[:2], [-1 / 14, 1 / 14], rtol=1e-3)


@pytest.mark.skipif(np.finfo(np.longdouble).eps == EPS, reason="no longer than float64")
def test_long_doubles_keep_their_digits() -> None:
    x = np.longdouble([1, 2, 4]) / 3
    eps = np.finfo(np.longdouble).eps
    ln2, ln10 = np.log(np.longdouble(2)), np.log(np.longdouble(10))
    d = x - np.sum(x) / 3
    one, pi = np.longdouble(1), np.arccos(np.longdouble(-1))
    slope = (np.cos(pi * x) - np.sin(pi * x) / (pi * x)) / x
    for fun, want in (
        (np.mean, np.full(3, one / 3)),
        (np.var, 2 * d / 3),
        (np.std, d / 3 / np.sqrt(np.sum(d**2) / 3)),
        (lambda x: np.sum(np.exp2(x)), np.exp2(x) * ln2),
        (lambda x: np.sum(np.log2(x)), 1 / x / ln2),
        (lambda x: np.sum(np.log10(x)), 1 / x / ln10),
        (lambda x: np.sum(np.sinc(x)), slope),
    ):
        np.testing.assert_allclose(grad(fun)(x), want, 16 * eps)


# Products -----------------------------------------------------------------------------

LAST = {"prod": np.prod, "cumprod": lambda x: np.cumprod(x)[-1]}


@pytest.mark.parametrize("product", LAST.values(), ids=LAST)
@pytest.mark.parametrize(
    ("factor", "small"),
    [(np.float16(4000), 0.03), (np.float32(1e20), 1e-25), (np.float64(1e150), 1e-170)],
)
@pytest.mark.parametrize("place", [0, 1, 3])
def test_hessian_of_a_product_with_a_small_factor(
    product: Any, factor: Any, small: float, place: int
) -> None:
    x = np.ones(4, factor.dtype)
    x[place] = small
    want = np.full((4, 4), factor * x[place])
    want[place] = want[:, place] = factor
    np.fill_diagonal(want, 0)
    got = hessian(lambda x: factor * product(x))(x)
    np.testing.assert_allclose(got, want, rtol=2 * np.finfo(factor.dtype).eps)


@pytest.mark.parametrize("product", LAST.values(), ids=LAST)
def test_cotangents_of_a_product(product: Any) -> None:
    """The cotangent times the product underflows, or overflows."""
    got = grad(lambda x: 1e-200 * product(x))(np.array([1e-200, 1.0]))
    np.testing.assert_array_equal(got, [1e-200, 0])
    with pytest.warns(UndefinedDerivativeWarning, match="infinite.*entry .1."):
        got = grad(lambda x: 1e200 * product(x))(np.array([1e170, 1e-100]))
    np.testing.assert_allclose(got, [1e100, np.inf])


def test_a_product_that_has_lost_digits_is_not_divided() -> None:
    """It is subnormal, but its cotangent makes a normal number of it again."""
    a = np.array([1.7e-160, 1.3e-160])
    got = grad(lambda a: 1e300 * np.prod(a))(a)
    np.testing.assert_allclose(got, [1.3e140, 1.7e140], rtol=1e-14)


def test_hessian_of_a_product_of_similar_factors() -> None:
    x = np.random.default_rng(0).uniform(0.5, 1.5, 6)
    want = np.prod(x) / np.outer(x, x)
    np.fill_diagonal(want, 0)
    np.testing.assert_allclose(hessian(np.prod)(x), want, atol=1e-15)


# Sums of exponentials -----------------------------------------------------------------


@pytest.mark.parametrize("a", [0.0, 1e5, 1e10, -1e10])
@pytest.mark.parametrize("d", [0.0, 1.0, 20.0, 37.0, 700.0])
def test_log_of_a_sum(a: float, d: float) -> None:
    """The Hessian of log(e**x1 + e**x2) is p q [[1, -1], [-1, 1]]."""
    p, q = 1 / (1 + np.exp(-d)), np.exp(-d) / (1 + np.exp(-d))
    x = np.array([a, a - d])
    for fun in (np.logaddexp.reduce, lambda x: np.logaddexp(x[0], x[1])):
        np.testing.assert_allclose(grad(fun)(x), [p, q], rtol=2e-15)
        want = p * q * np.array([[1, -1], [-1, 1]])
        np.testing.assert_allclose(hessian(fun)(x), want, rtol=4e-15)


def test_log_of_a_sum_of_many() -> None:
    x = np.array([3.0, 40.0, 1.0, 40.0, -np.inf])
    for fun, base in ((np.logaddexp, np.e), (np.logaddexp2, 2.0)):
        p = base ** (x - 40) / np.sum(base ** (x - 40))
        np.testing.assert_allclose(grad(fun.reduce)(x), p, rtol=1e-14)
        want = np.log(base) * (np.diag(p) - np.outer(p, p))
        np.testing.assert_allclose(hessian(fun.reduce)(x), want, 1e-14, 1e-30)


# One entry does not disturb the others ------------------------------------------------


def test_bessel_function_beside_a_large_entry() -> None:
    x = np.array([1.0, 600.0, 700.0])
    alone = [grad(np.i0)(value) for value in x]
    for large in (713.0, 1e4, 1e80, 1e200, np.inf):
        with np.errstate(all="ignore"):
            got = grad(lambda x: np.sum(np.i0(x)[:3]))(np.array([*x, large]))
        np.testing.assert_allclose(got[:3], alone, rtol=1e-15)
        assert got[3] == 0
    x32 = np.array([1.0, 80.0])
    single = np.array([*x32, 1e4], np.float32)
    with (
        np.errstate(all="ignore"),
        pytest.warns(UndefinedDerivativeWarning, match=r"infinite.*np\.i0"),
    ):
        got = elementwise_grad(np.i0)(single)
    np.testing.assert_allclose(got[:2], elementwise_grad(np.i0)(x32), rtol=1e-6)
    assert got[2] == np.inf


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_masked_entries_have_no_influence() -> None:
    x = np.array([1.0, 1e4])
    got = grad(lambda x: np.sum(np.where(x < 700, np.i0(x), 0)))(x)
    np.testing.assert_allclose(got, [0.5651591039924851, 0])
    x = np.array([0.5, np.inf])
    got = grad(lambda x: np.sum(np.where(np.isfinite(x), np.sinc(x), 0)))(x)
    np.testing.assert_allclose(got, [-4 / np.pi, 0])


# Ends of the range --------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_finite_derivatives_of_infinite_values() -> None:
    np.testing.assert_allclose(grad(np.exp2)(1024.0), np.log(2) * 2.0**1023 * 2)
    assert grad(np.exp2)(np.float16(16)) == np.float16(np.log(2) * 2.0**16)
    half = np.sqrt(0.5)
    np.testing.assert_allclose(grad(np.hypot, (0, 1))(1.5e308, 1.5e308), [half, half])
    np.testing.assert_allclose(grad(np.hypot, (0, 1))(5e-324, 5e-324), [half, half])
    _, pullback = vjp(np.abs, 1.5e308 + 1.5e308j)
    np.testing.assert_allclose(pullback(1.0)[0], half - 1j * half)
    np.testing.assert_allclose(grad(np.log10)(4e-309), 1.0857362047581296e308)
    assert grad(lambda x: np.power(x, 0.0 * x + 0))(5e-324) == 0
    np.testing.assert_allclose(
        grad(lambda x: np.power(x, 1e-170))(5e-324), 2.024e153, 1e-3
    )


@pytest.mark.parametrize("x", [-1.0, -0.5])
def test_parity_of_large_exponents(x: float) -> None:
    """Beyond 2**53, one less is the same number; (-1)**(2**53 - 1) is -1."""
    want = -(2.0**53 + 2) if x == -1 else 0
    assert grad(lambda x: np.power(x, 2.0**53 + 2))(x) == want
    assert grad(lambda x: np.power(x, np.array(2.0**53 + 2)))(x) == want


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("kind", [float, np.float64, np.array])
def test_powers_of_zero(kind: Any) -> None:
    """One less is rounded below 1/2; zero cannot be divided by zero."""
    zero = np.zeros(1)
    for x2, want in ((0.3, np.inf), (-0.7, -np.inf), (0.0, 0), (1.0, 1), (1.5, 0)):
        exponent = kind(x2)
        _, pullback = vjp(lambda x, n=exponent: np.power(x, n), zero)
        assert pullback(np.ones(1))[0] == want
    x = np.array([1e-170, 1e-5])
    second = elementwise_grad(elementwise_grad(lambda x: np.power(x, kind(1e200))))
    np.testing.assert_array_equal(second(x), 0)


def test_second_derivative_of_a_complex_absolute_value() -> None:
    """Of r = |x + iy|: y**2 / r**3 along x."""
    second = grad(lambda t: grad(lambda s: np.abs(s + 1j))(t))(1e8)
    np.testing.assert_allclose(second, 1e-24)


def test_real_arguments_with_complex_results() -> None:
    for fun in (np.arcsin, np.arccos, np.tan, np.tanh):
        x = np.array([-3.0, 0.3, 3.0])
        out, pullback = vjp(lambda x, f=fun: f(x, dtype=np.complex128), x)
        assert out.dtype == np.complex128
        z, zback = vjp(fun, x + 0j)
        np.testing.assert_allclose(pullback(1 + 0j * z)[0], zback(1 + 0j * z)[0].real)
        assert jvp(fun, (x + 0j,), (1 + 0j * x,))[1].dtype == np.complex128
