"""Discrete distributions, as formulas for their derivatives in the parameters.

The logarithms of probabilities; cumulative ones, of which an entry says what they are,
as in the table of continuous ones; mean and variance. All of them are up to what does
not depend on the parameters.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

import fgrad.scipy._special as sp
from fgrad._engine.box import primal

__all__ = ["COUNTS", "CUMULATIVE", "LOGPMF", "MEAN", "VAR"]

Formula = Callable[..., Any]

COUNTS = {
    "betabinom": {"n"},
    "betanbinom": {"n"},
    "binom": {"n"},
    "boltzmann": {"N"},
    "hypergeom": {"M", "n", "N"},
    "nhypergeom": {"M", "n", "r"},
    "randint": {"low", "high"},
    "zipfian": {"n"},
}
"""The parameters that count."""


def harmonic(n: Any, a: Any) -> Any:
    """The sum of ``j**-a`` for j from 1 to n."""
    most = int(np.max(primal(n), initial=0))
    j = np.arange(1.0, most + 1)
    n, a = np.expand_dims(n, -1), np.expand_dims(a, -1)
    return np.sum(np.where(j <= n, j**-a, 0.0), -1)


def powers(k: Any, p: Any) -> Any:
    """The sum of ``p**j / j`` for j from 1 to k."""
    most = int(np.max(primal(k), initial=0))
    j = np.arange(1.0, most + 1)
    k, p = np.expand_dims(k, -1), np.expand_dims(p, -1)
    return np.sum(np.where(j <= k, p**j / j, 0.0), -1)


def skellam(k: Any, mu1: Any, mu2: Any) -> Any:
    """With a scaled Bessel function: DLMF 10.25.2."""
    roots = np.sqrt(mu1), np.sqrt(mu2)
    bessel = sp.ive(np.abs(k), 2 * roots[0] * roots[1])
    return -((roots[0] - roots[1]) ** 2) + k / 2 * np.log(mu1 / mu2) + np.log(bessel)


LOGPMF: dict[str, Formula] = {
    "bernoulli": lambda k, p: sp.xlogy(k, p) + sp.xlog1py(1 - k, -p),
    "betabinom": lambda k, n, a, b: sp.betaln(k + a, n - k + b) - sp.betaln(a, b),
    "betanbinom": lambda k, n, a, b: sp.betaln(a + n, b + k) - sp.betaln(a, b),
    "binom": lambda k, n, p: sp.xlogy(k, p) + sp.xlog1py(n - k, -p),
    "boltzmann": lambda k, lambda_, N: (
        -lambda_ * k + np.log(np.expm1(-lambda_) / np.expm1(-lambda_ * N))
    ),
    "dlaplace": lambda k, a: np.log(np.tanh(a / 2)) - a * np.abs(k),
    "geom": lambda k, p: sp.xlog1py(k - 1, -p) + np.log(p),
    "logser": lambda k, p: k * np.log(p) - np.log(-np.log1p(-p)),
    "nbinom": lambda k, n, p: (
        -sp.betaln(n, k + 1) - np.log(n + k) + n * np.log(p) + sp.xlog1py(k, -p)
    ),
    "planck": lambda k, lambda_: -lambda_ * k + np.log(-np.expm1(-lambda_)),
    "poisson": lambda k, mu: sp.xlogy(k, mu) - mu,
    "skellam": skellam,
    "yulesimon": lambda k, alpha: np.log(alpha) + sp.betaln(k, alpha + 1),
    "zipf": lambda k, a: -a * np.log(k) - np.log(sp.zeta(a, 1.0)),
    "zipfian": lambda k, a, n: -a * np.log(k) - np.log(harmonic(n, a)),
}


def cdf_of_dlaplace(k: Any, a: Any) -> Any:
    """From the near end."""
    right = np.greater_equal(k, 0)
    exponent = np.where(right, -a * (k + 1), a * k)
    return np.where(right, -1, 1) * np.exp(exponent) / (1 + np.exp(-a))


def cdf_of_skellam(k: Any, mu1: Any, mu2: Any) -> Any:
    """Johnson (1959): noncentral chi-squared."""
    left = np.less(k, 0)
    low, high = np.where(left, k, -1.0), np.where(left, 0.0, k)
    return np.where(
        left,
        sp.chndtr(2 * mu2, -2 * low, 2 * mu1),
        -sp.chndtr(2 * mu1, 2 * (high + 1), 2 * mu2),
    )


CUMULATIVE: dict[str, tuple[str, Formula]] = {
    "bernoulli": ("sf", lambda k, p: np.where(k < 1, p, 0 * p)),
    "binom": ("sf", lambda k, n, p: sp.betainc(k + 1, n - k, p)),
    "boltzmann": (
        "cdf",
        lambda k, lambda_, N: np.expm1(-lambda_ * (k + 1)) / np.expm1(-lambda_ * N),
    ),
    "dlaplace": ("cdf", cdf_of_dlaplace),
    "geom": ("logsf", lambda k, p: k * np.log1p(-p)),
    "logser": ("cdf", lambda k, p: -powers(k, p) / np.log1p(-p)),
    "nbinom": ("cdf", lambda k, n, p: sp.betainc(n, k + 1, p)),
    "planck": ("logsf", lambda k, lambda_: -lambda_ * (k + 1)),
    "poisson": ("cdf", lambda k, mu: sp.gammaincc(k + 1, mu)),
    "skellam": ("cdf", cdf_of_skellam),
    "yulesimon": (
        "logsf",
        lambda k, alpha: sp.betaln(k + 1, alpha) + np.log(alpha),
    ),
    "zipf": ("sf", lambda k, a: sp.zeta(a, k + 1) / sp.zeta(a, 1.0)),
    "zipfian": ("cdf", lambda k, a, n: harmonic(k, a) / harmonic(n, a)),
}


def mean_of_boltzmann(lambda_: Any, N: Any) -> Any:
    """Of `planck`, less what is cut off."""
    return 1 / np.expm1(lambda_) - N / np.expm1(N * lambda_)


def var_of_boltzmann(lambda_: Any, N: Any) -> Any:
    """Likewise."""
    whole, rest = 2 * np.sinh(lambda_ / 2), 2 * np.sinh(N * lambda_ / 2)
    return 1 / whole**2 - (N / rest) ** 2


def var_of_zipf(a: Any) -> Any:
    """By the second moment."""
    total = sp.zeta(a, 1.0)
    return sp.zeta(a - 2, 1.0) / total - (sp.zeta(a - 1, 1.0) / total) ** 2


def var_of_zipfian(a: Any, n: Any) -> Any:
    """Likewise."""
    total = harmonic(n, a)
    return harmonic(n, a - 2) / total - (harmonic(n, a - 1) / total) ** 2


MEAN: dict[str, Formula] = {
    "bernoulli": lambda p: 1.0 * p,
    "betabinom": lambda n, a, b: n * a / (a + b),
    "betanbinom": lambda n, a, b: n * b / (a - 1),
    "binom": lambda n, p: n * p,
    "boltzmann": mean_of_boltzmann,
    "dlaplace": lambda a: 0 * a,
    "geom": lambda p: 1 / p,
    "logser": lambda p: p / (p - 1) / np.log1p(-p),
    "nbinom": lambda n, p: n * (1 - p) / p,
    "planck": lambda lambda_: 1 / np.expm1(lambda_),
    "poisson": lambda mu: 1.0 * mu,
    "skellam": lambda mu1, mu2: mu1 - mu2,
    "yulesimon": lambda alpha: alpha / (alpha - 1),
    "zipf": lambda a: sp.zeta(a - 1, 1.0) / sp.zeta(a, 1.0),
    "zipfian": lambda a, n: harmonic(n, a - 1) / harmonic(n, a),
}

VAR: dict[str, Formula] = {
    "bernoulli": lambda p: p * (1 - p),
    "betabinom": lambda n, a, b: n * a * b * (a + b + n) / ((a + b) ** 2 * (a + b + 1)),
    "betanbinom": lambda n, a, b: (
        n * b * (n + a - 1) * (a + b - 1) / ((a - 2) * (a - 1) ** 2)
    ),
    "binom": lambda n, p: n * p * (1 - p),
    "boltzmann": var_of_boltzmann,
    "dlaplace": lambda a: 0.5 / np.sinh(a / 2) ** 2,
    "geom": lambda p: (1 - p) / p**2,
    "logser": lambda p: -p * (p + np.log1p(-p)) / ((1 - p) * np.log1p(-p)) ** 2,
    "nbinom": lambda n, p: n * (1 - p) / p**2,
    "planck": lambda lambda_: 0.25 / np.sinh(lambda_ / 2) ** 2,
    "poisson": lambda mu: 1.0 * mu,
    "skellam": lambda mu1, mu2: mu1 + mu2,
    "yulesimon": lambda alpha: alpha**2 / ((alpha - 1) ** 2 * (alpha - 2)),
    "zipf": var_of_zipf,
    "zipfian": var_of_zipfian,
}
