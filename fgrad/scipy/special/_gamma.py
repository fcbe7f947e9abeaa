"""The gamma function and its kin: their derivatives are polygamma functions."""

import math
from functools import partial
from typing import Any

import numpy as np

import fgrad.scipy._special as sp
from fgrad._engine.box import as_array, primal, values
from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import constant, defvjp, derived, rule_of
from fgrad.scipy.special._quadrature import in_pieces
from fgrad.scipy.special._words import real_only

__all__ = ["BERNOULLI", "polygamma", "psi_difference"]

BERNOULLI = [float(b) for b in sp.bernoulli(40)[2::2]]
"""The Bernoulli numbers 2, 4, 6, ..."""


# Polygamma functions ------------------------------------------------------------------


@primitive
def polygamma(n: int, x: Any) -> Any:
    """The n-th derivative of the digamma function, n > 0, also of complex numbers.

    Of these, the argument is moved to the right, where the series DLMF 5.15.9 is good.
    """
    x = np.asarray(x)
    if not np.iscomplexobj(x):
        return sp.polygamma(n, x).astype(np.result_type(x, np.float32))[()]
    z, ans = x.astype(complex), np.zeros(x.shape, complex)
    sign = (-1) ** (n + 1)
    finite = np.min(z.real, initial=0, where=np.isfinite(z.real))
    for _ in range(max(0, math.ceil(20 + n - finite))):
        ans += sign * math.factorial(n) / z ** (n + 1)
        z = z + 1
    ans += sign * (math.factorial(n - 1) / z**n + math.factorial(n) / 2 / z ** (n + 1))
    for k, b in enumerate(BERNOULLI[:14], 1):
        term = math.factorial(2 * k + n - 1) / math.factorial(2 * k) * b
        ans += sign * term / z ** (2 * k + n)
    return ans.astype(np.result_type(x, np.complex64))[()]


defvjp(polygamma, elementwise=True, x=lambda g, n, x: g * polygamma(n + 1, x))


@derived(sp.polygamma)
def polygamma_of_scipy(n: Any, x: Any) -> Any:
    """``scipy.special.polygamma``; orders may be an array, as there."""
    orders = np.unique(primal(n))
    double = np.zeros(np.shape(n))
    if orders.size == 1:
        only = int(orders[0])
        x = as_array(x)
        return sp.psi(x) + double if only == 0 else polygamma(only, x + double)
    return np.select(
        [n == k for k in orders], [polygamma_of_scipy(k, x) for k in orders]
    )


@primitive
def psi_difference(a: Any, b: Any) -> Any:
    """``psi(a) - psi(a + b)``, without cancellation where both are positive.

    By the recurrence, DLMF 5.5.2, and the differences of the terms of 5.11.2.
    """
    return in_pieces(_psi_difference, a, b)


def _psi_difference(a: Any, b: Any) -> Any:
    plain = ~((a > 0) & (a + b > 0))
    x, d = np.where(plain, 1, a), np.where(plain, 1, b)
    ans = np.zeros(a.shape)
    for _ in range(12):
        ans -= d / x / (x + d)
        x = x + 1
    y = x + d
    ans -= np.log1p(d / x) + d / x / y / 2
    for k, bernoulli in enumerate(BERNOULLI[:8], 1):
        # x**-2k - y**-2k, as a product
        ans += (
            bernoulli / (2 * k) * x ** (-2.0 * k) * np.expm1(-2 * k * np.log1p(d / x))
        )
    return np.where(plain, sp.psi(a) - sp.psi(a + b), ans)


defvjp(
    psi_difference,
    elementwise=True,
    a=lambda g, a, b: g * (polygamma(1, a) - polygamma(1, a + b)),
    b=lambda g, a, b: -g * polygamma(1, a + b),
)

# The gamma function -------------------------------------------------------------------


def rgamma_pullback(g: Any, ans: Any, z: Any) -> Any:
    """-psi(z) / gamma(z); on the left by reflection, DLMF 5.5.3, for psi has poles."""
    left = np.real(z) < 0.5
    x, y = np.where(left, z, 0), np.where(left, 1, z)
    by_reflection = sp.gamma(1 - x) * (
        np.cos(np.pi * x) - sp.psi(1 - x) * np.sin(np.pi * x) / np.pi
    )
    return g * np.where(left, by_reflection, -sp.rgamma(y) * sp.psi(y))


defvjp(sp.gammaln, x=lambda g, x: g * sp.psi(x))  # DLMF 5.2.2
defvjp(sp.loggamma, z=lambda g, ans, z: g * (sp.psi(z) + 0 * primal(ans)))  # nan stays
defvjp(sp.gamma, z=lambda g, ans, z: g * ans * sp.psi(z))
defvjp(sp.rgamma, z=rgamma_pullback)
defvjp(sp.psi, z=lambda g, z: g * polygamma(1, z))
constant(sp.gammasgn)

# Functions of two arguments -----------------------------------------------------------

defvjp(
    sp.beta,  # DLMF 5.12.1
    a=lambda g, ans, a, b: g * ans * psi_difference(a, b),
    b=lambda g, ans, a, b: g * ans * psi_difference(b, a),
)
defvjp(
    sp.betaln,
    a=lambda g, a, b: g * psi_difference(a, b),
    b=lambda g, a, b: g * psi_difference(b, a),
)
defvjp(
    sp.poch,  # gamma(z + m) / gamma(z)
    z=lambda g, ans, z, m: -g * ans * psi_difference(z, m),
    m=lambda g, ans, z, m: g * ans * sp.psi(np.add(z, m)),
)
defvjp(
    sp.binom,  # 1 / ((x + 1) beta(1 + x - y, 1 + y))
    x=lambda g, ans, x, y: -g * ans * psi_difference(1.0 + x - y, 1.0 * y),
    y=lambda g, ans, x, y: g * ans * (sp.psi(1.0 + x - y) - sp.psi(1.0 + y)),
)


@derived(sp.multigammaln)
def multigammaln(a: Any, d: Any) -> Any:
    """The log of the multivariate gamma function, DLMF 35.3.4."""
    sp.multigammaln(values(a), values(d))  # raises what SciPy does
    d = int(d)
    parts = [sp.loggamma(a - j / 2) for j in range(d)]
    return d * (d - 1) * 0.25 * np.log(np.pi) + sum(parts)


@derived(sp.comb)
def comb(N: Any, k: Any, *, exact: bool = False, repetition: bool = False) -> Any:
    """`binom`, where it counts something; 0 elsewhere."""
    if exact:
        return sp.comb(N, k, exact=True, repetition=repetition)  # refuses traced values
    if repetition:
        return sp.binom(N + k - 1, k)
    return np.where((k <= N) & (N >= 0) & (k >= 0), sp.binom(N, k), 0.0)


# Zeta functions -----------------------------------------------------------------------


@primitive
def zeta_slope(n: int, x: Any, q: Any) -> Any:
    """The n-th derivative in x of the Hurwitz zeta function.

    By the sum of Euler and Maclaurin, DLMF 25.11.5 and 25.2.9, as a Taylor polynomial.
    """
    real_only("the derivative of zeta", x, q)
    return in_pieces(partial(_zeta_slope, n), x, q)


def _zeta_slope(n: int, x: Any, q: Any) -> Any:
    count = 14
    ans = np.zeros(x.shape)
    for k in range(count):
        ans += (-np.log(q + k)) ** n * (q + k) ** -x
    end = q + count
    log = np.log(end)
    taylor = [(-log) ** j / math.factorial(j) for j in range(n + 1)]
    pole = [(-1) ** j / (x - 1) ** (j + 1) for j in range(n + 1)]
    rest = end * _times(taylor, pole, n) + taylor[n] / 2
    rising = [x, np.ones_like(x)] + [np.zeros_like(x)] * n  # of x (x + 1) ...
    for k, b in enumerate(BERNOULLI[:12], 1):
        factor = b / math.factorial(2 * k) * end ** (1.0 - 2 * k)
        rest = rest + factor * _times(taylor, rising, n)
        for step in (2 * k - 1, 2 * k):
            rising = [
                (x + step) * c + (rising[j - 1] if j else 0)
                for j, c in enumerate(rising)
            ]
    ans += math.factorial(n) * end**-x * rest
    return np.where(x > 1, ans, np.nan)


def _times(a: list[Any], b: list[Any], n: int) -> Any:
    """The n-th coefficient of a product of power series."""
    return sum(a[j] * b[n - j] for j in range(n + 1))


def zeta_q_pullback(g: Any, n: int, x: Any, q: Any) -> Any:
    """The n-th derivative in x of ``-x zeta(x + 1, q)``, DLMF 25.11.17."""
    below = _hurwitz(x + 1, q) if n == 1 else zeta_slope(n - 1, x + 1, q)
    return -g * (x * zeta_slope(n, x + 1, q) + n * below)


_riemann, _hurwitz = sp._ufuncs._riemann_zeta, sp._ufuncs._zeta
"""What SciPy's own `zeta` calls."""

defvjp(
    zeta_slope,
    elementwise=True,
    x=lambda g, n, x, q: g * zeta_slope(n + 1, x, q),
    q=zeta_q_pullback,
)
defvjp(_riemann, x=lambda g, x: g * zeta_slope(1, x, 1.0))
defvjp(
    _hurwitz,
    x1=lambda g, x1, x2: g * zeta_slope(1, x1, x2),
    x2=lambda g, x1, x2: -g * x1 * _hurwitz(np.add(x1, 1), x2),
)
for _fun in (_riemann, _hurwitz):
    rule_of(_fun).name = "scipy.special.zeta"
defvjp(sp.zetac, x=lambda g, x: g * zeta_slope(1, x, 1.0))
