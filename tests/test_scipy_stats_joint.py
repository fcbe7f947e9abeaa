"""Distributions of vectors and matrices, and kernel densities."""

import numpy as np
import pytest
import scipy.stats as ss

import fgrad
from fgrad.errors import MissingRuleError
from fgrad.scipy import stats
from fgrad.testing import check_grads

TIGHT = {"rtol": 1e-9, "order": 2}
RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(3, 3)), RNG.normal(size=(2, 2))
S, T = A @ A.T + 3 * np.eye(3), B @ B.T + 2 * np.eye(2)
M, X = RNG.normal(size=3), RNG.normal(size=(4, 3))
MEAN, SEVERAL = RNG.normal(size=(3, 2)), RNG.normal(size=(4, 3, 2))
ALPHA = np.array([0.7, 1.3, 2.4])
W = ss.wishart.rvs(5, S, random_state=1)


def sym(a):
    return (a + a.T) / 2


CALLS = {
    "normal": (
        lambda x, m, s: stats.multivariate_normal.logpdf(x, m, sym(s)),
        (X, M, S),
    ),
    "normal, density": (
        lambda x, m, s: stats.multivariate_normal.pdf(x, m, sym(s)),
        (X, M, S),
    ),
    "normal, of numbers": (
        lambda x, s: stats.multivariate_normal.logpdf(x, None, s),
        (X[:, 0], 1.3),
    ),
    "normal, of a diagonal": (
        lambda x, s: stats.multivariate_normal.logpdf(x, np.zeros(3), s),
        (X, np.array([1.0, 2.0, 3.0])),
    ),
    "normal, with parameters": (
        lambda x, m, s: (
            stats.multivariate_normal(m, sym(s)).logpdf(x),
            stats.multivariate_normal(m, cov=sym(s)).entropy(),
        ),
        (X, M, S),
    ),
    "t": (
        lambda x, m, s, df: stats.multivariate_t.logpdf(x, m, sym(s), df),
        (X, M, S, 3.3),
    ),
    "t, entropy": (
        lambda s, df: stats.multivariate_t.entropy(None, sym(s), df),
        (S, 3.3),
    ),
    "dirichlet": (
        lambda x, a: stats.dirichlet.logpdf(x, a),
        (np.array([0.2, 0.3]), ALPHA),
    ),
    "dirichlet, moments": (
        lambda a: (
            *(stats.dirichlet.mean(a), stats.dirichlet.var(a), stats.dirichlet.cov(a)),
            stats.dirichlet(a).entropy(),
        ),
        (ALPHA,),
    ),
    "wishart": (
        lambda x, df, s: stats.wishart.logpdf(sym(x), df, sym(s)),
        (W, 5.5, S),
    ),
    "wishart, moments": (
        lambda df, s: (
            *(stats.wishart.mean(df, sym(s)), stats.wishart.var(df, sym(s))),
            stats.wishart.entropy(df, sym(s)),
        ),
        (5.5, S),
    ),
    "invwishart": (
        lambda x, df, s: stats.invwishart.logpdf(sym(x), df, sym(s)),
        (W, 5.5, S),
    ),
    "invwishart, moments": (
        lambda df, s: (
            *(stats.invwishart.mean(df, sym(s)), stats.invwishart.var(df, sym(s))),
            stats.invwishart.entropy(df, sym(s)),
        ),
        (7.5, S),
    ),
    "matrix normal": (
        lambda x, m, s, t: stats.matrix_normal.logpdf(x, m, sym(s), sym(t)),
        (SEVERAL, MEAN, S, T),
    ),
    "matrix normal, entropy": (
        lambda s, t: stats.matrix_normal.entropy(sym(s), sym(t)),
        (S, T),
    ),
    "von Mises and Fisher": (
        lambda k: stats.vonmises_fisher.logpdf([0, 0, 1.0], [0.6, 0, 0.8], k),
        (1.4,),
    ),
    "dirichlet multinomial": (
        lambda a: (
            stats.dirichlet_multinomial.logpmf([1, 2, 4], a, 7),
            stats.dirichlet_multinomial.cov(a, 7),
            stats.dirichlet_multinomial.var(a, 7),
            stats.dirichlet_multinomial.mean(a, 7),
        ),
        (ALPHA,),
    ),
    "normal, draws": (
        lambda m, s: stats.multivariate_normal.rvs(m, sym(s), 4, random_state=2),
        (M, S),
    ),
    "t, draws": (
        lambda m, s: stats.multivariate_t.rvs(m, sym(s), 3.0, 4, random_state=2),
        (M, S),
    ),
    "matrix normal, draws": (
        lambda m, s, t: stats.matrix_normal.rvs(m, sym(s), sym(t), 4, random_state=2),
        (MEAN, S, T),
    ),
    "kernel density": (
        lambda x, data, w: stats.gaussian_kde(data, weights=w).logpdf(x),
        (X[:, :2].T, RNG.normal(size=(2, 5)), RNG.uniform(1, 2, 5)),
    ),
    "kernel density, silverman": (
        lambda x, data: stats.gaussian_kde(data, "silverman")(x),
        (X[:, 0], RNG.normal(size=6)),
    ),
    "kernel density, bandwidth": (
        lambda x, h: stats.gaussian_kde(X[:, 0], h).pdf(x),
        (X[:2, 1], 0.4),
    ),
}

if hasattr(stats, "normal_inverse_gamma"):  # SciPy 1.15
    CALLS["normal inverse gamma"] = (
        stats.normal_inverse_gamma.logpdf,
        (0.3, np.array([0.7, 1.2]), 0.2, 1.3, 2.4, 0.6),
    )


@pytest.mark.parametrize("name", CALLS)
def test_derivatives(name):
    check_grads(*CALLS[name], **TIGHT)


def test_points_in_a_plane():
    cov = np.diag([1.0, 2.0, 0.0])
    point = np.array([1.0, 2.0, 0.0])

    def loss(x, cov=cov):
        return stats.multivariate_normal.logpdf(x, None, cov, allow_singular=True)

    np.testing.assert_allclose(fgrad.grad(loss)(point), [-1, -1, 0])
    with pytest.raises(MissingRuleError, match="The matrix is singular, so no change"):
        fgrad.grad(lambda cov: loss(point, cov))(cov)


def test_counts_and_shares():
    slope = fgrad.grad(lambda p: stats.multinomial.logpmf([1, 2], 3, p))
    np.testing.assert_allclose(slope(np.array([0.4, 0.6])), [1 / 0.4, 2 / 0.6])
    cov = fgrad.jacobian(lambda p: stats.multinomial.cov(3, p))(np.array([0.4, 0.6]))
    np.testing.assert_allclose(cov[0, 0], [3 - 6 * 0.4, 0], atol=1e-15)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("multivariate_normal", (M, S)),
        ("multivariate_t", (M, S, 3.0)),
        ("dirichlet", (ALPHA,)),
        ("matrix_normal", (MEAN, S, T)),
    ],
)
def test_draws_are_scipys_numbers(name, given):
    seen = []

    def loss(first):
        draws = getattr(stats, name).rvs(first, *given[1:], size=3, random_state=5)
        seen.append(fgrad.stop_gradient(draws))
        return np.sum(draws)

    fgrad.grad(loss)(given[0])
    expected = getattr(ss, name).rvs(*given, size=3, random_state=5)
    np.testing.assert_array_equal(seen[0], expected)


def test_draws_of_shares_move_with_their_mean():
    """The pathwise derivative has the derivative of the mean as its mean."""
    slopes = fgrad.jacobian(
        lambda a: np.mean(stats.dirichlet.rvs(a, size=4000, random_state=1), 0)
    )(ALPHA)
    total = np.sum(ALPHA)
    expected = (total * np.eye(3) - ALPHA[:, None]) / total**2
    np.testing.assert_allclose(slopes, expected, atol=4e-3)
    np.testing.assert_allclose(np.sum(slopes, 0), 0, atol=1e-15)


def test_a_density_of_traced_data_has_no_other_methods():
    with pytest.raises(AttributeError) as caught:
        fgrad.grad(lambda x: stats.gaussian_kde(x).integrate_box_1d(0, 1))(X[:, 0])
    assert str(caught.value).startswith(
        "gaussian_kde of traced values has no attribute 'integrate_box_1d'; it has "
        "evaluate, pdf and logpdf."
    )
