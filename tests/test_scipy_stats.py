"""`scipy.stats`: every distribution in all arguments, edges, mpmath at hard points."""

import numpy as np
import pytest
import scipy
import scipy.stats as ss
from mpmath import mp

import fgrad
from fgrad.errors import MissingRuleError, UndefinedDerivativeWarning
from fgrad.scipy import stats
from fgrad.scipy.stats._continuous import NUMERICAL
from fgrad.scipy.stats._cumulative import CUMULATIVE
from fgrad.scipy.stats._discrete import HEAVY
from fgrad.scipy.stats._families import FAMILIES
from fgrad.scipy.stats._masses import COUNTS, LOGPMF
from fgrad.testing import check_grads

SCIPY = tuple(map(int, scipy.__version__.split(".")[:2]))
TIGHT = {"rtol": 1e-9, "order": 2}

SHAPES = {
    "alpha": (2.1,),
    "argus": (1.0,),
    "beta": (2.3, 1.6),
    "betaprime": (4.2, 5.6),
    "bradford": (0.3,),
    "burr": (5.5, 2.3),
    "burr12": (6.2, 2.4),
    "chi": (3.4,),
    "chi2": (5.3,),
    "crystalball": (1.2, 3.5),
    "dgamma": (1.6,),
    "dpareto_lognorm": (0.3, 0.7, 3.5, 2.0),
    "dweibull": (2.1,),
    "erlang": (3.0,),
    "exponnorm": (1.5,),
    "exponpow": (2.7,),
    "exponweib": (2.9, 1.9),
    "f": (9.0, 8.0),
    "fatiguelife": (1.7,),
    "fisk": (5.1,),
    "foldcauchy": (1.2,),
    "foldnorm": (1.9,),
    "gamma": (1.9,),
    "gausshyper": (2.3, 1.7, 1.2, 0.8),
    "genexpon": (1.3, 0.7, 2.1),
    "genextreme": (0.2,),
    "gengamma": (2.4, -1.3),
    "genhalflogistic": (0.4,),
    "genhyperbolic": (0.5, 1.5, -0.5),
    "geninvgauss": (2.3, 1.5),
    "genlogistic": (0.4,),
    "gennorm": (1.3,),
    "genpareto": (-0.3,),
    "gompertz": (0.9,),
    "halfgennorm": (0.7,),
    "invgamma": (4.1,),
    "invgauss": (1.4,),
    "invweibull": (4.6,),
    "jf_skew_t": (8.0, 4.0),
    "johnsonsb": (1.3, 1.2),
    "johnsonsu": (0.6, 1.2),
    "kappa3": (3.4,),
    "kappa4": (0.3, 0.2),
    "laplace_asymmetric": (2.0,),
    "loggamma": (0.4,),
    "loglaplace": (3.3,),
    "lognorm": (0.9,),
    "loguniform": (0.3, 1.7),
    "lomax": (3.9,),
    "mielke": (5.4, 4.6),
    "nakagami": (2.5,),
    "ncx2": (3.0, 1.1),
    "norminvgauss": (1.25, 0.5),
    "pareto": (3.6,),
    "pearson3": (-0.7,),
    "powerlaw": (1.7,),
    "powerlognorm": (2.1, 0.4),
    "powernorm": (4.4,),
    "rdist": (3.3,),
    "recipinvgauss": (0.6,),
    "reciprocal": (0.3, 1.7),
    "rel_breitwigner": (1.7,),
    "rice": (0.8,),
    "skewcauchy": (0.4,),
    "skewnorm": (2.0,),
    "t": (2.7,),
    "trapezoid": (0.2, 0.8),
    "triang": (0.3,),
    "truncexpon": (4.7,),
    "truncnorm": (-1.0, 1.3),
    "truncpareto": (2.0, 5.3),
    "truncweibull_min": (2.5, 0.2, 1.8),
    "tukeylambda": (0.4,),
    "vonmises": (1.3,),
    "vonmises_line": (1.3,),
    "weibull_max": (2.9,),
    "weibull_min": (1.8,),
    "wrapcauchy": (0.4,),
}
"""Of the distributions that have shapes."""

CONTINUOUS = sorted(
    name
    for name, family in FAMILIES.items()
    if isinstance(family._scipys, ss.rv_continuous)
    and name not in NUMERICAL | {"trapz"}  # an old name
)

QUADRATURE = {"gausshyper", "genhyperbolic", "geninvgauss", "norminvgauss"}
"""Whose cumulative probabilities SciPy integrates in Python, which takes its time."""

SEARCHED = (
    QUADRATURE
    | {"dpareto_lognorm", "rel_breitwigner", "vonmises", "f"}
    | {"vonmises_line"}
)
"""Whose quantiles SciPy finds by a search."""

TWICE = {"gamma", "genpareto", "norm", "powernorm", "skewcauchy", "t"}
"""Of all kinds of formulas there are: these are differentiated twice."""

OF_X = ("logpdf", "pdf", "cdf", "sf", "logcdf", "logsf")

FIXED = {"erlang": {0}, "ncx2": {0}}
"""Shapes that have no derivative, or have to be whole."""


@pytest.mark.parametrize("name", CONTINUOUS)
def test_probabilities(name):
    family, shapes = getattr(stats, name), SHAPES.get(name, ())
    methods = ("logpdf", "pdf") if name in QUADRATURE else OF_X
    held = {i: shapes[i] for i in FIXED.get(name, ())}
    moved = [shape for i, shape in enumerate(shapes) if i not in held]
    q = np.array([0.23, 0.71])
    x = getattr(ss, name).ppf(q, *shapes, 0.2, 1.3)

    def whole(moved):
        rest = iter(moved)
        return [held[i] if i in held else next(rest) for i in range(len(shapes))]

    def of_x(x, *parameters):
        *moved, loc, scale = parameters
        given = (x, *whole(moved), loc, scale)
        return [getattr(family, method)(*given) for method in methods]

    order = 2 if name in TWICE else 1
    check_grads(of_x, (x, *moved, 0.2, 1.3), rtol=1e-9, order=order)
    if name in QUADRATURE:
        check_grads(
            lambda a: family.cdf(x[0], a, *shapes[1:]), shapes[:1], rtol=1e-8, order=1
        )
    if name in SEARCHED:
        return

    def of_q(q, *parameters):
        *moved, loc, scale = parameters
        return family.ppf(q, *whole(moved), loc, scale), family.isf(
            q, *whole(moved), loc, scale
        )

    check_grads(of_q, (q, *moved, 0.2, 1.3), rtol=1e-8, order=1)


@pytest.mark.parametrize(
    "name",
    [
        *("argus", "beta", "betaprime", "burr12", "dgamma", "exponnorm", "gamma"),
        *("genextreme", "genhalflogistic", "gennorm", "genpareto", "invgamma"),
        *("invgauss", "laplace_asymmetric", "loguniform", "nakagami", "rdist"),
        *("skewnorm", "t", "trapezoid", "triang", "truncnorm", "truncpareto"),
        *("weibull_max", "weibull_min", *["tukeylambda"] * (SCIPY >= (1, 15))),
    ],
)
def test_moments(name):
    """Closed forms, integrals between fixed ends, and between ends that move."""
    family = getattr(stats, name)

    def moments(*given):
        return family.mean(*given), family.std(*given), family.entropy(*given)

    check_grads(moments, (*SHAPES[name], 0.2, 1.3), rtol=1e-8, order=1)


@pytest.mark.parametrize(
    "name", [n for n, (kind, _) in CUMULATIVE.items() if kind.startswith("log")]
)
def test_logarithms_of_the_table_are_whole(name):
    """What the other probabilities follow from may not lack a constant."""
    kind, formula = CUMULATIVE[name]
    family, shapes = getattr(ss, name), SHAPES[name]
    x = family.ppf([0.1, 0.5, 0.8], *shapes)
    expected = getattr(family, kind)(x, *shapes)
    np.testing.assert_allclose(formula(x, *shapes), expected, rtol=1e-12)


# Discrete -----------------------------------------------------------------------------

PARAMETERS = {
    "bernoulli": (0.3,),
    "betabinom": (5, 2.3, 0.63),
    "betanbinom": (5, 9.3, 1.2),
    "binom": (5, 0.4),
    "boltzmann": (1.4, 19),
    "dlaplace": (0.8,),
    "geom": (0.5,),
    "logser": (0.6,),
    "nbinom": (5.3, 0.5),
    "planck": (0.5,),
    "poisson": (0.6,),
    "skellam": (15.0, 8.0),
    "yulesimon": (11.0,),
    "zipf": (6.5,),
    "zipfian": (1.25, 10),
}


@pytest.mark.parametrize("name", LOGPMF)
def test_discrete(name):
    family, parameters = getattr(stats, name), PARAMETERS[name]
    names = family.shapes.split(", ")
    counts = [n in COUNTS.get(name, ()) for n in names]
    moved = [v for v, fixed in zip(parameters, counts, strict=True) if not fixed]
    k = getattr(ss, name).ppf([0.2, 0.8], *parameters)

    def whole(moved):
        rest = iter(moved)
        pairs = zip(parameters, counts, strict=True)
        return [v if fixed else next(rest) for v, fixed in pairs]

    def all_methods(*moved):
        given = whole(moved)
        methods = ["logpmf", "pmf", "cdf", "sf", "logcdf"]
        found = [getattr(family, method)(k, *given) for method in methods]
        return [*found, family.mean(*given), family.std(*given)]

    check_grads(all_methods, moved, **TIGHT)
    if name not in HEAVY:
        check_grads(lambda *v: family.entropy(*whole(v)), moved, rtol=1e-8, order=1)
    for i, fixed in enumerate(counts):
        if fixed:
            with pytest.raises(MissingRuleError, match="It counts"):
                fgrad.grad(
                    lambda v, i=i: family.logpmf(
                        k[0], *parameters[:i], v, *parameters[i + 1 :]
                    )
                )(float(parameters[i]))


# Edges --------------------------------------------------------------------------------


def slopes(method, *point):
    with np.errstate(all="ignore"):
        return fgrad.grad(method, tuple(range(len(point))))(*point)


@pytest.mark.parametrize(
    ("method", "point", "expected"),
    [
        (stats.gamma.pdf, (-1.0, 2.3), [0, 0]),  # outside of the support
        (stats.gamma.logpdf, (-1.0, 2.3), [0, 0]),
        (stats.gamma.cdf, (-1.0, 2.3), [0, 0]),
        (stats.beta.sf, (2.0, 2.3, 1.2), [0, 0, 0]),
        (stats.gamma.logpdf, (1.0, -2.3), [np.nan, np.nan]),  # invalid
        (stats.norm.pdf, (np.nan,), [np.nan]),
        (stats.norm.logpdf, (0.3, 0.1, -1.0), [np.nan] * 3),
        (stats.norm.pdf, (np.inf,), [0]),
        (stats.expon.pdf, (0.0,), [-1]),  # at the end, the slope inside
        (stats.gamma.pdf, (0.0, 2.3), [np.nan, np.nan]),  # or nan
        (stats.uniform.ppf, (0.0,), [1]),
        (stats.gamma.ppf, (0.0, 2.3), [np.inf, 0]),
        (stats.gamma.ppf, (1.5, 2.3), [np.nan, np.nan]),
        (stats.lomax.mean, (0.5,), [np.nan]),  # infinite
        (stats.t.logpdf, (0.5, np.inf), [-0.5, 0]),  # the normal distribution
    ],
)
@pytest.mark.filterwarnings("ignore::fgrad.errors.UndefinedDerivativeWarning")
def test_edges(method, point, expected):
    np.testing.assert_array_equal(slopes(method, *point), expected)


def test_whole_numbers_and_others():
    poisson = stats.poisson
    assert fgrad.grad(lambda m: poisson.pmf(1.5, m))(2.0) == 0
    slope = fgrad.grad(lambda m: poisson.cdf(1.5, m))(2.0)
    assert abs(slope + poisson.pmf(1, 2.0)) < 1e-15
    assert fgrad.grad(lambda p: stats.binom.sf(7, 5, p))(0.3) == 0
    assert np.isnan(fgrad.grad(lambda p: stats.binom.pmf(2, 5, p))(1.3))


def test_an_integral_that_is_not_precise_is_nan():
    with np.errstate(all="ignore"), pytest.warns(UndefinedDerivativeWarning):
        assert np.isnan(fgrad.grad(stats.genhalflogistic.var)(2.0))


# Against mpmath -----------------------------------------------------------------------


def upper_gamma(x, a):
    return mp.gammainc(a, x, mp.inf, regularized=True)


def lower_gamma(x, a):
    return mp.gammainc(a, 0, x, regularized=True)


def lower_beta(x, a, b):
    return mp.betainc(a, b, 0, x, regularized=True)


def above_inverse_gauss(x, mu):
    second = mp.exp(2 / mu) * mp.ncdf(-(x / mu + 1) / mp.sqrt(x))
    return mp.ncdf(-(x / mu - 1) / mp.sqrt(x)) - second


def between(a, b):
    return mp.ncdf(-a) - mp.ncdf(-b)


CAUCHY = 1e9 if SCIPY >= (1, 15) else 10.0  # before, SciPy's own value is rounded

TRUTH = [
    ("norm", "logcdf", lambda x: mp.log(mp.ncdf(x)), (-40.0,)),
    ("norm", "logsf", lambda x: mp.log(mp.ncdf(-x)), (30.0,)),
    ("gamma", "logsf", lambda x, a: mp.log(upper_gamma(x, a)), (200.0, 2.5)),
    ("gamma", "logcdf", lambda x, a: mp.log(lower_gamma(x, a)), (3.0, 50.0)),
    (
        "gamma",
        "logpdf",
        lambda x, a: (a - 1) * mp.log(x) - x - mp.loggamma(a),
        (1e-8, 1e-3),
    ),
    ("weibull_min", "logsf", lambda x, c: -(x**c), (50.0, 2.3)),
    (
        "t",
        "logsf",
        lambda x, df: mp.log(lower_beta(df / (df + x * x), df / 2, mp.mpf(0.5))),
        (1e4, 3.0),
    ),
    ("beta", "logcdf", lambda *v: mp.log(lower_beta(*v)), (1e-5, 0.01, 2.0)),
    (
        "beta",
        "logsf",
        lambda x, a, b: mp.log(lower_beta(1 - x, b, a)),
        (0.999, 0.5, 20),
    ),
    ("genpareto", "logsf", lambda x, c: -mp.log(1 + c * x) / c, (3.0, 1e-9)),
    ("lognorm", "logcdf", lambda x, s: mp.log(mp.ncdf(mp.log(x) / s)), (1e-8, 0.7)),
    ("invgauss", "sf", above_inverse_gauss, (20.0, 0.7)),
    (
        "truncnorm",
        "logpdf",
        lambda x, a, b: -x * x / 2 - mp.log(between(a, b)),
        (30.1, 30.0, 31.0),
    ),
    (
        "truncnorm",
        "logcdf",
        lambda x, a, b: mp.log(between(a, x)) - mp.log(between(a, b)),
        (30.1, 30.0, 31.0),
    ),
    (
        "exponnorm",
        "cdf",
        lambda x, k: mp.ncdf(x) - mp.exp(1 / (2 * k * k) - x / k) * mp.ncdf(x - 1 / k),
        (0.3, 0.02),
    ),
    ("burr12", "logsf", lambda x, c, d: -d * mp.log(1 + x**c), (1e3, 2.0, 3.0)),
    ("gumbel_r", "logsf", lambda x: mp.log(1 - mp.exp(-mp.exp(-x))), (40.0,)),
    ("cauchy", "logsf", lambda x: mp.log(mp.atan(1 / x)), (CAUCHY,)),
    (
        "powernorm",
        "logcdf",
        lambda x, c: mp.log(-mp.expm1(c * mp.log1p(-mp.ncdf(x)))),
        (-20.0, 2.0),
    ),
]
"""The distribution, its method, that of mpmath up to a constant, and the point."""


@pytest.mark.parametrize(("name", "method", "truth", "point"), TRUTH)
def test_truth(name, method, truth, point):
    point = tuple(map(float, point))
    got = slopes(getattr(getattr(stats, name), method), *point)
    with mp.workdps(40):
        for i, mine in enumerate(got):
            step = abs(mp.mpf(point[i])) * mp.mpf(10) ** -12
            ends = [
                truth(*(mp.mpf(y) + (i == j) * s * step for j, y in enumerate(point)))
                for s in (1, -1)
            ]
            expected = (ends[0] - ends[1]) / (2 * step)
            assert abs(mine - expected) <= 1e-11 * abs(expected)


def log_pearson3(z, skew):
    alpha = 4 / skew**2
    y = alpha + 2 * z / skew
    front = mp.log(abs(2 / skew)) - mp.loggamma(alpha)
    return front + (alpha - 1) * mp.log(y) - y


@pytest.mark.parametrize("point", [(0.2, -5e-4), (-2.2, 2e-5), (0.3, 0.09), (1.3, 2.0)])
def test_small_skews(point):
    """Where the gamma function has a large argument, and its derivatives cancel."""
    with mp.workdps(60):
        z, skew = map(mp.mpf, point)
        of_skew = lambda x: mp.diff(lambda s: log_pearson3(x, s), skew)  # noqa: E731
        got = slopes(stats.pearson3.logpdf, *point)[1]
        assert abs(got - of_skew(z)) <= 1e-12 * abs(got)
    if point[1] < 1:
        with mp.workdps(40):
            ends = (-12, -3, z) if z < 0 else (-12, -3, 0, z)
            truth = mp.quad(
                lambda x: mp.exp(log_pearson3(x, skew)) * of_skew(x), ends, maxdegree=6
            )
        got = slopes(stats.pearson3.cdf, *point)[1]
        assert abs(got - truth) <= 1e-11 * abs(truth)


def test_points_that_are_far_away():
    """exp(z) is 0 there, and so is SciPy's density of the second one."""
    slope = fgrad.grad(stats.loggamma.logcdf, 1)(-2289.35, 0.00065)
    assert abs(slope / (-2289.35 - float(mp.digamma(1.00065))) - 1) < 1e-14
    point = (-906.13, 814.037)
    expected = np.exp(ss.dgamma.logpdf(*point))
    assert abs(fgrad.grad(stats.dgamma.cdf)(*point) / expected - 1) < 1e-14
    assert fgrad.grad(stats.genextreme.cdf, 1)(-5e175, 6565.7) > 3e-6


def test_an_entropy_that_scipy_integrates_with_fewer_digits():
    """By mpmath, for 40 digits: SciPy's own is right to five."""
    got = fgrad.grad(stats.crystalball.entropy)(1.2, 3.5)
    assert abs(got + 0.5740874538032466) < 1e-13


def test_one_sample_has_no_spread_around_the_circle():
    gradient = fgrad.grad(lambda x: stats.circstd(x))(np.array([0.3]))
    np.testing.assert_array_equal(gradient, [0.0])


def test_sums_that_would_not_end_are_refused():
    with pytest.raises(MissingRuleError) as caught:
        fgrad.grad(stats.planck.entropy)(1e-6)
    assert str(caught.value).startswith(
        "no derivative rule for scipy.stats.planck.entropy as a sum over 2e+07 "
        "numbers, called at "
    )
