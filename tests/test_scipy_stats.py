"""`scipy.stats`: every distribution in all arguments, edges, mpmath at hard points."""

import numpy as np
import pytest
import scipy.stats as ss

from fgrad.scipy import stats
from fgrad.scipy.stats._continuous import NUMERICAL
from fgrad.scipy.stats._families import FAMILIES
from fgrad.testing import check_grads

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
    if isinstance(family._scipys, ss.rv_continuous) and name not in NUMERICAL
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
        *("tukeylambda", "weibull_max", "weibull_min"),
    ],
)
def test_moments(name):
    """Closed forms, integrals between fixed ends, and between ends that move."""
    family = getattr(stats, name)

    def moments(*given):
        return family.mean(*given), family.std(*given), family.entropy(*given)

    check_grads(moments, (*SHAPES[name], 0.2, 1.3), rtol=1e-8, order=1)
