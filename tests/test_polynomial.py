"""Polynomials as objects: `poly1d`, and the classes of `numpy.polynomial`."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.errors import (
    ConversionError,
    MissingRuleError,
    UndefinedDerivativeWarning,
)
from fgrad.primitives.series import FAMILIES
from fgrad.testing import check_grads

C = np.array([0.3, -1.2, 0.7])
D = np.array([1.1, 0.4])
X = np.array([0.2, 0.9])
CLASSES = ["Polynomial", "Chebyshev", "Legendre", "Hermite", "HermiteE", "Laguerre"]


def values(kind, c, d, x):
    """What is done with a series, by a class."""
    p, q = kind(c, domain=[0, 2]), kind(d, domain=[0, 2])
    return [
        (p * q + p - q)(x),
        (p * 2.0)(x),
        (1.0 - p)(x),
        (-p)(x),
        (p**3)(x),
        p.deriv()(x),
        p.integ(2, [0.1, 0.2], lbnd=0.3)(x),
    ]


@pytest.mark.parametrize("x", [X, 0.5])
@pytest.mark.parametrize("name", CLASSES)
def test_series(name, x):
    ours, theirs = getattr(fnp.polynomial, name), getattr(np.polynomial, name)

    def f(c, d, x):
        return values(ours, c, d, x)

    for traced, expected in zip(
        fgrad.vjp(f, C, D, x)[0], values(theirs, C, D, x), strict=True
    ):
        np.testing.assert_array_equal(traced, expected)
    for plain, expected in zip(f(C, D, x), values(theirs, C, D, x), strict=True):
        np.testing.assert_array_equal(plain, expected)
    check_grads(f, (C, D, x), rtol=1e-9)


@pytest.mark.parametrize("name", CLASSES)
def test_roots_of_series(name):
    ours, theirs = getattr(fnp.polynomial, name), getattr(np.polynomial, name)
    coef = theirs.fromroots([-0.7, 0.3, 1.9], domain=[0, 2]).coef

    def f(c):
        return ours(c, domain=[0, 2]).roots()

    np.testing.assert_array_equal(f(coef), theirs(coef, domain=[0, 2]).roots())
    check_grads(f, (coef,), rtol=1e-7)  # the stencil is coarse for small coefficients


def test_lists_of_coefficients():
    def f(x):
        return fnp.polynomial.Polynomial([1.0, x, x])(x)

    assert fgrad.grad(f)(2.0) == 2 * 2 + 3 * 4
    assert fgrad.grad(fgrad.grad(f))(2.0) == 2 + 6 * 2


@pytest.mark.parametrize(
    "fun",
    [
        lambda p, x: p(x),
        lambda p, x: (p * p + 1.0)(x),
        lambda p, x: (p**3 - p)(x),
        lambda p, x: np.polydiv(p.coeffs, [2.0, 1.0])[0],
        lambda p, x: p.deriv()(x),
        lambda p, x: p.integ(2, k=0.5)(x),
        lambda p, x: np.abs(p.roots),
    ],
)
def test_poly1d(fun):
    check_grads(lambda c, x: fun(np.poly1d(c), x), (C, X), rtol=1e-9)


def test_polynomials_as_arguments():
    check_grads(lambda c: np.polyval(np.poly1d(C), c), (C,), rtol=1e-9)
    check_grads(lambda c: np.polyval(c, np.poly1d([1.0, 2.0]))(0.5), (C,), rtol=1e-9)
    check_grads(lambda c: np.polymul(c, np.poly1d([1.0, 2.0]))(0.5), (C,), rtol=1e-9)


# Highest coefficients that are 0 ------------------------------------------------------

SERIES = {
    "add": lambda of, c: of("add")(c, c),
    "sub": lambda of, c: of("sub")([1.0], c),
    "cancel": lambda of, c: of("sub")(c * c + 1.0, [2.0, 1.0]),
    "mul": lambda of, c: of("mul")(c, c),
    "mul by a constant": lambda of, c: of("mul")(c, [2.0, 3.0, 0.0]),
    "mulx": lambda of, c: of("mulx")(c),
    "pow": lambda of, c: of("pow")(c, 3),
    "line": lambda of, c: of("line")(c[0], c[1]),
    "int": lambda of, c: of("int")(c[1:], 2, [c[1], c[0]]),
    "der": lambda of, c: of("der")(of("mul")(c, c)),
    "trim": lambda of, c: of("trim")(c),
    "to powers": lambda of, c: of("2poly")(of("mul")(c, c)),
    "from powers": lambda of, c: of("from")(of("mul")(c, c)),
    "grid": lambda of, c: of("mul")(
        of("grid2d")(c[:1], [0.5, 0.7], c[:, None]).T[0], c
    ),
}
HIGHEST_FIRST = {
    "polyadd": lambda c: np.polyadd(c, c * c),
    "polysub": lambda c: np.polysub(c, [c[0], 1.0, 2.0]),
    "polymul": lambda c: np.polymul(c, [2.0, 3.0]),
    "polymul, both": lambda c: np.polymul(c, c),
    "product of poly1d": lambda c: (np.poly1d(c) * np.poly1d([1.0, 2.0])).coeffs,
    "quotient": lambda c: np.polydiv(np.polymul(c, c), [2.0, 1.0])[0],
    "remainder": lambda c: np.polydiv(c, [2.0, c[1], c[1] + 3.0])[1],
    "remainder 0": lambda c: np.polydiv(np.polymul(c, c), c[1:])[1],
    "polyder": lambda c: np.polyder(np.polymul(c, c)),
    "polyint": lambda c: np.polyint(c, 2, [1.0, 2.0]),
    "poly1d": lambda c: (np.poly1d(c) ** 3 - 2 * np.poly1d(c)).coeffs,
    "poly1d, derived": lambda c: np.poly1d(c).integ().deriv().coeffs,
}
POINT = 1.3


def assert_right(f, c):
    """In all modes and in second order, as finite differences of NumPy's function."""
    check_grads(f, (c,), rtol=1e-8)
    slope, hessian = fgrad.grad(f)(c), fgrad.hessian(f)(c)
    for got in (fgrad.jacfwd(f)(c), fgrad.vmap(fgrad.grad(f))(np.stack([c, c + 1]))[0]):
        np.testing.assert_allclose(got, slope, rtol=1e-12, atol=1e-12)
    for got in (fgrad.jacfwd(fgrad.jacfwd(f))(c), fgrad.jacrev(fgrad.grad(f))(c)):
        np.testing.assert_allclose(got, hessian, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(fgrad.vmap(f)(np.stack([c, c + 1]))[0], f(c), rtol=1e-12)


@pytest.mark.parametrize("c", [[1.0, 0.0], [0.0, 0.0]])
@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize("prefix", FAMILIES)
def test_zeros_at_the_end_of_a_series(prefix, name, c):
    module = getattr(fnp.polynomial, FAMILIES[prefix].__name__.rpartition(".")[2])
    powers = fnp.polynomial.polynomial

    def of(part):
        if prefix == "poly" and part in ("2poly", "from"):
            return lambda c: c
        return getattr(module, "poly2" + prefix if part == "from" else prefix + part)

    def f(c):
        val = powers.polyval if name == "to powers" else of("val")
        return val(POINT, SERIES[name](of, c)) ** 2

    assert_right(f, np.array(c))


@pytest.mark.parametrize("name", CLASSES)
def test_zeros_in_objects(name):
    kind = getattr(fnp.polynomial, name)

    def f(c):
        p, q = kind(c, domain=[0, 2]), kind(c * c, domain=[0, 2])
        return (p**2 + p * q - p.integ().deriv())(POINT)

    assert_right(f, np.array([0.7, 0.0]))


@pytest.mark.parametrize("c", [[0.0, 1.0], [0.0, 0.0, 1.5]])
@pytest.mark.parametrize("name", HIGHEST_FIRST)
def test_leading_zeros(name, c):
    if name == "remainder 0":
        c = [0.0, 1.5, 0.0]
    assert_right(lambda c: np.polyval(HIGHEST_FIRST[name](c), POINT) ** 2, np.array(c))


def test_zeros_by_hand():
    P = fnp.polynomial.polynomial
    c, low = np.array([0.0, 1.0]), np.array([1.0, 0.0])
    cases = (
        (lambda c: P.polyval(2.0, P.polyadd(c, c)), low, [2, 4]),
        (lambda c: np.polyval(np.polymul(c, [2.0, 3.0]), 2.0), c, [14, 7]),
        (lambda c: np.poly1d(c)(2.0), c, [2, 1]),
        (lambda k: P.polyint([0.0], 1, k)[0], np.array(0.5), 1),
    )
    for f, x, slope in cases:
        np.testing.assert_array_equal(fgrad.grad(f)(x), slope)


def test_lengths_of_results():
    """Traced polynomials keep zeros; those that are not traced are as NumPy's."""
    P = fnp.polynomial.polynomial
    zero = np.array([1.0, 0.0])
    for f, lengths in (
        (lambda c: P.polyadd(c, c), (1, 2)),
        (lambda c: P.polymul(c, [1.0, 2.0, 0.0]), (2, 3)),
        (lambda c: np.polymul(c[::-1], [0.0, 1.0, 2.0]), (2, 3)),
        (lambda c: np.poly1d(c[::-1]).coeffs, (1, 2)),
    ):
        assert (len(f(zero)), len(fgrad.vjp(f, zero)[0])) == lengths


def test_roots_with_a_highest_coefficient_of_0():
    """A constant 0 leaves the others their derivatives, also in second order."""
    P = fnp.polynomial.polynomial
    for f in (
        lambda x: np.sum(np.roots(fnp.array([0.0, x, -2.0]))),
        lambda x: np.sum(P.polyroots(fnp.array([-2.0, x, 0.0]))),
    ):
        np.testing.assert_allclose(fgrad.grad(f)(1.0), -2)
        np.testing.assert_allclose(fgrad.jacfwd(f)(1.0), -2)
        np.testing.assert_allclose(fgrad.hessian(f)(1.0), 4)
    for mode in (fgrad.grad, fgrad.jacfwd):
        with pytest.warns(UndefinedDerivativeWarning, match="degree of a polynomial"):
            got = mode(lambda c: np.sum(P.polyroots(c)))(np.array([-2.0, 1.0, 0.0]))
        np.testing.assert_array_equal(got, [-1, -2, np.nan])


def test_what_is_refused():
    with pytest.raises(ConversionError, match="drop the gradient"):
        fgrad.vjp(lambda c: np.polynomial.polynomial.polyval(0.5, c), C)
    with pytest.raises(ConversionError, match="drop the gradient"):
        fgrad.vjp(lambda c: (np.poly1d(c) / np.poly1d(D))[0].coeffs, C)
    with pytest.raises(MissingRuleError, match="polydiv with respect to c1"):
        fgrad.vjp(lambda c: fnp.polynomial.polynomial.polydiv(c, D), C)
