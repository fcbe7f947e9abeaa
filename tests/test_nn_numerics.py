"""How precise the curves of `fgrad.nn` are: their last digits, against mpmath."""

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp

from fgrad import elementwise_grad, grad, nn
from fgrad.nn._curves import SHORT_TAIL, TAIL, normal_cdf
from tests.truth import exact

POINTS = np.array([
    s * x for s in (1, -1) for x in (
        0.0, 1e-300, 1e-17, 1e-5, 0.03, 0.3, 0.999, 1.0, 1.7, 2.5, 4.4, 5.0, 6.1, 8.3,
        11.7, 14.2, 20.5, 30.1, 36.9, 37.9, 88.0, 700.1, 745.0, 1e3, 1e5, 1e30, 1e200,
    )
])  # fmt: skip

Formula = Callable[[Any], Any]


def sigma(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def near(x: Any) -> Any:
    """Beyond, there is nothing left of the tail; mpmath's exponents have an end."""
    return max(min(x, mpmath.mpf(10**5)), -mpmath.mpf(10**5))


def bell(x: Any) -> Any:
    x = near(x)
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def phi(x: Any) -> Any:
    return mp.erfc(-near(x) / mp.sqrt(2)) / 2


CURVES: dict[str, tuple[Any, list[Formula], list[int]]] = {
    "sigmoid": (
        nn.sigmoid,
        [sigma, lambda x: sigma(x) * sigma(-x)],
        [2, 4],
    ),
    "softplus": (
        nn.softplus,
        [lambda x: mp.log1p(mp.exp(x)), sigma, lambda x: sigma(x) * sigma(-x)],
        [2, 2, 4],
    ),
    "silu": (nn.silu, [lambda x: x * sigma(x)], [3]),
    "normal_cdf": (normal_cdf, [phi, bell, lambda x: -x * bell(x)], [6, 4, 5]),
    "gelu": (nn.gelu, [lambda x: x * phi(x)], [7]),
    "elu": (nn.elu, [lambda x: x if x > 0 else mp.expm1(x)], [2]),
}
"""Each curve, its value and derivatives, and by how many ulp these may be off."""


def ulps(got: Any, truth: Any, x: Any) -> float:
    """The error in units of the last place.

    A factor may be subnormal where its product with `x` is not: its unit counts.
    """
    info = np.finfo(got.dtype)
    ulp = exact(info.smallest_subnormal) * max(1, abs(x))
    if abs(truth) > ulp:
        ulp = max(ulp, mp.ldexp(1, mp.frexp(abs(truth))[1] - 1 - info.nmant))
    return float(abs(exact(got) - truth) / ulp) if got or abs(truth) > ulp else 0.0


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", CURVES)
def test_last_digits(name: str, dtype: Any) -> None:
    fun, formulas, worst = CURVES[name]
    with np.errstate(over="ignore"):
        x = POINTS.astype(dtype)
    x = x[np.isfinite(x)]
    for formula, most in zip(formulas, worst, strict=True):
        y = fun(x)
        assert y.dtype == dtype
        with mp.workdps(420):
            errors = [
                ulps(got, mpmath.mpmathify(formula(exact(point))), exact(point))
                for got, point in zip(y, x, strict=True)
            ]
        assert max(errors) <= most, x[np.argmax(errors)]
        fun = elementwise_grad(fun)


@pytest.mark.parametrize("table", [TAIL, SHORT_TAIL])
def test_the_coefficients_of_the_tail(table: Any) -> None:
    """They are those of Chebyshev's polynomials, as powers."""
    count = 60
    with mp.workdps(50):
        angles = [mp.pi * (j + mpmath.mpf(1) / 2) / count for j in range(count)]
        heights = []
        for angle in angles:
            u = mp.cos(angle)
            t = 5 * (1 + u) / (1 - u)
            heights.append((1 + t) * mp.exp(t * t / 2) * phi(-t))
        powers = [mpmath.mpf(0)] * len(table)
        before, here = [mpmath.mpf(1)], [mpmath.mpf(0), mpmath.mpf(1)]
        for i in range(len(table)):
            terms = [y * mp.cos(i * a) for y, a in zip(heights, angles, strict=True)]
            for k, value in enumerate(before):
                powers[k] += (2 if i else 1) * mp.fsum(terms) / count * value
            after = [mpmath.mpf(0), *(2 * value for value in here)]
            for k, value in enumerate(before):
                after[k] -= value
            before, here = here, after
    if table is TAIL:
        assert [float(value) for value in powers] == list(table)
    else:
        np.testing.assert_array_equal(np.float32(powers), np.float32(table))


def test_large_logits() -> None:
    x = np.array([[1e4, 0.0, -1e4], [-800.0, -801.0, -np.inf]])
    logs = nn.log_softmax(x, 1)
    np.testing.assert_allclose(logs[0], [0, -1e4, -2e4])
    np.testing.assert_allclose(
        logs[1], [-0.3132616875182228, -1.3132616875182228, -np.inf]
    )
    assert nn.cross_entropy(x, [2, 0]) == pytest.approx((2e4 - logs[1, 0]) / 2)
    slopes = grad(lambda x: nn.cross_entropy(x, [2, 0], reduction="sum"))(x)
    np.testing.assert_allclose(slopes[0], [1, 0, -1])
    assert np.all(np.isfinite(slopes))
    assert nn.logsumexp([-np.inf, -np.inf], 0) == -np.inf
    assert nn.logsumexp([np.inf, 0.0], 0) == np.inf


def test_a_tiny_loss_has_all_digits() -> None:
    losses = nn.binary_cross_entropy_with_logits(
        [50.0, -50.0], [1.0, 0.0], reduction="none"
    )
    np.testing.assert_allclose(losses, np.exp(-50.0), rtol=1e-15)
    x = np.array([50.0, -50.0])
    slopes = grad(lambda x: nn.binary_cross_entropy_with_logits(x, [1.0, 0.0]))(x)
    np.testing.assert_allclose(slopes, [-np.exp(-50.0) / 2, np.exp(-50.0) / 2])
