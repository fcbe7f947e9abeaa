"""Curves of which activations are made, precise to the last digits on both sides.

Each is one operation whose derivative is a product of others, so that derivatives of
all orders are as precise.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp, rule_of

__all__ = ["logistic", "normal_cdf", "normal_pdf", "ramp", "soft_ramp"]


# Ramps --------------------------------------------------------------------------------


@primitive
def ramp(x: Any) -> Any:
    """``max(x, 0)``, with derivative 0 at 0."""
    return np.maximum(x, 0)


@primitive
def soft_ramp(x: Any) -> Any:
    """``log(1 + exp(x))``."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


@primitive
def logistic(x: Any) -> Any:
    """``1 / (1 + exp(-x))``."""
    e = np.exp(-np.abs(x))
    return np.where(np.less(x, 0), e, 1)[()] / (1 + e)


defvjp(ramp, elementwise=True, masks=True, x=lambda g, ans: np.where(ans <= 0, 0, g))
defvjp(soft_ramp, elementwise=True, x=lambda g, x: g * logistic(x))
defvjp(
    logistic,
    elementwise=True,
    x=lambda g, x, ans: g * (ans * logistic(-x)),  # 1 - ans would lose its digits
)


# The normal distribution --------------------------------------------------------------

TAIL = (
    0.46151582985003775, -0.09155228183400904, 0.031030368425962847,
    0.010002352385229382, -0.026401042966267253, 0.024536963243678652,
    -0.015170415403281224, 0.006522000667783896, -0.0016760723371645697,
    7.791597409338999e-06, 0.00018233410307611755, -5.36075811148722e-05,
    -9.895946159334735e-06, 9.05982468125664e-06, -7.070628846317715e-08,
    -1.3074486019237587e-06, 1.284479710649634e-07, 1.9627809920091187e-07,
    -2.688202129280215e-08, -3.095201755804207e-08, 4.022493382168717e-09,
    4.4011596227599254e-09, -4.327297110082094e-10, -3.815816262632953e-10,
    2.5086998016985133e-11,
)  # fmt: skip
"""The tail beyond t > 0, times ``(1 + t) exp(t**2 / 2)``, as a polynomial in u.

``u = (t - 5) / (t + 5)`` takes all t to [-1, 1), where that function is smooth. These
are the powers of u in its expansion in Chebyshev's polynomials up to degree 24, which
`tests/test_nn_numerics.py` computes again with mpmath. The way is that of Schonfelder,
Chebyshev expansions for the error and related functions, Mathematics of Computation 32
(1978), 1232-1240.
"""

SHORT_TAIL = (
    0.46151584, -0.09155263, 0.031030033, 0.010009533, -0.026397122, 0.024495449,
    -0.015187213, 0.0066220514, -0.0016434885, -0.000103231854, 0.00015310026,
)  # fmt: skip
"""The same up to degree 10, for single precision."""

CHUNK = 4096
"""How many numbers a cache holds several times."""


def bell(t: Any) -> Any:
    """``exp(-t**2 / 2)``, where the square is rounded only in its small part."""
    near = np.rint(t * 16) / 16
    return np.exp(near * near / -2) * np.exp((near - t) * (near + t) / 2)


def tail(t: Any) -> Any:
    """The normal distribution beyond t >= 0, for a vector."""
    u = (t - 5) / (t + 5)
    coefficients = SHORT_TAIL if t.itemsize < 8 else TAIL
    ans = np.full_like(u, coefficients[-1])
    for c in coefficients[-2::-1]:
        ans *= u
        ans += c
    return bell(t) * ans / (1 + t)


def below(x: Any) -> Any:
    """The normal distribution up to x, for a vector."""
    beyond = tail(np.minimum(np.abs(x), 1e3))  # the tail ends long before
    return np.where(x < 0, beyond, 1 - beyond)


def density(x: Any) -> Any:
    """The normal density at x, for a vector."""
    return bell(np.minimum(np.abs(x), 1e3)) * (1 / math.sqrt(2 * math.pi))


def in_chunks(fun: Any, x: Any) -> Any:
    """``fun(x)`` of a few numbers at a time, in single or double precision."""
    x = np.asarray(x)
    flat = np.reshape(x, -1).astype(np.float64 if x.itemsize > 4 else np.float32)
    ans = np.empty_like(flat)
    for start in range(0, flat.size, CHUNK):
        ans[start : start + CHUNK] = fun(flat[start : start + CHUNK])
    return np.reshape(ans, x.shape).astype(x.dtype)[()]


@primitive
def normal_cdf(x: Any) -> Any:
    """The standard normal distribution function, ``(1 + erf(x / sqrt(2))) / 2``."""
    return in_chunks(below, x)


@primitive
def normal_pdf(x: Any) -> Any:
    """The standard normal density."""
    return in_chunks(density, x)


defvjp(normal_cdf, elementwise=True, x=lambda g, x: g * normal_pdf(x))
defvjp(normal_pdf, elementwise=True, x=lambda g, ans, x: -g * x * ans)

for _fun, _name in (
    (ramp, "nn.relu"),
    (soft_ramp, "nn.softplus"),
    (logistic, "nn.sigmoid"),
    (normal_cdf, "nn.normal_cdf"),
    (normal_pdf, "nn.normal_pdf"),
):
    rule_of(_fun).name = _name  # as messages say it
