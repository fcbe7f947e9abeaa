"""Structural zeros beat inf and nan; a zero that just happens to be one does not."""

import warnings

import numpy as np
import pytest

from fgrad import (
    checkpoint,
    errors,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    linearize,
    value_and_grad,
    vjp,
    vmap,
)

# Every function of this table has a pole in what a mask leaves out.

POLES = {
    "sqrt": (lambda x: np.sqrt(x), 0.0),
    "sqrt of a negative number": (lambda x: np.sqrt(x), -1.0),
    "log": (lambda x: np.log(x), 0.0),
    "log of a negative number": (lambda x: np.log(x), -1.0),
    "divide": (lambda x: 1 / x, 0.0),
    "0 / 0": (lambda x: x / np.abs(x), 0.0),
    "power": (lambda x: x**0.3, 0.0),
    "arccos": (lambda x: np.arccos(x), 1.0),
    "arctanh": (lambda x: np.arctanh(x), -1.0),
    "exp": (lambda x: np.exp(x), 1000.0),
    "log of log": (lambda x: np.log(np.log(x + 1)), 0.0),
    # These nan are there before: no operation makes one, so none can say it.
    "times nan": (lambda x: x * np.where(x > 1, np.nan, 2.0), 2.0),
    "then times nan": (lambda x: np.sin(x * np.where(x > 1, np.nan, 2.0)) * 3, 2.0),
    "interpolated": (lambda x: np.interp(x, [0, 1, 2, 3], [1, 2, np.nan, 3]), 2.0),
}

M = np.array([1.0, 0.0, 1.0])

MASKS = {
    "where": lambda y: np.where(M > 0, y, 0.0),
    "where, second": lambda y: np.where(M == 0, 1.0, y),
    "index": lambda y: y[M > 0],
    "slice": lambda y: y[::2],
    "take": lambda y: np.take(y, [0, 2]),
    "compress": lambda y: np.compress(M > 0, y),
    "delete": lambda y: np.delete(y, 1),
    "sum where": lambda y: np.sum(y, where=M > 0),
    "mean where": lambda y: np.mean(y, where=M > 0),
    "var where": lambda y: np.var(y, where=M > 0),
    "assigned": lambda y: np.where(np.arange(3) == 1, np.zeros(3), y) * 2,
    "select": lambda y: np.select([M > 0], [y], 0.0),
    "choose": lambda y: np.choose(M.astype(int), [np.ones(3), y]),
    "then more": lambda y: np.sum(np.sin(np.where(M > 0, y, 0.0)) * np.arange(3.0)),
    "einsum of a mask": lambda y: np.einsum("i,i->i", y[M > 0], np.ones(2)),
}


def quiet(call):
    """The result, and an error if there was a word about a derivative."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", errors.UndefinedDerivativeWarning)
        return call()


def both(name, mask):
    """A masked function at its pole, and the same without that entry."""
    pole, at = POLES[name]
    x = np.array([0.6, at, 0.7])

    def whole(x):
        return MASKS[mask](pole(x))

    def apart(x):
        safe = np.where(M > 0, x, 0.5)
        return MASKS[mask](pole(safe))

    return whole, apart, x


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("name", POLES)
def test_masked_poles(name, mask):
    whole, apart, x = both(name, mask)
    for transform in (
        jacrev,
        jacfwd,
        lambda f: grad(lambda x: np.sum(f(x))),
        lambda f: lambda x: jvp(f, (x,), (np.array([1.0, 2.0, 3.0]),))[1],
        lambda f: lambda x: linearize(f, x)[1](np.array([1.0, 2.0, 3.0])),
        lambda f: lambda x: vmap(grad(lambda x: np.sum(f(x))))(np.stack([x, x])),
    ):
        got = quiet(lambda t=transform: t(whole)(x))
        want = quiet(lambda t=transform: t(apart)(x))
        np.testing.assert_allclose(got, want, rtol=1e-12)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("name", POLES)
def test_masked_poles_at_second_order(name, mask):
    whole, apart, x = both(name, mask)
    v = np.array([1.0, 2.0, 3.0])
    seconds = [
        lambda f: jacrev(grad(f))(x),
        lambda f: jacfwd(grad(f))(x),
        lambda f: hvp(f, (x,), (v,))[1],
        lambda f: vmap(hessian(f))(x[None]),
    ]
    if mask != "var where":  # reverse over forward mode is nan there, in words
        seconds.append(lambda f: grad(lambda x: jvp(f, (x,), (v,))[1])(x))
    for second in seconds:
        got = quiet(lambda s=second: s(lambda x: np.sum(whole(x))))
        want = quiet(lambda s=second: s(lambda x: np.sum(apart(x))))
        np.testing.assert_allclose(got, want, rtol=1e-12)


@pytest.mark.parametrize("name", POLES)
def test_zeros_of_the_user_are_masks(name):
    """Those in a cotangent or a tangent, also if all of it is one zero."""
    pole, at = POLES[name]
    x, safe = np.array([0.6, at, 0.7]), np.array([0.6, 0.5, 0.7])
    got, want = (quiet(lambda x=x: vjp(pole, x)[1](M)[0]) for x in (x, safe))
    np.testing.assert_allclose(got, want, rtol=1e-12)
    got, want = (quiet(lambda x=x: jvp(pole, (x,), (M,))[1]) for x in (x, safe))
    np.testing.assert_allclose(got, want, rtol=1e-12)
    for zero in (0.0, np.float64(0), np.zeros(())):
        assert quiet(lambda zero=zero: vjp(pole, np.float64(at))[1](zero)[0]) == 0
        assert quiet(lambda zero=zero: jvp(pole, (np.float64(at),), (zero,))[1]) == 0


def test_constant_masks():
    m = np.array([1.0, 0.0])
    x = np.array([2.0, 0.0])
    for f in (
        lambda x: np.sum(m * np.sqrt(x)),
        lambda x: m @ np.sqrt(x),
        lambda x: np.einsum("i,i", m, np.sqrt(x)),
        lambda x: np.sum((np.diag(m) @ np.sqrt(x)) ** 2) / 4,
    ):
        got = quiet(lambda f=f: grad(f)(x))
        np.testing.assert_allclose(got[1], 0)
        assert np.isfinite(got[0])
        got = quiet(lambda f=f: jvp(f, (x,), (np.array([1.0, 0.0]),))[1])
        assert np.isfinite(got)


def test_zero_cotangents_of_the_user_are_meant():
    _, pullback = vjp(np.sqrt, np.array([0.0, 4.0]))
    np.testing.assert_array_equal(pullback(np.array([0.0, 1.0]))[0], [0.0, 0.25])
    _, pullback = vjp(np.log, np.array([-1.0, 4.0]) + 0j)
    x = np.array([0.0, 4.0])
    np.testing.assert_array_equal(jvp(np.sqrt, (x,), (np.array([0.0, 1.0]),))[1][0], 0)
    assert jvp(lambda x, y: np.sqrt(x) + y, (0.0, 1.0), (0.0, 2.0))[1] == 2.0


def test_masks_and_poles_in_a_checkpoint():
    x = np.array([0.0, 4.0])

    def f(x):
        return np.sum(np.where(x > 1, checkpoint(np.sqrt)(x), 0.0))

    np.testing.assert_array_equal(quiet(lambda: grad(f)(x)), [0.0, 0.25])
    with pytest.warns(errors.UndefinedDerivativeWarning):
        assert np.isnan(grad(lambda x: checkpoint(np.sqrt)(x) ** 2)(0.0))


def test_large_arrays():
    """They are freed as replay goes, and still their zeros are told apart."""
    x = np.linspace(-1, 1, 100_001)

    def f(x):
        y = np.where(x > 0, np.sqrt(np.abs(x)) * np.log(np.abs(x)), 0.0)
        return np.sum(np.sin(y) * 2)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got = grad(f)(x)
    assert not np.any(np.isnan(got))
    assert not np.any(got[x <= 0])
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        got = grad(lambda x: np.sum(np.sqrt(np.abs(x)) ** 2))(x)
    assert np.isnan(got).sum() == 1


# A zero that just happens -------------------------------------------------------------

ACCIDENTS = {
    "sqrt(x)**2": (lambda x: np.sqrt(x) ** 2, 0.0),
    "cos(sqrt(x))": (lambda x: np.cos(np.sqrt(x)), 0.0),
    "log(1 + exp(x))": (lambda x: np.log(1 + np.exp(x)), 1000.0),
    "log(cosh(x))": (lambda x: np.log(np.cosh(x)), 1000.0),
    "log(exp(x))": (lambda x: np.log(np.exp(x)), 1000.0),
    "exp(log(x))": (lambda x: np.exp(np.log(x)), 0.0),
    "arccos(x)**2": (lambda x: np.arccos(x) ** 2, 1.0),
    "hypot(sqrt(x), 1 + x)": (lambda x: np.hypot(np.sqrt(x), 1 + x), 0.0),
    "power of a power": (lambda x: ((x - 1.0) ** 3) ** (1 / 3), 1.0),
    "logaddexp(log(x), 0)": (lambda x: np.logaddexp(np.log(x), 0.0), 0.0),
}


@pytest.mark.parametrize("name", ACCIDENTS)
@pytest.mark.parametrize(
    "derivative",
    [
        lambda f, x: grad(f)(x),
        lambda f, x: jvp(f, (x,), (1.0,))[1],
        lambda f, x: jacfwd(f)(x),
        lambda f, x: grad(lambda xs: np.sum(f(xs)))(np.array([x, x]))[1],
        lambda f, x: vmap(grad(f))(np.array([x]))[0],
        lambda f, x: grad(lambda x: np.where(x < 1e9, f(x), 0.0))(x),
    ],
)
def test_accidental_zeros_are_nan_in_words(name, derivative):
    f, at = ACCIDENTS[name]
    with np.errstate(all="ignore"), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = derivative(f, np.float64(at))
    assert not np.isfinite(value)
    with np.errstate(all="ignore"):
        finite = np.isfinite(f(np.float64(at)))
    words = [w for w in caught if w.category is errors.UndefinedDerivativeWarning]
    if np.isnan(value) and finite:
        assert words
        assert words[0].filename == __file__


def test_the_words():
    def f(x):
        y = np.sqrt(x)
        return np.sum(y**2)

    with pytest.warns(errors.UndefinedDerivativeWarning) as caught:
        grad(f)(np.array([1.0, 4.0, 0.0]))
    (warning,) = caught
    assert str(warning.message) == (
        "a derivative is nan: that of np.sqrt with respect to x is not finite at entry "
        "[2], where the result is 0.0, and what it is combined with is 0 or not finite "
        "either. Write the function so that it is smooth there, such as np.sum(x**2) "
        "for np.sqrt(np.sum(x**2))**2, or keep this point away from the call with "
        "np.where."
    )
    assert warning.lineno == f.__code__.co_firstlineno + 1


@pytest.mark.parametrize(
    "derivative",
    [
        lambda f: grad(f),
        lambda f: jacrev(f),
        lambda f: jacfwd(f),
        lambda f: lambda x: jvp(f, (x,), (np.ones(3),))[1],
        lambda f: lambda x: linearize(f, x)[1](np.ones(3)),
        lambda f: lambda x: vmap(grad(f))(np.array([x]))[0],
        lambda f: grad(lambda x: np.sum(np.linalg.solve(np.eye(3), x)) + f(x)),
    ],
)
def test_infinite_derivatives_are_named(derivative):
    def f(x):
        y = np.sqrt(x)
        return np.sum(y)

    with pytest.warns(errors.UndefinedDerivativeWarning) as caught:
        got = derivative(f)(np.array([1.0, 4.0, 0.0]))
    assert np.isinf(got).any()
    assert not np.isnan(got).any()
    (warning,) = caught
    words = str(warning.message)
    assert words.startswith("a derivative is infinite: that of np.sqrt with respect to")
    assert words.endswith(
        "where the result is 0.0. Keep this point away from the call with np.where."
    )
    assert warning.lineno == f.__code__.co_firstlineno + 1


def test_a_derivative_that_is_too_large_is_named():
    """1e200 * 1e200 in a pullback; the value itself is finite."""
    with pytest.warns(errors.UndefinedDerivativeWarning, match="infinite.*np.multiply"):
        assert grad(lambda x: 1e200 * (1e200 * x))(0.0) == np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with np.errstate(over="ignore"):  # the value is infinite, which NumPy says
            assert grad(lambda x: 1e200 * (1e200 * x))(1.0) == np.inf


# Powers of lengths --------------------------------------------------------------------

LENGTHS = {
    "norm": lambda x: np.linalg.norm(x),
    "norm 2": lambda x: np.linalg.norm(x, 2),
    "rows": lambda x: np.linalg.norm(np.reshape(x, (1, 3)), axis=1),
    "abs": lambda x: np.abs(x[0]),
    "fabs": lambda x: np.fabs(x[0]),
    "hypot": lambda x: np.hypot(x[0], 2 * x[1]),
    "modulus": lambda x: np.abs(x[0] + 1j * x[1]),
    "std": lambda x: np.std(x),
    "std ddof": lambda x: np.std(x, ddof=1),
}

SQUARES = {
    "norm": lambda x: np.sum(x**2),
    "norm 2": lambda x: np.sum(x**2),
    "rows": lambda x: np.sum(x**2),
    "abs": lambda x: x[0] ** 2,
    "fabs": lambda x: x[0] ** 2,
    "hypot": lambda x: x[0] ** 2 + 4 * x[1] ** 2,
    "modulus": lambda x: x[0] ** 2 + x[1] ** 2,
    "std": lambda x: np.var(x),
    "std ddof": lambda x: np.var(x, ddof=1),
}


@pytest.mark.parametrize("name", LENGTHS)
@pytest.mark.parametrize("x", [np.zeros(3), np.array([0.3, -0.4, 1.2])])
def test_powers_of_lengths_are_smooth(name, x):
    v, w = np.array([1.0, -2.0, 0.5]), np.array([0.3, 0.7, -0.2])
    r, q = LENGTHS[name], SQUARES[name]
    pairs = [
        (lambda x: r(x) ** 2, q),
        (lambda x: np.square(r(x)), q),
        (lambda x: np.power(r(x), 4), lambda x: q(x) ** 2),
        (lambda x: -1 / np.sqrt(r(x) ** 2 + 0.5), lambda x: -1 / np.sqrt(q(x) + 0.5)),
    ]
    for f, same in pairs:
        f = lambda x, f=f: np.sum(f(x))  # noqa: E731
        for second in (
            lambda f: grad(f)(x),
            lambda f: hessian(f)(x),
            lambda f: hvp(f, (x,), (v,))[1],
            lambda f: jacrev(grad(f))(x),
            lambda f: jvp(lambda x: jvp(f, (x,), (v,))[1], (x,), (w,))[1],
            lambda f: vmap(hessian(f))(x[None]),
            lambda f: jvp(hessian(f), (x,), (v,))[1],
        ):
            got, want = quiet(lambda second=second, f=f: second(f)), second(same)
            np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-12)


def test_a_length_times_itself():
    def f(x):
        r = np.linalg.norm(x)
        return r * r

    np.testing.assert_array_equal(hessian(f)(np.zeros(2)), 2 * np.eye(2))


@pytest.mark.parametrize("name", ["norm", "std"])
def test_the_second_derivative_of_a_length_at_0(name):
    """The first is 0 by convention; the second is not finite, and that is said."""
    r = LENGTHS[name]
    np.testing.assert_array_equal(grad(r)(np.zeros(3)), 0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = hessian(r)(np.zeros(3))
    assert not np.all(np.isfinite(found))
    if np.any(np.isnan(found)):
        assert caught


def test_values_are_numpys():
    x = np.array([0.1, 0.2, 0.3])
    f = lambda x: np.linalg.norm(x) ** 2  # noqa: E731
    assert value_and_grad(f)(x)[0] == f(x)
    assert jacobian(lambda x: np.std(x) ** 3)(x).shape == (3,)


# Coefficients that happen to be zero --------------------------------------------------


@pytest.mark.filterwarnings("ignore::fgrad.errors.UndefinedDerivativeWarning")
@pytest.mark.parametrize(
    "fun",
    [
        np.linalg.norm,
        lambda y: np.std(y * np.array([1.0, 2.0, -1.0])),
        lambda y: np.linalg.norm(y) ** 3,
        lambda y: np.hypot(y[0], y[1]),
        lambda y: y @ y,
        lambda y: np.var(y, mean=np.zeros(1)),
        lambda y: np.prod(y[:2]) * y[0],
    ],
)
def test_a_coefficient_that_just_happens_to_be_zero(fun):
    """The derivative is not 0 * inf = 0: it is infinite, finite or does not exist."""

    def of_root(x):
        return fun(np.sqrt(x))

    x = np.array([0.0, 1.0, 4.0])
    e = np.array([1.0, 0.0, 0.0])
    assert np.isnan(grad(of_root)(x)[0])
    assert np.isnan(jvp(of_root, (x,), (e,))[1])
    assert np.isnan(jacfwd(of_root)(x)[0])
    assert np.isnan(linearize(of_root, x)[1](e))


def test_a_power_that_is_constant():
    """``nan**0`` is 1, whatever made the nan."""
    fun = lambda x: np.fmod(np.exp(x), x) ** 0 + x  # noqa: E731
    with np.errstate(all="ignore"):
        assert grad(fun)(0.0) == 1
        assert jvp(fun, (0.0,), (1.0,))[1] == 1
        assert hessian(fun)(0.0) == 0


def test_complex_cotangents_of_real_results():
    """What is 0 in a real result may have a cotangent in both parts."""
    fun = lambda x: np.sum(np.abs(1j * x[::-1] + 1))  # noqa: E731
    x = np.array([1.0, -np.inf, 2.0])
    with np.errstate(all="ignore"):
        for got in (grad(fun)(x), jacfwd(fun)(x)):
            np.testing.assert_allclose(got[[0, 2]], [0.5**0.5, 2 / 5**0.5])
            assert np.isnan(got[1])


@pytest.mark.parametrize(
    "fun",
    [
        lambda x: 1 / (1 / x + 2.0),
        lambda x: 1 / (1 / x),
        lambda x: 1 / np.exp(-np.log(x)),
        lambda x: 1 / np.sqrt(1 / x**2),
        lambda x: np.reciprocal(1 / x),
    ],
)
def test_division_by_infinity_hides_nothing(fun):
    """``1 / inf`` is 0, but not around this point."""
    with np.errstate(divide="ignore"):
        for derivative in (grad(fun), jacfwd(fun)):
            with pytest.warns(errors.UndefinedDerivativeWarning):
                assert np.isnan(derivative(np.float64(0)))


@pytest.mark.parametrize(
    "fun",
    [
        lambda x: np.sum(checkpoint(lambda x: np.sqrt(x) ** 2)(x)),
        lambda x: np.sum(checkpoint(np.square)(np.sqrt(x))),
        lambda x: np.sum(np.square(checkpoint(np.sqrt)(x))),
    ],
)
def test_accidental_zeros_in_a_checkpoint(fun):
    x = np.array([0.0, 2.0])
    for derivative in (
        grad(fun),
        jacfwd(fun),
        lambda x: jvp(fun, (x,), (np.ones(2),))[1],
    ):
        with pytest.warns(errors.UndefinedDerivativeWarning):
            got = derivative(x)
        assert np.any(np.isnan(got))


def test_masks_in_a_checkpoint_forward():
    fun = checkpoint(lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0)))
    x = np.array([0.0, 1.0])
    assert jvp(fun, (x,), (np.ones(2),))[1] == 0.5
    np.testing.assert_array_equal(jacfwd(fun)(x), [0, 0.5])
    np.testing.assert_array_equal(hessian(fun)(x), [[0, 0], [0, -0.25]])


def test_two_lengths_of_one_array():
    """``abs(x) * abs(x)`` is a power of a length, as ``abs(x)**2`` is."""
    assert hessian(lambda x: np.abs(x) * np.abs(x))(0.0) == 2
    norms = lambda x: np.linalg.norm(x) * np.linalg.norm(x)  # noqa: E731
    for second in (hessian(norms), jacfwd(jacfwd(norms))):
        np.testing.assert_array_equal(second(np.zeros(2)), 2 * np.eye(2))


@pytest.mark.filterwarnings("ignore::fgrad.errors.UndefinedDerivativeWarning")
def test_zeros_of_an_outer_transform_just_happen():
    """The cotangent is 0 at this point only: its derivative is infinite, not 0."""

    def pulled(w):
        return vjp(np.sqrt, np.array([0.0, 1.0]))[1](w)[0]

    w = np.array([0.0, 1.0])
    for mode in (jacfwd, jacrev):
        assert np.diag(mode(pulled)(w)).tolist() == [np.inf, 0.5]
    assert grad(lambda w: vjp(np.sqrt, 0.0)[1](w)[0])(0.0) == np.inf
