"""Polynomials as objects: `poly1d`, and the classes of `numpy.polynomial`."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.errors import ConversionError, MissingRuleError
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


def test_what_is_refused():
    with pytest.raises(ConversionError, match="drop the gradient"):
        fgrad.vjp(lambda c: np.polynomial.polynomial.polyval(0.5, c), C)
    with pytest.raises(ConversionError, match="drop the gradient"):
        fgrad.vjp(lambda c: (np.poly1d(c) / np.poly1d(D))[0].coeffs, C)
    with pytest.raises(MissingRuleError, match="polydiv with respect to c1"):
        fgrad.vjp(lambda c: fnp.polynomial.polynomial.polydiv(c, D), C)
