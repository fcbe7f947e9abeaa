"""Distributions of statistics, and their inverses in each argument.

Each is an incomplete gamma or beta function of simple arguments. An inverse in one
argument moves with another one so that the probability stays.
"""

import math
from typing import Any

import numpy as np

import fgrad.scipy._special as sp
from fgrad._engine.box import primal, values
from fgrad._engine.rules import defvjp
from fgrad.scipy.special._bessel import log_ive
from fgrad.scipy.special._entropy import exprel_slope
from fgrad.scipy.special._incomplete import (
    beta_density,
    betainc_slope,
    gamma_density,
    gammainc_slope,
)
from fgrad.scipy.special._words import COUNT, KNOWN, ORDER

__all__: list[str] = []

# Gamma, chi-squared and Poisson -------------------------------------------------------


def gdtr_slopes(a: Any, b: Any, x: Any) -> tuple[Any, Any, Any]:
    """Of ``gammainc(b, a x)`` in a, b and x."""
    ax = np.multiply(a, x)
    density = gamma_density(b, ax)
    return x * density, gammainc_slope(1, b, ax), a * density


for _fun, _sign in ((sp.gdtr, 1), (sp.gdtrc, -1)):
    defvjp(
        _fun,
        a=lambda g, a, b, x, sign=_sign: g * sign * gdtr_slopes(a, b, x)[0],
        b=lambda g, a, b, x, sign=_sign: g * sign * gdtr_slopes(a, b, x)[1],
        x=lambda g, a, b, x, sign=_sign: g * sign * gdtr_slopes(a, b, x)[2],
    )


def inverse(g: Any, slopes: Any, k: int, moved: int | None = None) -> Any:
    """How argument k, the result of an inverse, moves with argument `moved`.

    Without `moved`, how it moves with the probability.
    """
    return g / slopes[k] if moved is None else -g * slopes[moved] / slopes[k]


defvjp(
    sp.gdtria,
    p=lambda g, ans, b, x: inverse(g, gdtr_slopes(ans, b, x), 0),
    b=lambda g, ans, b, x: inverse(g, gdtr_slopes(ans, b, x), 0, 1),
    x=lambda g, ans, b, x: inverse(g, gdtr_slopes(ans, b, x), 0, 2),
)
defvjp(
    sp.gdtrib,
    a=lambda g, ans, a, x: inverse(g, gdtr_slopes(a, ans, x), 1, 0),
    p=lambda g, ans, a, x: inverse(g, gdtr_slopes(a, ans, x), 1),
    x=lambda g, ans, a, x: inverse(g, gdtr_slopes(a, ans, x), 1, 2),
)
defvjp(
    sp.gdtrix,
    a=lambda g, ans, a, b: inverse(g, gdtr_slopes(a, b, ans), 2, 0),
    b=lambda g, ans, a, b: inverse(g, gdtr_slopes(a, b, ans), 2, 1),
    p=lambda g, ans, a, b: inverse(g, gdtr_slopes(a, b, ans), 2),
)


def chdtr_slopes(v: Any, x: Any) -> tuple[Any, Any]:
    """Of ``gammainc(v / 2, x / 2)`` in v and x."""
    a, y = np.divide(v, 2), np.divide(x, 2)
    return gammainc_slope(1, a, y) / 2, gamma_density(a, y) / 2


for _fun, _sign in ((sp.chdtr, 1), (sp.chdtrc, -1)):
    defvjp(
        _fun,
        v=lambda g, v, x, sign=_sign: g * sign * chdtr_slopes(v, x)[0],
        x=lambda g, v, x, sign=_sign: g * sign * chdtr_slopes(v, x)[1],
    )
defvjp(
    sp.chdtri,  # of the complement
    v=lambda g, ans, v: inverse(g, chdtr_slopes(v, ans), 1, 0),
    p=lambda g, ans, v: -inverse(g, chdtr_slopes(v, ans), 1),
)
defvjp(
    sp.chdtriv,
    p=lambda g, ans, x: inverse(g, chdtr_slopes(ans, x), 0),
    x=lambda g, ans, x: inverse(g, chdtr_slopes(ans, x), 0, 1),
)


def pdtr_slopes(k: Any, m: Any) -> tuple[Any, Any]:
    """Of ``gammaincc(k + 1, m)`` in k and m."""
    a = np.add(k, 1.0)
    return -gammainc_slope(1, a, m), -gamma_density(a, m)


for _fun, _sign in ((sp.pdtr, 1), (sp.pdtrc, -1)):
    defvjp(
        _fun,
        lacks={"k": COUNT},
        m=lambda g, k, m, sign=_sign: g * -sign * gamma_density(np.floor(k) + 1.0, m),
    )
defvjp(
    sp.pdtri,
    lacks={"k": COUNT},
    y=lambda g, ans, k: -g / gamma_density(np.add(k, 1.0), ans),
)


def unclipped(g: Any, ans: Any) -> Any:
    """The cotangent of a count: SciPy's is 0 also where it would be negative."""
    return g * np.greater(ans, 0)


defvjp(
    sp.pdtrik,
    p=lambda g, ans, m: inverse(unclipped(g, ans), pdtr_slopes(ans, m), 0),
    m=lambda g, ans, m: inverse(unclipped(g, ans), pdtr_slopes(ans, m), 0, 1),
)

# Beta and F ---------------------------------------------------------------------------


def beta_slopes(a: Any, b: Any, x: Any) -> tuple[Any, Any, Any]:
    """Of `betainc` in a, b and x."""
    return (
        betainc_slope(1, 0, a, b, x),
        betainc_slope(0, 1, a, b, x),
        beta_density(a, b, x),
    )


defvjp(
    sp.btdtria,
    p=lambda g, ans, b, x: inverse(g, beta_slopes(ans, b, x), 0),
    b=lambda g, ans, b, x: inverse(g, beta_slopes(ans, b, x), 0, 1),
    x=lambda g, ans, b, x: inverse(g, beta_slopes(ans, b, x), 0, 2),
)
defvjp(
    sp.btdtrib,  # of a, p and x
    x1=lambda g, ans, x1, x3: inverse(g, beta_slopes(x1, ans, x3), 1, 0),
    x2=lambda g, ans, x1, x3: inverse(g, beta_slopes(x1, ans, x3), 1),
    x3=lambda g, ans, x1, x3: inverse(g, beta_slopes(x1, ans, x3), 1, 2),
)


def fdtr_slopes(dfn: Any, dfd: Any, x: Any) -> tuple[Any, Any, Any]:
    """Of ``betainc(dfn / 2, dfd / 2, dfn x / (dfd + dfn x))`` in dfn, dfd and x.

    From the end that is nearer: there, the argument has all its digits.
    """
    scaled = np.multiply(dfn, x)
    total = np.add(dfd, scaled)
    far = np.greater(primal(scaled), primal(dfd))
    a, b = np.divide(dfn, 2), np.divide(dfd, 2)
    first, second, density = beta_slopes(
        np.where(far, b, a), np.where(far, a, b), np.where(far, dfd, scaled) / total
    )
    in_a, in_b = np.where(far, -second, first), np.where(far, -first, second)
    density = density / total / total
    return (
        in_a / 2 + density * dfd * x,
        in_b / 2 - density * dfn * x,
        density * dfn * dfd,
    )


for _fun, _sign in ((sp.fdtr, 1), (sp.fdtrc, -1)):
    defvjp(
        _fun,
        dfn=lambda g, dfn, dfd, x, s=_sign: g * s * fdtr_slopes(dfn, dfd, x)[0],
        dfd=lambda g, dfn, dfd, x, s=_sign: g * s * fdtr_slopes(dfn, dfd, x)[1],
        x=lambda g, dfn, dfd, x, s=_sign: g * s * fdtr_slopes(dfn, dfd, x)[2],
    )
defvjp(
    sp.fdtri,
    dfn=lambda g, ans, dfn, dfd: inverse(g, fdtr_slopes(dfn, dfd, ans), 2, 0),
    dfd=lambda g, ans, dfn, dfd: inverse(g, fdtr_slopes(dfn, dfd, ans), 2, 1),
    p=lambda g, ans, dfn, dfd: inverse(g, fdtr_slopes(dfn, dfd, ans), 2),
)
defvjp(
    sp.fdtridfd,
    dfn=lambda g, ans, dfn, x: inverse(g, fdtr_slopes(dfn, ans, x), 1, 0),
    p=lambda g, ans, dfn, x: inverse(g, fdtr_slopes(dfn, ans, x), 1),
    x=lambda g, ans, dfn, x: inverse(g, fdtr_slopes(dfn, ans, x), 1, 2),
)

# Binomial and negative binomial -------------------------------------------------------


def bdtr_slopes(k: Any, n: Any, p: Any) -> tuple[Any, Any, Any]:
    """Of ``betainc(n - k, k + 1, 1 - p)`` in k, n and p."""
    a, b = np.subtract(n, k) * 1.0, np.add(k, 1.0)
    in_a, in_b, density = beta_slopes(a, b, np.subtract(1, p))
    return in_b - in_a, in_a, -density


def nbdtr_slopes(k: Any, n: Any, p: Any) -> tuple[Any, Any, Any]:
    """Of ``betainc(n, k + 1, p)`` in k, n and p."""
    in_a, in_b, density = beta_slopes(np.multiply(n, 1.0), np.add(k, 1.0), p)
    return in_b, in_a, density


def bdtr_density(k: Any, n: Any, p: Any) -> Any:
    """How much of the probability passes k, when p rises."""
    k = np.floor(primal(k))
    return beta_density(k + 1.0, n - k, p)


def nbdtr_density(k: Any, n: Any, p: Any) -> Any:
    """The same for the number of failures."""
    return beta_density(np.multiply(n, 1.0), np.floor(primal(k)) + 1.0, p)


for _fun, _density, _sign in (
    (sp.bdtr, bdtr_density, -1),
    (sp.bdtrc, bdtr_density, 1),
    (sp.nbdtr, nbdtr_density, 1),
    (sp.nbdtrc, nbdtr_density, -1),
):
    defvjp(
        _fun,
        lacks={"k": COUNT, "n": COUNT},
        p=lambda g, k, n, p, f=_density, sign=_sign: g * sign * f(k, n, p),
    )
for _fun, _density, _sign in (
    (sp.bdtri, bdtr_density, -1),
    (sp.nbdtri, nbdtr_density, 1),
):
    defvjp(
        _fun,
        lacks={"k": COUNT, "n": COUNT},
        y=lambda g, ans, k, n, f=_density, sign=_sign: g * sign / f(k, n, ans),
    )
for _fun, _slopes in ((sp.bdtrik, bdtr_slopes), (sp.nbdtrik, nbdtr_slopes)):
    defvjp(
        _fun,
        y=lambda g, ans, n, p, f=_slopes: inverse(unclipped(g, ans), f(ans, n, p), 0),
        n=lambda g, ans, n, p, f=_slopes: inverse(
            unclipped(g, ans), f(ans, n, p), 0, 1
        ),
        p=lambda g, ans, n, p, f=_slopes: inverse(
            unclipped(g, ans), f(ans, n, p), 0, 2
        ),
    )
for _fun, _slopes in ((sp.bdtrin, bdtr_slopes), (sp.nbdtrin, nbdtr_slopes)):
    defvjp(
        _fun,
        k=lambda g, ans, k, p, f=_slopes: inverse(g, f(k, ans, p), 1, 0),
        y=lambda g, ans, k, p, f=_slopes: inverse(g, f(k, ans, p), 1),
        p=lambda g, ans, k, p, f=_slopes: inverse(g, f(k, ans, p), 1, 2),
    )

# Student's t --------------------------------------------------------------------------


def t_density(df: Any, t: Any) -> Any:
    """Student's density."""
    power = (np.add(df, 1) / 2) * np.log1p(np.divide(np.square(t), df))
    return np.exp(-power - sp.betaln(0.5, np.divide(df, 2)) - np.log(df) / 2)


def stdtr_slopes(df: Any, t: Any) -> tuple[Any, Any]:
    """Of ``1/2 + sign(t) betainc(1/2, df/2, t**2 / (df + t**2)) / 2`` in df and t."""
    square, half = np.square(t), np.divide(df, 2)
    density = t_density(df, t)
    total = df + square
    tail = np.greater(square, df)
    inner = betainc_slope(0, 1, 0.5, half, np.where(tail, 0, square / total))
    outer = betainc_slope(1, 0, half, 0.5, np.where(tail, df / total, 0))
    in_half = np.where(tail, -outer, inner)
    return np.sign(t) * in_half / 4 - density * t / np.multiply(df, 2), density


defvjp(
    sp.stdtr,
    df=lambda g, df, t: g * stdtr_slopes(df, t)[0],
    t=lambda g, df, t: g * t_density(df, t),
)
defvjp(
    sp.stdtrit,
    df=lambda g, ans, df: inverse(g, stdtr_slopes(df, ans), 1, 0),
    p=lambda g, ans, df: g / t_density(df, ans),
)
defvjp(
    sp.stdtridf,
    p=lambda g, ans, t: inverse(g, stdtr_slopes(ans, t), 0),
    t=lambda g, ans, t: inverse(g, stdtr_slopes(ans, t), 0, 1),
)

# Normal, with mean and deviation as results -------------------------------------------


def _quantile_slope(p: Any) -> Any:
    return math.sqrt(2 * math.pi) * np.exp(np.square(sp.ndtri(p)) / 2)


defvjp(
    sp.nrdtrimn,  # x - std ndtri(p)
    p=lambda g, p, std: -g * std * _quantile_slope(p),
    std=lambda g, p: -g * sp.ndtri(p),
    x=lambda g: g,
)
defvjp(
    sp.nrdtrisd,  # (x - mn) / ndtri(p)
    mn=lambda g, p: -g / sp.ndtri(p),
    p=lambda g, ans, p: -g * ans / sp.ndtri(p) * _quantile_slope(p),
    x=lambda g, p: g / sp.ndtri(p),
)

# Noncentral chi-squared ---------------------------------------------------------------


def chndtr_slopes(x: Any, df: Any, nc: Any) -> tuple[Any, None, Any]:
    """In x and nc: the density, and minus that for df + 2."""
    central = np.equal(primal(nc), 0)
    moved = np.where(central, 1.0, nc)

    def density(df: Any) -> Any:
        exponent = -np.square(np.sqrt(x) - np.sqrt(moved)) / 2
        power = sp.xlogy(np.divide(df, 4) - 0.5, np.divide(x, moved))
        bessel = log_ive(np.divide(df, 2) - 1, np.sqrt(np.multiply(moved, x)))
        ans = np.exp(exponent + power + bessel)
        if np.any(values(central)):
            a, y = np.divide(df, 2), np.divide(x, 2)
            ans = np.where(central, gamma_density(a, y), ans)
        return ans / 2

    return density(df), None, -density(np.add(df, 2))


defvjp(
    sp.chndtr,
    lacks={"df": ORDER},
    x=lambda g, x, df, nc: g * chndtr_slopes(x, df, nc)[0],
    nc=lambda g, x, df, nc: g * chndtr_slopes(x, df, nc)[2],
)
defvjp(
    sp.chndtrix,
    lacks={"df": ORDER},
    p=lambda g, ans, df, nc: inverse(g, chndtr_slopes(ans, df, nc), 0),
    nc=lambda g, ans, df, nc: inverse(g, chndtr_slopes(ans, df, nc), 0, 2),
)
defvjp(
    sp.chndtrinc,
    lacks={"df": ORDER},
    x=lambda g, ans, x, df: inverse(g, chndtr_slopes(x, df, ans), 2, 0),
    p=lambda g, ans, x, df: inverse(g, chndtr_slopes(x, df, ans), 2),
)
defvjp(sp.chndtridf, lacks=dict.fromkeys(("x", "p", "nc"), ORDER))
for _fun, _names in (
    (sp.ncfdtr, "dfn dfd nc f"),
    (sp.ncfdtri, "dfn dfd nc p"),
    (sp.ncfdtridfd, "dfn p nc f"),
    (sp.ncfdtridfn, "p dfd nc f"),
    (sp.ncfdtrinc, "dfn dfd p f"),
    (sp.nctdtr, "df nc t"),
    (sp.nctdtridf, "p nc t"),
    (sp.nctdtrinc, "df p t"),
    (sp.nctdtrit, "df nc p"),
):
    defvjp(_fun, lacks=dict.fromkeys(_names.split(), KNOWN))

# Tukey's lambda -----------------------------------------------------------------------


def tklmbda_slope(ans: Any, lmbda: Any) -> Any:
    """The density at a quantile; outside of the support, 0."""
    inside = (ans > 0) & (ans < 1)
    p, power = np.where(inside, ans, 0.5), np.subtract(lmbda, 1.0)
    return np.where(inside, 1 / (np.power(p, power) + np.power(1 - p, power)), 0)


def tklmbda_lmbda_pullback(g: Any, ans: Any, lmbda: Any) -> Any:
    """The quantile is ``boxcox(p, lmbda) - boxcox(1 - p, lmbda)``."""
    # By two integrals over powers between 0 and 1, smooth at lmbda = 0.
    inside = (ans > 0) & (ans < 1)
    p = np.where(inside, ans, 0.5)
    moved = [
        np.square(log) * exprel_slope(1, lmbda * log)
        for log in (np.log(p), np.log1p(-p))
    ]
    return -g * tklmbda_slope(ans, lmbda) * (moved[0] - moved[1])


defvjp(
    sp.tklmbda,
    x=lambda g, ans, lmbda: g * tklmbda_slope(ans, lmbda),
    lmbda=tklmbda_lmbda_pullback,
)
