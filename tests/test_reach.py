"""Entries that depend on no argument, and constants that stand in the place of nan."""

import warnings

import numpy as np
import pytest

import fgrad.numpy as fnp
from fgrad import checkpoint, errors, grad, hessian, jacfwd, jacrev, jvp, vmap
from fgrad.testing import stencil


def derivative(fun, x):
    return stencil(lambda xs: [fun(xs[0])], [x], [1.0])[0]


POINTS = np.random.default_rng(0).random((4, 3))


def distances(c):
    """All distances between points: those of a point from itself are constant."""
    d = c[None] - c[:, None]
    return np.sqrt(np.sum(d**2, axis=-1))


def lengths(c):
    """The same by a function that knows what to do at 0."""
    return np.linalg.norm(c[None] - c[:, None], axis=-1)


def without_index(c):
    d = np.expand_dims(c, 0) - np.expand_dims(c, 1)
    return np.sqrt(np.sum(d**2, axis=-1))


def of_a_cloud(x):
    """The distances after the points have moved; the own ones stay the constant 0."""
    return distances(np.tanh(x * POINTS))


def of_a_length(x):
    d = (POINTS[:, None] - POINTS[None]) ** 2
    return np.exp(-np.sqrt(np.sum(d / x**2, axis=-1)))


def stacked(x):
    return np.sqrt(np.stack([x - x, x, 2 * x]))


SCALAR = [of_a_cloud, of_a_length, stacked]


@pytest.mark.parametrize("fun", [distances, without_index])
def test_distances_of_points_from_themselves(fun):
    got = grad(lambda c: np.sum(fun(c)))(POINTS)
    want = grad(lambda c: np.sum(lengths(c)))(POINTS)
    np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-14)
    second = hessian(lambda c: np.sum(fun(c) ** 3))(POINTS)
    want = hessian(lambda c: np.sum(lengths(c) ** 3))(POINTS)
    np.testing.assert_allclose(second, want, rtol=1e-12, atol=1e-12)
    inner = grad(checkpoint(lambda c: np.sum(fun(c))))(POINTS)
    np.testing.assert_allclose(inner, got, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("fun", SCALAR)
def test_constants_below_an_infinite_derivative(fun):
    """In all modes and orders: no nan, and no word."""

    def total(x):
        return np.sum(fun(x))

    slope = derivative(total, 1.3)
    curve = derivative(grad(total), 1.3)
    for got in (
        grad(total)(1.3),
        jvp(total, (1.3,), (1.0,))[1],
        jacrev(total)(1.3),
        jacfwd(total)(1.3),
        grad(checkpoint(total))(1.3),
        vmap(grad(total))(np.array([1.3, 2.0]))[0],
    ):
        np.testing.assert_allclose(got, slope, rtol=1e-9, atol=1e-9)
    for got in (
        hessian(total)(1.3),
        grad(grad(total))(1.3),
        jvp(grad(total), (1.3,), (1.0,))[1],
        grad(lambda x: jvp(total, (x,), (1.0,))[1])(1.3),
        vmap(hessian(total))(np.array([1.3, 2.0]))[0],
    ):
        np.testing.assert_allclose(got, curve, rtol=1e-9, atol=1e-9)


def test_a_sum_of_infinities_is_not_mute():
    """inf - inf in the sum of a leaf: zero if it is constant, else nan in words."""
    assert grad(lambda x: np.sqrt(x - x))(1.0) == 0
    with pytest.warns(errors.UndefinedDerivativeWarning, match=r"np\.sqrt"):
        assert np.isnan(grad(lambda x: np.sqrt(x) - np.sqrt(2 * x))(0.0))


def test_each_term_of_a_sum_is_judged():
    """The diagonal is constant; two different points at one place are not."""
    twins = np.array([[0.0, 1.0], [0.0, 1.0], [2.0, 3.0]])
    with pytest.warns(errors.UndefinedDerivativeWarning, match=r"np\.sqrt"):
        got = grad(lambda c: np.sum(distances(c)))(twins)
    assert np.isnan(got[:2]).all()
    assert np.isfinite(got[2]).all()


# Constants in the place of nan --------------------------------------------------------

DATA = np.array([1.0, np.nan, 3.0])

FILLS = {
    "nan_to_num": lambda y: np.sum(np.nan_to_num(y)),
    "nansum": lambda y: np.nansum(y),
    "nanmean": lambda y: np.nanmean(y),
    "nanprod": lambda y: np.nanprod(y),
    "nancumsum": lambda y: np.sum(np.nancumsum(y)),
    "nancumprod": lambda y: np.sum(np.nancumprod(y)),
}

MODELS = {
    "residual": lambda w: (DATA - 2 * w) ** 2,
    "weighted": lambda w: DATA * w,
    "transformed": lambda w: np.exp(-w * np.sin(DATA)) / (1 + w),
    "joined": lambda w: fnp.stack([w * DATA[1], w, 3.0 * w]),
    "of a negative number": lambda w: np.sqrt(w * np.array([1.0, -1.0, 2.0])),
}


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("model", MODELS)
def test_missing_data(fill, model):
    """What is nan for any argument has no part in the derivative."""

    def fun(w):
        return FILLS[fill](MODELS[model](w))

    with np.errstate(invalid="ignore"):
        slope = derivative(fun, 0.7)
        curve = derivative(grad(fun), 0.7)
        np.testing.assert_allclose(grad(fun)(0.7), slope, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(
            jvp(fun, (0.7,), (1.0,))[1], slope, rtol=1e-9, atol=1e-9
        )
        np.testing.assert_allclose(hessian(fun)(0.7), curve, rtol=1e-9, atol=1e-9)
        got = jvp(grad(fun), (0.7,), (1.0,))[1]
        np.testing.assert_allclose(got, curve, rtol=1e-9, atol=1e-9)
        got = vmap(grad(fun))(np.array([0.7, 0.9]))[0]
        np.testing.assert_allclose(got, slope, rtol=1e-9, atol=1e-9)


def rotated(r):
    """Rodrigues' formula, as it is often written: a 0 / 0 becomes 0."""
    angle = np.linalg.norm(r)
    with np.errstate(invalid="ignore"):
        v = np.nan_to_num(r / angle)
    x = np.array([1.0, 2.0, 3.0])
    return np.cos(angle) * x + np.sin(angle) * np.cross(v, x)


ENDS = np.array([0.0, 1.0])

HIDDEN_POLES = {
    "0 / 0": lambda x: np.nan_to_num(x / np.abs(x)),
    "0 * inf": lambda x: np.nan_to_num(x * np.log(x)),
    "0 / 0, then more": lambda x: np.nansum(np.sin(x / np.sqrt(x)) * [1.0, 2.0]),
    "mean": lambda x: np.nanmean((x - ENDS) / np.abs(x - ENDS)),
    "rotation": lambda x: rotated(x * np.ones(3))[0],
}


@pytest.mark.filterwarnings("ignore:.*encountered:RuntimeWarning")
@pytest.mark.parametrize("name", HIDDEN_POLES)
@pytest.mark.parametrize(
    "derived",
    [
        grad,
        jacfwd,
        lambda f: lambda x: jvp(f, (x,), (1.0,))[1],
        lambda f: lambda x: vmap(grad(f))(np.array([x]))[0],
        lambda f: grad(checkpoint(f)),
    ],
)
def test_a_pole_behind_a_constant_is_nan_in_words(name, derived):
    fun = HIDDEN_POLES[name]
    with pytest.warns(errors.UndefinedDerivativeWarning):
        assert np.isnan(derived(fun)(0.0))


QUANTILES = {
    "left out": lambda y: np.nanquantile(y, 0.5),
    "some": lambda y: np.sum(np.nanpercentile(y, [30, 60])),
    "of others": lambda y: np.quantile(np.where(y > 0, y, 0.0), 0.8),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", QUANTILES)
def test_what_a_quantile_leaves_out(name):
    """It has no part in the derivative, as behind a mask, in all modes."""
    x = np.array([0.0, 1.0, 3.0])

    def f(x):
        return QUANTILES[name](np.sin(x) / x)

    slope = [
        0.0,
        *grad(lambda y: QUANTILES[name](fnp.stack([np.nan, *np.sin(y) / y])))(x[1:]),
    ]
    for got in (grad(f)(x), jacfwd(f)(x), vmap(grad(f))(x[None])[0]):
        np.testing.assert_allclose(got, slope, rtol=1e-12)
    np.testing.assert_allclose(hessian(f)(x)[0], 0)
    np.testing.assert_allclose(hessian(f)(x), jacfwd(jacfwd(f))(x), rtol=1e-12)


def test_a_traced_q_is_no_mask():
    """The quantile sqrt(x) of 0 and sqrt(x) is x: its derivative is 1, and not 0."""

    def f(x):
        root = np.sqrt(x)
        return np.quantile(root * np.array([0.0, 1.0]), root)

    for derived in (grad, jacfwd):
        assert derived(f)(0.25) == 1
        with pytest.warns(errors.UndefinedDerivativeWarning):
            assert not np.isfinite(derived(f)(0.0))


def test_the_words_at_a_hidden_pole():
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert np.isnan(jacrev(rotated)(np.zeros(3))).any()
    words = [str(w.message) for w in said if w.category is not RuntimeWarning]
    assert len(words) == 1
    assert "that of the replacement of nan with respect to x" in words[0]
