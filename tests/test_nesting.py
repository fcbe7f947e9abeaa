"""Laws of nested transforms, on polynomials, and of the memory of results."""

import numpy as np
from hypothesis import given, settings, strategies as st
from numpy.polynomial import Polynomial

from fgrad import (
    checkpoint,
    elementwise_grad,
    grad,
    hessian,
    hvp,
    index_add,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    linearize,
    value_and_grad,
    value_and_jacobian,
    vjp,
    vmap,
)
from fgrad._transforms import _units
from fgrad._tree import flatten

# Polynomials --------------------------------------------------------------------------

X = Polynomial([0, 1])
TWO = np.array([1.0, 2.0])

FORMS = (
    lambda c: lambda x: sum(a * x**i for i, a in enumerate(c)),
    lambda c: lambda x: np.sum(c * np.power(np.stack([x] * len(c)), range(len(c)))),
    lambda c: lambda x: np.dot(c, np.cumprod(np.stack([1.0] + [x] * (len(c) - 1)))),
)
"""The same polynomial, written in several ways."""

NESTED = (
    (lambda f: grad(f), lambda p: p.deriv()),
    (lambda f: lambda x: grad(lambda y: f(y) * x)(x), lambda p: p.deriv() * X),
    (lambda f: lambda x: sum(value_and_grad(f)(x)), lambda p: p + p.deriv()),
    (lambda f: lambda x: jvp(f, (x,), (1.0,))[1], lambda p: p.deriv()),
    (lambda f: lambda x: jvp(f, (x,), (x,))[1], lambda p: p.deriv() * X),
    (lambda f: lambda x: sum(jvp(f, (x,), (x * x,))), lambda p: p + p.deriv() * X**2),
    (lambda f: lambda x: linearize(f, x)[1](x), lambda p: p.deriv() * X),
    (lambda f: lambda x: vjp(f, x)[1](x)[0], lambda p: p.deriv() * X),
    (lambda f: jacobian(f), lambda p: p.deriv()),
    (lambda f: jacrev(f), lambda p: p.deriv()),
    (lambda f: jacfwd(f), lambda p: p.deriv()),
    (lambda f: lambda x: sum(value_and_jacobian(f)(x)), lambda p: p + p.deriv()),
    (lambda f: hessian(f), lambda p: p.deriv(2)),
    (lambda f: lambda x: hvp(f, (x,), (x,))[1], lambda p: p.deriv(2) * X),
    (lambda f: elementwise_grad(f), lambda p: p.deriv()),
    (lambda f: checkpoint(f), lambda p: p),
    (lambda f: lambda x: np.sum(vmap(f)(np.stack([x, 2 * x]))), lambda p: p + p(2 * X)),
    (
        lambda f: lambda x: np.sum(vmap(lambda s, y: f(y) * s, (0, None))(TWO, x)),
        lambda p: 3 * p,
    ),
    (
        lambda f: lambda x: np.sum(vmap(lambda t: jvp(f, (x,), (t,))[1])(TWO)),
        lambda p: 3 * p.deriv(),
    ),
    (
        lambda f: lambda x: np.sum(vmap(vjp(f, x)[1])(TWO)[0]),
        lambda p: 3 * p.deriv(),
    ),
)
"""Transforms of a function of one number, and what they make of a polynomial."""


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=5),
    st.sampled_from(FORMS),
    st.lists(st.sampled_from(NESTED), min_size=1, max_size=4),
    st.sampled_from([0.5, -1.25, np.float64(0.75), np.array(0.5)]),
)
def test_polynomials(coefficients, form, nested, x):
    f, p = form(np.array(coefficients)), Polynomial(coefficients)
    for transform, meaning in nested:
        f, p = transform(f), meaning(p)
    scale = 1 + np.max(np.abs(p.coef))
    np.testing.assert_allclose(f(x), p(float(x)), rtol=1e-9, atol=1e-9 * scale)


# Memory -------------------------------------------------------------------------------

CONST = np.array([0.5, -1.0, 2.0, -0.25])

STEPS = (
    lambda a, b: a + b,
    lambda a, b: a * np.tanh(b),
    lambda a, b: a[::-1] - b[[0, 0, 3, 1]],
    lambda a, b: np.stack([a[i] * b[0] for i in range(4)]),
    lambda a, b: np.concatenate([a[:2], b[2:]]),
    lambda a, b: np.where(CONST > 0, a, b),
    lambda a, b: np.outer(a, b)[:, 1] + np.outer(CONST, a).T[0],
    lambda a, b: index_add(a, [0, 0, 3], b[:3]),
    lambda a, b: np.reshape(a, (1, 4))[0] + np.broadcast_to(b[1], 4),
    lambda a, b: np.real(a) + a.copy(),
    lambda a, b: checkpoint(lambda a, b: a * b)(a, b),
)
"""Two vectors to one: sums, views, picked entries, things that are passed on."""


def program(steps, picks, outputs):
    """A chain of steps, each on two of the vectors so far."""

    def run(a, b):
        made = [a, b]
        for step, i, j in zip(steps, picks, picks[1:], strict=False):
            made.append(step(made[i % len(made)], made[j % len(made)]))
        return [made[-1], *(made[i % len(made)] for i in outputs)]

    return run


def share_nothing(results, *others):
    """Whether all arrays are writable, and no two are in the same memory."""
    seen = list(others)
    for array in flatten(results)[0]:
        if not array.flags.writeable or any(np.shares_memory(array, b) for b in seen):
            return False
        seen.append(array)
    return True


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from(STEPS), min_size=2, max_size=8),
    st.lists(st.integers(0, 9), min_size=9, max_size=9),
    st.lists(st.integers(0, 9), max_size=2),
    st.sampled_from([3, 20, 1 << 16]),
    st.integers(0, 2**31),
)
def test_results_agree_and_share_no_memory(steps, picks, outputs, entries, seed):
    f = program(steps, picks, outputs)
    rng = np.random.default_rng(seed)
    a, b, t, w = rng.normal(size=(4, 4)) * 0.5
    before = [array.copy() for array in (a, b, t, w, CONST)]
    given = (a, b, t, w, CONST)

    def total(a, b):
        return sum(np.sum(np.sin(y) * w) for y in f(a, b))

    whole, _units.ENTRIES = _units.ENTRIES, entries
    try:
        rows, columns = jacrev(f, (0, 1))(a, b), jacfwd(f, (0, 1))(a, b)
    finally:
        _units.ENTRIES = whole
    out, pullback = vjp(f, a, b)
    back = pullback([w] * len(out))
    forth = jvp(f, (a, b), (t, t))[1]
    slopes = vmap(grad(total, (0, 1)))(np.stack([a, b]), np.stack([b, a]))
    second = hvp(total, (a, b), (t, t))
    for results in (rows, columns, back, forth, slopes, second):
        assert share_nothing(results, *given)
    for array in back:
        array[:] = 7
    again = pullback([w] * len(out))
    close = {"rtol": 1e-8, "atol": 1e-8}
    np.testing.assert_allclose(rows, columns, **close)
    np.testing.assert_allclose(again, np.einsum("i,kaij->aj", w, rows), **close)
    np.testing.assert_allclose(forth, np.einsum("kaij,j->ki", rows, t), **close)
    first = grad(total, (0, 1))(a, b)
    np.testing.assert_allclose([s[0] for s in slopes], first, **close)
    np.testing.assert_allclose(second[0], first, **close)
    blocks = np.sum(hessian(total, (0, 1))(a, b), axis=1)
    np.testing.assert_allclose(second[1], blocks @ t, **close)
    assert all(map(np.array_equal, before, given))
