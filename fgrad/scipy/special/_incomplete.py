"""The incomplete gamma and beta functions, in all arguments.

Both are integrals of a density, ``gammainc(a, x)`` from 0 to x of

    p(t) = t**(a - 1) exp(-t) / gamma(a).

The derivative in a parameter is the integral of the density's derivative, which is the
density times a polynomial in derivatives of its logarithm. The first one, in a, is
``log(t) - psi(a)``: it changes its sign once, so that the integral to one side of x is
of one sign. Since the integral over all t is 1, its derivative is 0, and the other side
is the negative. So no digits are lost.
"""

import math
from functools import partial
from typing import Any

import numpy as np

import fgrad.scipy._special as sp
from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp
from fgrad.scipy.special._gamma import BERNOULLI, polygamma
from fgrad.scipy.special._quadrature import gauss, in_pieces, reach

__all__ = [
    "bell",
    "beta_density",
    "betainc_slope",
    "gamma_density",
    "gammainc_slope",
    "stirling_error",
]


def bell(m: int, n: int, kappa: Any) -> Any:
    """The derivative of order (m, n) of ``exp(f)``, divided by ``exp(f)``.

    ``kappa(i, j)`` is that of f. These are the complete Bell polynomials, by their
    recurrence.
    """
    if m == n == 0:
        return 1.0
    if m == 0:
        return bell(n, 0, lambda i, j: kappa(j, i))
    return sum(
        math.comb(m - 1, i)
        * math.comb(n, j)
        * kappa(i + 1, j)
        * bell(m - 1 - i, n - j, kappa)
        for i in range(m)
        for j in range(n + 1)
    )


def stirling_error(a: Any) -> Any:
    """``log(gamma(a))`` minus Stirling's approximation of it, DLMF 5.11.1."""
    large = np.maximum(a, 10)
    series = sum(
        b / (2 * k * (2 * k - 1)) / large ** (2 * k - 1)
        for k, b in enumerate(BERNOULLI[:8], 1)
    )
    small = np.where(a < 10, a, 1)
    direct = sp.gammaln(small) + small - sp.xlogy(small - 0.5, small)
    return np.where(a < 10, direct - 0.5 * math.log(2 * math.pi), series)


def log_ratio(x: Any, y: Any, difference: Any) -> Any:
    """``log(x / y)``, also where they are close; the difference is ``x - y``."""
    d = difference / y
    near = np.abs(d) < 0.5
    return np.where(near, np.log1p(np.where(near, d, 0)), np.log(x / y))


# The gamma distribution ---------------------------------------------------------------


def _gamma_power(a: Any, x: Any) -> Any:
    """``x**a exp(-x) / gamma(a)``, also for large a."""
    exponent = a * log_ratio(x, a, x - a) - (x - a) - stirling_error(a)
    return np.sqrt(a / (2 * math.pi)) * np.exp(exponent)


@primitive
def gamma_density(a: Any, x: Any) -> Any:
    """``x**(a - 1) exp(-x) / gamma(a)``."""

    def density(a: Any, x: Any) -> Any:
        at_zero = np.where(a > 1, 0, np.where(a == 1, 1, np.inf))
        inside = _gamma_power(a, x) / x
        inside = np.where(x == 0, at_zero, np.where(x == np.inf, 0, inside))
        return np.where((a > 0) & (x >= 0), inside, np.nan)

    return in_pieces(density, a, x)


def _gamma_kappa(log: Any, a: Any, psi: Any, i: int, j: int) -> Any:
    """The derivative of order i in a of the density's logarithm."""
    return log - psi(0, a) if i == 1 else -psi(i - 1, a)


def _psi(n: int, x: Any) -> Any:
    """Derivatives of the digamma function, of plain and of traced values."""
    return polygamma(n, x) if n else sp.psi(x)


def _gamma_side(n: int, a: Any, x: Any) -> Any:
    """The integral over the side on which ``log(t) - psi(a)`` has one sign."""
    center, log_x = sp.psi(a), np.log(x)
    side = np.where(log_x < center, -1.0, 1.0)

    def fallen(w: Any, a: Any = a, x: Any = x) -> Any:
        return a * w - x * np.expm1(w)

    psi = [sp.psi(a), *(polygamma(k, a) for k in range(1, n))]

    def integrand(w: Any) -> Any:
        kappa = partial(
            _gamma_kappa, log_x[:, None] + w, None, lambda k, _: psi[k][:, None]
        )
        return np.exp(fallen(w, a[:, None], x[:, None])) * bell(n, 0, kappa)

    # For a < 1, there may be a long way up to t = 1, with a sharp fall at its end.
    way = np.where((side > 0) & (a < 1) & (x < 1), -log_x, 0.0)
    end = way + reach(lambda w: fallen(side * (way + w)), np.full_like(a, np.inf))
    ans = gauss(integrand, side * way, side * end)
    if np.any(way):
        root = np.sqrt(way)[:, None]
        ans += gauss(
            lambda y: 2 * root**2 * y * integrand(root**2 * (1 - y * y)),
            np.zeros_like(way),
            np.ones_like(way),
        )
    # Down, the bounds are in falling order; up, it is the integral over the rest.
    return -ans * _gamma_power(a, x)


@primitive
def gammainc_slope(n: int, a: Any, x: Any) -> Any:
    """The n-th derivative of ``gammainc(a, x)`` in a, n > 0."""

    def slope(a: Any, x: Any) -> Any:
        inside = (a > 0) & (x > 0) & (x < np.inf)
        ans = np.where((a > 0) & ((x == 0) | (x == np.inf)), 0.0, np.nan)
        ans[inside] = _gamma_side(n, a[inside], x[inside])
        return ans

    return in_pieces(slope, a, x)


def gammainc_slope_x_pullback(g: Any, n: int, a: Any, x: Any) -> Any:
    """The n-th derivative of the density in a."""
    kappa = partial(_gamma_kappa, np.log(x), a, _psi)
    return g * gamma_density(a, x) * bell(n, 0, kappa)


defvjp(
    gamma_density,
    elementwise=True,
    a=lambda g, ans, a, x: g * ans * (np.log(x) - sp.psi(a)),
    x=lambda g, ans, a, x: g * ans * ((a - 1 - x) / x),
)
defvjp(
    gammainc_slope,
    elementwise=True,
    a=lambda g, n, a, x: g * gammainc_slope(n + 1, a, x),
    x=gammainc_slope_x_pullback,
)
defvjp(
    sp.gammainc,  # DLMF 8.8.13
    a=lambda g, a, x: g * gammainc_slope(1, a, x),
    x=lambda g, a, x: g * gamma_density(a, x),
)
defvjp(
    sp.gammaincc,
    a=lambda g, a, x: -g * gammainc_slope(1, a, x),
    x=lambda g, a, x: -g * gamma_density(a, x),
)
for _fun, _sign in ((sp.gammaincinv, 1), (sp.gammainccinv, -1)):
    defvjp(
        _fun,
        a=lambda g, ans, a: -g * gammainc_slope(1, a, ans) / gamma_density(a, ans),
        y=lambda g, ans, a, sign=_sign: g * sign / gamma_density(a, ans),
    )

# The beta distribution ----------------------------------------------------------------


def _beta_power(a: Any, b: Any, x: Any, y: Any) -> Any:
    """``x**a y**b / beta(a, b)`` for ``x + y = 1``, also for large a and b."""
    total = a + b
    difference = b * x - a * y  # total * x - a
    exponent = a * log_ratio(x * total, a, difference)
    exponent += b * log_ratio(y * total, b, -difference)
    exponent += stirling_error(total) - stirling_error(a) - stirling_error(b)
    return np.sqrt(a / (2 * math.pi) * (b / total)) * np.exp(exponent)


@primitive
def beta_density(a: Any, b: Any, x: Any) -> Any:
    """``x**(a - 1) (1 - x)**(b - 1) / beta(a, b)``."""

    def density(a: Any, b: Any, x: Any) -> Any:
        left = np.where(a > 1, 0, np.where(a == 1, b, np.inf))
        right = np.where(b > 1, 0, np.where(b == 1, a, np.inf))
        inside = _beta_power(a, b, x, 1 - x) / (x * (1 - x))
        inside = np.where(x == 0, left, np.where(x == 1, right, inside))
        return np.where((a > 0) & (b > 0) & (x >= 0) & (x <= 1), inside, np.nan)

    return in_pieces(density, a, b, x)


def _beta_kappa(log_x: Any, log_y: Any, psi: Any, i: int, j: int) -> Any:
    """The derivative of order (i, j) in (a, b) of the density's logarithm.

    ``psi(k)`` are the k-th derivatives of digamma at a, b and a + b.
    """
    at_a, at_b, at_total = psi(i + j - 1)
    if j == 0:
        return (log_x if i == 1 else 0) - at_a + at_total
    if i == 0:
        return (log_y if j == 1 else 0) - at_b + at_total
    return at_total


def _beta_side(m: int, n: int, a: Any, b: Any, x: Any) -> Any:
    """The integral over the side on which the first derivative in a has one sign.

    With ``t = expit(w)``; the side to the right is the left one of the mirror image.
    """
    down = np.log(x) < sp.psi(a) - sp.psi(a + b)
    if n and not m:
        down = np.log1p(-x) > sp.psi(b) - sp.psi(a + b)
    y = 1 - x
    x, y = np.where(down, x, y), np.where(down, y, x)
    p, q = np.where(down, a, b), np.where(down, b, a)
    start = np.log(x / y)
    orders = range(m + n)
    psi = [[_psi(k, z)[:, None] for z in (a, b, a + b)] for k in orders]

    def fallen(u: Any, p: Any = p, total: Any = p + q, x: Any = x, y: Any = y) -> Any:
        less = x * np.expm1(u)
        close = less > -0.5
        log = np.where(
            close, np.log1p(np.where(close, less, 0)), np.log(x * np.exp(u) + y)
        )
        return p * u - total * log

    def integrand(u: Any) -> Any:
        w = start[:, None] + u
        logs = -np.logaddexp(0, -w), -np.logaddexp(0, w)
        log_t = np.where(down[:, None], logs[0], logs[1])
        log_s = np.where(down[:, None], logs[1], logs[0])
        kappa = partial(_beta_kappa, log_t, log_s, psi.__getitem__)
        fall = fallen(u, *(z[:, None] for z in (p, p + q, x, y)))
        return np.exp(fall) * bell(m, n, kappa)

    end = reach(lambda u: fallen(-u), np.full_like(a, np.inf))
    # The integrand bends at w = 0, where the nodes have to be dense.
    bend = np.clip(start, 0, end)
    straight = np.where(end - bend > 300, bend + 60, bend)
    root = np.sqrt(end - straight)[:, None]
    ans = gauss(
        lambda v: 2 * root**2 * v * integrand(-straight[:, None] - (root * v) ** 2),
        np.zeros_like(a),
        np.ones_like(a),
    )
    if np.any(straight > bend):
        ans += gauss(integrand, -straight, -bend)
    if np.any(bend):
        ans += gauss(integrand, -bend, np.zeros_like(a))
    return np.where(down, 1, -1) * ans * _beta_power(p, q, x, y)


@primitive
def betainc_slope(m: int, n: int, a: Any, b: Any, x: Any) -> Any:
    """The derivative of ``betainc(a, b, x)`` of order (m, n) in (a, b)."""

    def slope(a: Any, b: Any, x: Any) -> Any:
        right = (a > 0) & (b > 0)
        inside = right & (x > 0) & (x < 1)
        ans = np.where(right & ((x == 0) | (x == 1)), 0.0, np.nan)
        ans[inside] = _beta_side(m, n, a[inside], b[inside], x[inside])
        return ans

    return in_pieces(slope, a, b, x)


def betainc_slope_x_pullback(g: Any, m: int, n: int, a: Any, b: Any, x: Any) -> Any:
    """The derivative of order (m, n) of the density."""

    def psi(k: int) -> Any:
        return _psi(k, a), _psi(k, b), _psi(k, a + b)

    kappa = partial(_beta_kappa, np.log(x), np.log1p(-x), psi)
    return g * beta_density(a, b, x) * bell(m, n, kappa)


defvjp(
    beta_density,
    elementwise=True,
    a=lambda g, ans, a, b, x: g * ans * (np.log(x) - sp.psi(a) + sp.psi(a + b)),
    b=lambda g, ans, a, b, x: g * ans * (np.log1p(-x) - sp.psi(b) + sp.psi(a + b)),
    x=lambda g, ans, a, b, x: g * ans * ((a - 1) / x - (b - 1) / (1 - x)),
)
defvjp(
    betainc_slope,
    elementwise=True,
    a=lambda g, m, n, a, b, x: g * betainc_slope(m + 1, n, a, b, x),
    b=lambda g, m, n, a, b, x: g * betainc_slope(m, n + 1, a, b, x),
    x=betainc_slope_x_pullback,
)
OLDER = [
    [(getattr(sp._ufuncs, name), 1)] if hasattr(sp._ufuncs, name) else []
    for name in ("btdtr", "btdtri")
]
"""Other names of `betainc` and `betaincinv`, until SciPy 1.14."""

for _fun, _sign in ((sp.betainc, 1), (sp.betaincc, -1), *OLDER[0]):
    defvjp(
        _fun,
        a=lambda g, a, b, x, sign=_sign: sign * g * betainc_slope(1, 0, a, b, x),
        b=lambda g, a, b, x, sign=_sign: sign * g * betainc_slope(0, 1, a, b, x),
        x=lambda g, a, b, x, sign=_sign: sign * g * beta_density(a, b, x),
    )


def _inverse_slope(m: int, n: int, a: Any, b: Any, x: Any) -> Any:
    """How x moves with a parameter, so that ``betainc(a, b, x)`` stays."""
    return -betainc_slope(m, n, a, b, x) / beta_density(a, b, x)


for _fun, _sign in ((sp.betaincinv, 1), (sp.betainccinv, -1), *OLDER[1]):
    defvjp(
        _fun,
        a=lambda g, ans, a, b: g * _inverse_slope(1, 0, a, b, ans),
        b=lambda g, ans, a, b: g * _inverse_slope(0, 1, a, b, ans),
        **{
            "y" if _fun.__name__.startswith("betainc") else "p": (
                lambda g, ans, a, b, sign=_sign: sign * g / beta_density(a, b, ans)
            )
        },
    )
