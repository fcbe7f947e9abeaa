"""`fgrad.scipy.stats` as a room: words, forms of import, objects, draws, all axes."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import scipy.stats as ss

import fgrad
from fgrad.errors import ConversionError, MissingRuleError
from fgrad.numpy import random
from fgrad.scipy import stats
from fgrad.testing import check_grads

RNG = np.random.default_rng(13)
TIGHT = {"rtol": 1e-9, "order": 2}

# Calls without traced values, and objects ---------------------------------------------


def test_a_plain_call_is_scipys_own():
    x = RNG.normal(size=5)
    assert np.array_equal(stats.norm.logpdf(x, 0.3, 2), ss.norm.logpdf(x, 0.3, 2))
    frozen = stats.gamma(1.3, scale=2)
    np.testing.assert_array_equal(
        frozen.cdf([1, 2]), ss.gamma(1.3, scale=2).cdf([1, 2])
    )
    assert stats.skew(x) == ss.skew(x)
    assert stats.norm.fit(x) == ss.norm.fit(x)
    assert stats.norm.numargs == 0
    assert frozen.kwds == {"scale": 2}
    assert stats.gaussian_kde(x).factor == ss.gaussian_kde(x).factor
    np.testing.assert_array_equal(stats.gaussian_kde(x)(x), ss.gaussian_kde(x)(x))
    assert stats.anderson_ksamp.__name__ == "anderson_ksamp"
    assert stats.PermutationMethod is ss.PermutationMethod


@pytest.mark.parametrize("name", ["norm", "gamma", "t", "poisson"])
def test_traced_values_are_scipys_to_the_last_digit(name):
    family, shapes = (
        getattr(ss, name),
        {"gamma": (1.7,), "t": (2.5,), "poisson": (2.0,)},
    )
    given = (*shapes.get(name, ()), *(() if name == "poisson" else (0.3, 1.7)))
    x = np.array([0.0, 1.0, 4.0])
    methods = ["cdf", "logcdf", "sf", "logsf", "mean", "var", "entropy"]
    methods += ["pmf", "logpmf"] if name == "poisson" else ["pdf", "logpdf", "ppf"]
    for method in methods:
        points = () if method in ("mean", "var", "entropy") else (x,)
        seen = []

        def loss(*given, method=method, points=points, seen=seen):
            value = getattr(getattr(stats, name), method)(*points, *given)
            seen.append(fgrad.stop_gradient(value))
            return np.sum(given[0])

        with np.errstate(all="ignore"):
            fgrad.grad(loss)(*given)
        np.testing.assert_array_equal(seen[0], getattr(family, method)(*points, *given))


def test_objects_are_shown_and_pickle():
    assert repr(stats.norm) == "<fgrad.scipy.stats.norm>"
    assert repr(stats.norm(1, scale=2)) == "<fgrad.scipy.stats.norm(1, scale=2)>"
    assert pickle.loads(pickle.dumps(stats.norm)) is stats.norm
    frozen = pickle.loads(pickle.dumps(stats.norm(1, scale=2)))
    assert frozen.mean() == 1
    assert {"pdf", "rvs", "fit"} <= {*dir(stats.norm)}
    assert "norm" in dir(stats)


def test_forms_of_import():
    lines = [
        "from fgrad.scipy import stats; norm = stats.norm",
        "import fgrad.scipy.stats as st; assert st.norm is norm",
        "from fgrad.scipy.stats import norm",
        "import fgrad; assert fgrad.scipy.stats.norm is norm",
        "assert fgrad.grad(norm.logpdf)(0.5) == -0.5",
    ]
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True)


# Parameters of all kinds --------------------------------------------------------------


def test_parameters_by_position_and_by_name():
    def slopes(call):
        return fgrad.grad(lambda v: call(v[0], v[1], v[2]))(np.array([1.3, 0.2, 1.7]))

    one = slopes(lambda a, loc, scale: stats.gamma.logpdf(2.0, a, loc, scale))
    for call in (
        lambda a, loc, scale: stats.gamma.logpdf(2.0, a=a, loc=loc, scale=scale),
        lambda a, loc, scale: stats.gamma(a, loc, scale).logpdf(2.0),
        lambda a, loc, scale: stats.gamma(a, scale=scale, loc=loc).logpdf([2])[0],
    ):
        np.testing.assert_array_equal(slopes(call), one)


def test_broadcasting_lists_integers_and_size_0():
    x, a = RNG.uniform(1, 3, (4, 1)), np.array([1.2, 2.5, 3.3])
    check_grads(lambda x, a, s: stats.gamma.logpdf(x, a, scale=s), (x, a, 1.7), **TIGHT)
    slope = fgrad.grad(lambda s: np.sum(stats.norm.logpdf([1, 2], 0, s)))(2.0)
    assert slope == fgrad.grad(lambda s: np.sum(stats.norm.logpdf([1.0, 2.0], 0, s)))(
        2.0
    )
    assert fgrad.grad(lambda x: np.sum(stats.norm.pdf(x, 0, 1)))(np.ones(0)).shape == (
        0,
    )
    nothing = fgrad.grad(lambda a: np.sum(stats.gamma.cdf(np.ones(0), a)))(1.5)
    assert nothing == 0
    listed = fgrad.grad(lambda m: np.sum(stats.norm.logpdf(1.0, [m, 2 * m])))(0.5)
    assert listed == 0.5


def test_float32_stays_float32():
    x, a = np.float32([0.5, 1.5]), np.float32(1.7)
    slopes = fgrad.grad(lambda x, a: np.sum(stats.gamma.logpdf(x, a)), (0, 1))(x, a)
    assert [s.dtype for s in slopes] == [np.float32, np.float32]
    wide = fgrad.grad(lambda a: np.sum(stats.gamma.logpdf(x, a)))(1.7)
    assert abs(slopes[1] - wide) < 1e-6


@pytest.mark.parametrize("method", ["logpdf", "cdf", "logsf", "ppf", "mean"])
def test_vmap(method):
    call = getattr(stats.gamma, method)
    points = () if method == "mean" else (np.array([0.2, 0.5, 0.9]),)
    shapes = np.array([1.2, 2.5, 0.8])
    slope = fgrad.grad(call, tuple(range(len(points) + 1)))
    together = fgrad.vmap(slope)(*points, shapes)
    single = [slope(*(p[i] for p in points), shapes[i]) for i in range(3)]
    np.testing.assert_allclose(np.stack(together), np.transpose(single), rtol=1e-14)


def test_statistics_of_a_frozen_distribution():
    def loss(a, scale):
        dist = stats.gamma(a, scale=scale)
        low, high = dist.interval(0.9)
        mean, var = dist.stats()
        return dist.median() + high - low + mean * var + dist.entropy()

    check_grads(loss, (1.7, 2.3), **TIGHT)
    assert fgrad.grad(lambda m: stats.norm.nnlf([m, 1.0], np.ones(3)))(0.0) == -3


# Draws --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["norm", "gamma", "beta", "t", "lognorm", "vonmises"])
@pytest.mark.parametrize("seed", [3, "RandomState", "default_rng"])
def test_draws_are_scipys_numbers(name, seed):
    shapes = {"gamma": (1.7,), "beta": (1.3, 2.2), "t": (3.5,), "lognorm": (0.6,)}
    given = (*shapes.get(name, (2.0,) if name == "vonmises" else ()), 0.3, 1.7)
    made = (lambda r: seed) if seed == 3 else (lambda r: getattr(r, seed)(3))
    seen = []

    def loss(scale):
        draws = getattr(stats, name).rvs(
            *given[:-1], scale=scale, size=(4, 5), random_state=made(random)
        )
        seen.append(fgrad.stop_gradient(draws))
        return np.sum(draws)

    slope = fgrad.grad(loss)(given[-1])
    expected = getattr(ss, name).rvs(*given, size=(4, 5), random_state=made(np.random))
    if name == "vonmises":  # wraps around the circle twice
        np.testing.assert_allclose(seen[0], expected, rtol=1e-13)
    else:
        np.testing.assert_array_equal(seen[0], expected)
        assert abs(slope - np.sum(expected - 0.3) / 1.7) < 1e-12


@pytest.mark.parametrize("name", ["gamma", "beta", "t", "lognorm"])
def test_a_draw_moves_with_its_shape_as_a_quantile_does(name):
    shapes = {"gamma": (1.7,), "beta": (1.3, 2.2), "t": (3.5,), "lognorm": (0.6,)}[name]
    family = getattr(stats, name)
    q = getattr(ss, name).cdf(family.rvs(*shapes, size=6, random_state=1), *shapes)
    for order in (fgrad.jacobian, fgrad.hessian):
        slopes = order(lambda a: family.rvs(a, *shapes[1:], size=6, random_state=1))
        expected = order(lambda a: family.ppf(q, a, *shapes[1:]))
        np.testing.assert_allclose(slopes(shapes[0]), expected(shapes[0]), rtol=1e-8)


# Words --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x: ss.norm.logpdf(x), "norm"),
        (lambda x: ss.norm(0, 1).logpdf(x), "norm"),
        (lambda x: ss.gamma(x).mean(), "gamma"),
        (lambda x: ss.poisson.logpmf(2, x), "poisson"),
        (lambda x: ss.multivariate_normal.logpdf(x), "multivariate_normal"),
        (
            lambda x: ss.multivariate_normal(np.zeros(1)).logpdf(x),
            "multivariate_normal",
        ),
        (lambda x: ss.skew([x, 1.0]), "skew"),
        (lambda x: ss.zscore([x, 1.0])[0], "zscore"),
        (lambda x: ss.wasserstein_distance([x], [1.0]), "wasserstein_distance"),
        (lambda x: ss.gaussian_kde([1.0, 2.0]).logpdf(x)[0], "gaussian_kde"),
    ],
)
def test_the_plain_call_names_the_import(call, name):
    with pytest.raises(ConversionError) as caught:
        fgrad.grad(call)(1.0)
    advice = f"Use fgrad's own (from fgrad.scipy.stats import {name}) to keep it"
    assert advice in str(caught.value)


KNOWN = (
    "\nNo formula for this derivative is known to fgrad: pass stop_gradient of it, if "
    "it may be held fixed."
)
COUNT = "\nIt counts, so no derivative exists: pass a number that is not traced."


@pytest.mark.parametrize(
    ("call", "what", "hint"),
    [
        (lambda x: stats.nct.pdf(0.5, x, 1.0), "nct.pdf with respect to df", KNOWN),
        (lambda x: stats.nct.cdf(0.5, 2.0, x), "nct.cdf with respect to nc", KNOWN),
        (lambda x: stats.binom.pmf(2, x, 0.4), "binom.pmf with respect to n", COUNT),
        (lambda x: stats.poisson.pmf(x, 2.0), "poisson.pmf with respect to k", COUNT),
        (
            lambda x: stats.poisson.pmf(2, 2.0, x),
            "poisson.pmf with respect to loc",
            COUNT,
        ),
        (lambda x: stats.norm.fit([x, 1.0])[0], "norm.fit", ""),
        (
            lambda x: stats.norm.stats(x, moments="mvs")[2],
            "norm.stats(..., moments='s')",
            "",
        ),
        (
            lambda x: stats.skew([x, np.nan], nan_policy="omit"),
            "skew(..., nan_policy='omit') of samples with nan",
            "\nPick the other entries before: a[~np.isnan(a)].",
        ),
        (lambda x: stats.iqr([1.0, 2.0], rng=(x, 75)), "iqr with respect to rng", None),
    ],
)
def test_what_has_no_derivative_is_refused(call, what, hint):
    with pytest.raises(MissingRuleError) as caught:
        fgrad.grad(call)(1.0)
    words = str(caught.value)
    assert words.startswith(
        f"no derivative rule for scipy.stats.{what}, called at File"
    )
    assert words.endswith(hint or "")


def test_draws_of_whole_numbers_are_refused():
    with pytest.raises(
        MissingRuleError, match="It draws integers, which have no deriv"
    ):
        fgrad.grad(lambda m: stats.poisson.rvs(m))(2.0)


def test_functions_that_are_refused_say_what_to_write():
    with pytest.raises(ConversionError, match=r"use np\.sort, np\.quantile"):
        fgrad.grad(lambda x: stats.trim1(x, 0.2)[0])(np.ones(5))
    with pytest.raises(ConversionError, match="write its statistic with NumPy's"):
        fgrad.grad(lambda x: stats.shapiro(x).statistic)(np.arange(5.0))


def test_complex_numbers_are_refused():
    with pytest.raises(MissingRuleError) as caught:
        fgrad.grad(lambda z: abs(stats.norm.logpdf(z)))(1 + 0.5j)
    words = "no derivative rule for distributions of scipy.stats of complex numbers"
    assert str(caught.value).startswith(words)


def test_ranks_are_constant():
    def loss(x):
        assert stats.rankdata(x).tolist() == [1, 3, 2]
        return np.sum(x) + stats.spearmanr(x, [1, 2, 3]).statistic

    np.testing.assert_array_equal(fgrad.grad(loss)(np.array([0.1, 0.7, 0.3])), 1)
