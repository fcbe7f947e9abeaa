"""`custom_jvp`, and what zeros mean to a derivative of the user's."""

import copy
import functools
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings

from fgrad import (
    checkpoint,
    custom_jvp,
    custom_vjp,
    errors,
    grad,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    linearize,
    value_and_grad,
    vjp,
    vmap,
)
from fgrad.testing import check_grads
from tests.test_errors import raised
from tests.test_laws import Program, numbers, programs, seeds

X = np.array([0.3, 0.8])


@custom_jvp
def waves(x, params, count=3, name="sine"):
    """A tree of results from trees of arguments."""
    assert name == "sine"
    return {"y": np.sin(x) * params["k"], "n": count}


@waves.defjvp
def waves_rule(primals, tangents):
    x, params, count, name = primals
    dx, dparams, dcount, dname = tangents
    assert dname is None
    assert dcount == 0.0
    y = waves(x, params, count, name)["y"]
    slope = np.cos(x) * params["k"] * dx
    return {"y": y, "n": count}, {"y": slope + np.sin(x) * dparams["k"], "n": None}


def through(x, k):
    return waves(x, {"k": k})["y"]


def test_it_composes():
    assert waves(X, {"k": 2.0})["n"] == 3
    check_grads(through, (X, 2.0), order=3, rtol=1e-9)
    check_grads(checkpoint(through), (X, 2.0), order=2, rtol=1e-9)
    check_grads(through, (X + 0.5j, 2.0 + 1j), order=2, rtol=1e-9)
    np.testing.assert_allclose(jacfwd(through)(X, 2.0), jacrev(through)(X, 2.0))
    np.testing.assert_allclose(
        hessian(lambda x: np.sum(through(x, 2.0)))(X), np.diag(-2 * np.sin(X))
    )
    value, gradient = value_and_grad(
        lambda k: np.sum(waves(params={"k": k}, x=X)["y"])
    )(2.0)
    np.testing.assert_allclose((value, gradient), (2 * sum(np.sin(X)), sum(np.sin(X))))
    out, push = linearize(through, X, 2.0)
    np.testing.assert_allclose(push(X, 0.0), 2 * X * np.cos(X))
    _, pullback = vjp(through, X, 2.0)
    assert pullback(out)[1].shape == ()


def test_it_is_mapped():
    xs = np.array([X, 2 * X, -X])
    mapped = vmap(through, in_axes=(0, None))
    np.testing.assert_allclose(mapped(xs, 2.0), 2 * np.sin(xs))
    check_grads(mapped, (xs, 2.0), order=2, rtol=1e-9)
    each = vmap(grad(lambda x, k: np.sum(through(x, k))), in_axes=(0, None))
    np.testing.assert_allclose(each(xs, 2.0), 2 * np.cos(xs))
    along = vmap(lambda x, v: jvp(lambda x: through(x, 2.0), (x,), (v,))[1])
    np.testing.assert_allclose(along(xs, xs), 2 * xs * np.cos(xs))
    twice = lambda xs: np.sum(vmap(vmap(through, (0, None)), (0, None))(xs, 2.0))  # noqa: E731
    np.testing.assert_allclose(grad(twice)(xs), 2 * np.cos(xs))


def half(scale=7.0):
    """A rule that is wrong on purpose shows that it is the one in use."""
    f = custom_jvp(lambda x: x * 0.5)
    f.defjvp(lambda primals, tangents: (f(*primals), scale * tangents[0]))
    return f


def test_it_is_what_runs():
    f = half()
    assert value_and_grad(f)(1.0) == (0.5, 7.0)
    assert jvp(f, (1.0,), (2.0,)) == (0.5, 14.0)
    np.testing.assert_array_equal(vmap(grad(f))(np.ones(2)), [7, 7])
    np.testing.assert_array_equal(grad(lambda x: np.sum(vmap(f)(x)))(X), [7, 7])
    assert grad(lambda x: x * grad(lambda y: f(x) * y)(2.0))(3.0) == 1.5 + 3 * 7


def test_one_function_for_each_argument():
    f = custom_jvp(lambda x, y, n: {"p": x * y**n})
    f.defjvps(
        lambda t, ans, x, y, n: {"p": t * y**n},
        lambda t, ans, x, y, n: {"p": t * n * ans["p"] / y},
        None,
    )
    g = lambda x, y: f(x, y, 3)["p"]  # noqa: E731
    check_grads(g, (X, 1.0 + X), order=2, rtol=1e-9)
    constant = custom_jvp(np.floor)
    constant.defjvps(None)
    np.testing.assert_array_equal(jacrev(constant)(X), np.zeros((2, 2)))
    np.testing.assert_array_equal(jacfwd(constant)(X), np.zeros((2, 2)))


def test_nondiff_argnums():
    @functools.partial(custom_jvp, nondiff_argnums=(0, 2))
    def apply(fun, x, power):
        return fun(x) ** power

    @apply.defjvp
    def rule(fun, power, primals, tangents):
        y, dy = jvp(fun, primals, tangents)
        return y**power, power * y ** (power - 1) * dy

    check_grads(lambda x: apply(np.sin, x, 3), (X,), order=3, rtol=1e-9)
    check_grads(vmap(lambda x: apply(np.sin, x, 3)), (X,), rtol=1e-9)
    message = raised(
        errors.ArgnumsError, lambda: grad(lambda p: apply(np.sin, 0.5, p))(2.0)
    )
    assert message.startswith("argument 2 of apply is in nondiff_argnums, but is")
    assert raised(errors.RuleError, lambda: apply.defjvps(None)) == (
        "apply has nondiff_argnums, so its derivative is set with apply.defjvp(rule)."
    )


def test_it_is_an_ordinary_object():
    assert (waves.__name__, waves.__doc__) == (
        "waves",
        "A tree of results from trees of arguments.",
    )
    assert pickle.loads(pickle.dumps(waves)) is waves
    assert copy.deepcopy(waves) is waves


def test_forward_mode_runs_the_rule_itself():
    """It may do anything with tangents that reverse mode could not trace."""
    f = custom_jvp(lambda x: x * 2.0)
    f.defjvp(lambda primals, tangents: (None, 2.0 * float(tangents[0])))
    assert jvp(f, (3.0,), (1.5,)) == (6.0, 3.0)
    with pytest.raises(errors.ConversionError, match="would drop the gradient"):
        grad(f)(3.0)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            lambda p, t: t[0],
            "the rule of f must return a pair (output, tangent), but returned an "
            "array of shape (3,).",
        ),
        (
            lambda p, t: (None, t[0][:2]),
            "the rule of f returned a tangent of shape (2,) for the output, which has "
            "shape (3,).",
        ),
        (
            lambda p, t: (None, [t[0], t[0]]),
            "the rule of f returned a tangent with the tree list([0]: *, [1]: *) for "
            "the output, which is the tree dict(['y']: *).",
        ),
        (
            lambda p, t: (None, "zero"),
            "the rule of f returned a tangent that is a str for the output.",
        ),
    ],
)
def test_wrong_rules(rule, message):
    @custom_jvp
    def f(x):
        return {"y": x} if "dict" in message else x * 1.0

    x = np.ones(3)
    f.defjvp(rule)
    assert raised(errors.RuleError, lambda: jvp(f, (x,), (x,))) == message
    assert raised(errors.RuleError, lambda: jacrev(f)(x)) == message


def test_what_it_takes():
    with pytest.raises(TypeError, match=r"custom_jvp needs a function, but got 3\."):
        custom_jvp(3)
    f = custom_jvp(lambda x: x)
    f.__name__ = "f"
    assert raised(errors.RuleError, lambda: f.defjvp(3)) == (
        "f.defjvp needs a function rule(primals, tangents), but got 3."
    )
    assert raised(errors.RuleError, lambda: f.defjvps(3)) == (
        "f.defjvps needs a function jvp(tangent, output, *primals), or None, for each "
        "argument, but got 3."
    )
    assert raised(errors.MissingRuleError, lambda: grad(f)(1.0)).startswith(
        "no derivative rule for f: set it with f.defjvp(rule), called at File "
    )
    f.defjvps(None, None)
    assert raised(errors.RuleError, lambda: grad(f)(1.0)) == (
        "f.defjvps was given 2 functions, but f was called with 1 arguments."
    )
    text = custom_jvp(lambda x: "text")
    text.defjvp(lambda p, t: (None, None))
    with pytest.raises(errors.RuleError, match="must return a tree of arrays, but"):
        grad(text)(1.0)


def test_it_cannot_write_into_its_arguments():
    f = custom_jvp(lambda x: x * 1.0)
    f.__name__ = "f"
    f.defjvp(lambda p, t: (None, np.multiply(t[0], 2, out=p[0])))
    x = np.ones(2)
    assert raised(errors.RuleError, lambda: jvp(f, (x,), (x,))) == (
        "the rule of f writes into its arguments. They belong to others: write "
        "x = x + 1 in place of x += 1, or change a copy."
    )
    np.testing.assert_array_equal(x, [1, 1])
    f.defjvp(lambda p, t: (None, np.multiply(t[0], 2, out=t[0])))
    with pytest.raises(errors.RuleError, match="the rule of f writes into its argum"):
        jvp(f, (x,), (x,))
    np.testing.assert_array_equal(x, [1, 1])


def test_a_tangent_that_the_rule_keeps_is_copied():
    kept = np.ones(2)
    f = custom_jvp(lambda x: x + 1.0)
    f.defjvp(lambda p, t: (None, kept))
    tangent = jvp(f, (X,), (X,))[1]
    tangent += 1
    np.testing.assert_array_equal(kept, [1, 1])


# Zeros ------------------------------------------------------------------------------


def squares():
    by_pullback = custom_vjp(lambda x: x * x)
    by_pullback.defvjp(lambda x: (x * x, x), lambda x, g: (2 * g * x,))
    by_tangent = custom_jvp(lambda x: x * x)
    by_tangent.defjvp(lambda p, t: (None, 2 * p[0] * t[0]))
    return by_pullback, by_tangent


@pytest.mark.parametrize("square", squares(), ids=["custom_vjp", "custom_jvp"])
def test_a_coefficient_that_happens_to_be_zero_is_no_structural_zero(square):
    """The derivative of x is 1: 0 times infinity is nan, and not 0."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.UndefinedDerivativeWarning)
        assert np.isnan(grad(lambda x: square(np.sqrt(x)))(0.0))
        assert np.isnan(jvp(lambda x: square(np.sqrt(x)), (0.0,), (1.0,))[1])
        found = grad(lambda x: np.sum(square(np.sqrt(x))))(np.array([0.0, 4.0]))
    np.testing.assert_array_equal(found, [np.nan, 1.0])


@pytest.mark.parametrize("square", squares(), ids=["custom_vjp", "custom_jvp"])
def test_entries_that_a_mask_leaves_out_stay_zero(square):
    def f(x):
        return np.where(x > 0, square(np.sqrt(x)), 0.0)

    x = np.array([0.0, 4.0])
    total = lambda x: np.sum(f(x))  # noqa: E731
    np.testing.assert_array_equal(grad(total)(x), [0, 1])
    np.testing.assert_array_equal(jvp(f, (x,), (x,))[1], [0, 4])
    np.testing.assert_array_equal(vmap(grad(f))(x), [0, 1])
    np.testing.assert_allclose(hessian(total)(x), np.zeros((2, 2)), atol=1e-15)


def test_zeros_that_a_derivative_of_the_users_makes():
    """It is asked close by: what is zero there, too, is structural."""
    ramp = custom_vjp(lambda x: np.maximum(x, 1.0))
    ramp.defvjp(lambda x: (np.maximum(x, 1.0), x), lambda x, g: (g * (x > 1),))
    x = np.array([0.0, 4.0])
    np.testing.assert_array_equal(
        grad(lambda x: np.sum(ramp(np.sqrt(x))))(x), [0, 0.25]
    )


@settings(max_examples=20, deadline=None, derandomize=True)
@given(programs, seeds, numbers)
def test_it_changes_no_derivative(calls, seed, x):
    program = Program(calls, seed)

    @custom_jvp
    def wrapped(x):
        return program(x)

    wrapped.defjvp(lambda primals, tangents: jvp(program, primals, tangents))
    expected, gradient = value_and_grad(program)(x)
    value, got = value_and_grad(wrapped)(x)
    assert value == expected
    np.testing.assert_allclose(got, gradient, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(
        jvp(wrapped, (x,), (gradient,))[1], gradient @ gradient, atol=1e-9
    )
