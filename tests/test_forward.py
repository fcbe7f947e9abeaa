"""`jvp`, `linearize`, `linear_transpose`; modes nested in each other."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings

from fgrad import (
    checkpoint,
    errors,
    grad,
    hessian,
    jacfwd,
    jvp,
    linear_transpose,
    linearize,
    stop_gradient,
    value_and_grad,
    vjp,
    vmap,
)
from fgrad.testing import stencil
from tests.test_errors import raised
from tests.test_laws import Program, numbers, programs, seeds

X = np.array([0.3, 0.8, -0.5])
V = np.array([1.0, -2.0, 0.5])


def wave(x):
    return np.sin(x) * np.cumsum(x)


def slope(f):
    """The derivative of a function of one number, by forward mode."""
    return lambda x: jvp(f, (x,), (1.0,))[1]


# contracts ----------------------------------------------------------------------------


def test_jvp():
    out, tangent = jvp(wave, (X,), (V,))
    np.testing.assert_array_equal(out, wave(X))
    np.testing.assert_allclose(tangent, jacfwd(wave)(X) @ V)
    out, tangent, aux = jvp(lambda x: (x**2, "aux"), (3.0,), (1.0,), has_aux=True)
    assert (out, tangent, aux) == (9.0, 6.0, "aux")
    out, tangent = jvp(
        lambda p, y: {"a": p["w"] * y, "b": (2.0, y)},
        ({"w": 2.0}, 5.0),
        ({"w": 1.0}, 10.0),
    )
    assert tangent == {"a": 25.0, "b": (0.0, 10.0)}


def test_dtypes():
    single = X.astype(np.float32)
    assert jvp(wave, (single,), (V.astype(np.float32),))[1].dtype == np.float32
    assert type(jvp(lambda x: x * 2, (np.float32(3),), (np.float32(1),))[1]) is (
        np.float32
    )


def test_linearize():
    out, pushforward = linearize(wave, X)
    np.testing.assert_array_equal(out, wave(X))
    np.testing.assert_allclose(pushforward(V), jvp(wave, (X,), (V,))[1])
    np.testing.assert_allclose(pushforward(2 * V), 2 * pushforward(V))
    units = vmap(pushforward)(np.eye(3))
    np.testing.assert_allclose(units.T, jacfwd(wave)(X))


def test_linear_transpose():
    a = np.arange(6.0).reshape(2, 3)
    transposed = linear_transpose(lambda x, y: a @ x + y, np.zeros(3), np.zeros(2))
    w = np.array([1.0, 10.0])
    np.testing.assert_array_equal(transposed(w)[0], a.T @ w)
    np.testing.assert_array_equal(transposed(w)[1], w)


def test_zero_tangents_stay_zero():
    def f(x):
        return np.where(x > 0, np.sqrt(np.abs(x)), 0.0)

    np.testing.assert_array_equal(jvp(f, (np.zeros(2),), (np.zeros(2),))[1], 0)
    np.testing.assert_array_equal(jvp(np.sqrt, (np.zeros(2),), (np.zeros(2),))[1], 0)


# no perturbation confusion ------------------------------------------------------------


@pytest.mark.parametrize("outer", [grad, slope])
@pytest.mark.parametrize("inner", [grad, slope])
def test_no_perturbation_confusion(outer, inner):
    assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(3.0) == 1.0
    assert outer(lambda x: x * inner(lambda y: x * y)(1.0))(3.0) == 6.0
    assert outer(lambda x: x * inner(lambda y: x * y * y)(x))(3.0) == 6 * 9.0
    assert outer(lambda x: inner(lambda _: x)(1.0))(3.0) == 0.0
    both = outer(lambda x: inner(lambda y: np.stack([x, y, x * y])[2] * y)(x))
    assert both(2.0) == 4 * 2.0  # d/dx 2xy at y = x


@pytest.mark.parametrize("first", [grad, slope])
@pytest.mark.parametrize("second", [grad, slope])
@pytest.mark.parametrize("third", [grad, slope])
def test_modes_over_modes(first, second, third):
    """Forward over reverse over forward, and all other orders."""
    f = third(second(first(lambda x: np.sin(x) * x**2)))
    x = 0.7
    expected = (-np.cos(x) * x**2 - 6 * x * np.sin(x)) + 6 * np.cos(x)
    np.testing.assert_allclose(f(x), expected, rtol=1e-13)
    # closures over boxes of all levels in one call
    mixed = first(
        lambda x: second(lambda y: third(lambda z: x * y * z * (x + y + z))(x))(x)
    )
    # ∂z: xy(x + y + 2z); ∂y at z = x: x(x + 2y + 2x) → at y = x: 5x²; d/dx: 10x
    assert mixed(2.0) == 20.0


def test_python_numbers_on_the_way():
    """A tangent that is a traced number of Python's stays one."""
    assert grad(lambda x: jvp(lambda y: y, (x,), (x,))[1])(2.0) == 1
    assert grad(lambda x: jvp(lambda y: y**2 * x, (x,), (x,))[1])(2.0) == 24
    assert grad(lambda x: linearize(lambda y: y**2 * x, x)[1](x))(2.0) == 24


def test_closures_and_threads_of_levels():
    def outer(x):
        kept = []

        def inner(y):
            kept.append(stop_gradient(x * y))
            return x * y * y

        value, gradient = value_and_grad(inner)(x)
        assert kept == [stop_gradient(x) ** 2]
        return value + gradient  # x³ + 2x²

    assert slope(outer)(2.0) == grad(outer)(2.0) == 3 * 4 + 4 * 2


# laws ---------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None, derandomize=True)
@given(programs, seeds, numbers)
def test_products_of_programs(calls, seed, x):
    """⟨w, Jv⟩ = ⟨Jᵀw, v⟩ = the stencil; linearize and checkpoint change no value."""
    program = Program(calls, seed)
    rng = np.random.default_rng(seed)
    v, w = rng.uniform(-1, 1, 3), rng.uniform(-1, 1)
    out, tangent = jvp(program, (x,), (v,))
    _, pullback = vjp(program, x)
    (numeric,) = stencil(lambda xs: [program(xs[0])], [x], [v])
    np.testing.assert_allclose(tangent, numeric, atol=2e-9)
    np.testing.assert_allclose(w * tangent, pullback(w)[0] @ v, rtol=1e-9, atol=1e-12)
    same, pushforward = linearize(program, x)
    assert same == out == program(x) == checkpoint(program)(x)
    assert pushforward(v) == tangent
    value, gradient = value_and_grad(checkpoint(program))(x)
    assert value == out
    np.testing.assert_allclose(gradient, pullback(1.0)[0], rtol=1e-12, atol=1e-15)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(programs, seeds, numbers)
def test_third_derivatives_of_programs(calls, seed, x):
    """jvp of vjp of jvp equals the stencil of the second derivatives."""
    program = Program(calls, seed)
    v, w = np.random.default_rng(seed).uniform(-1, 1, (2, 3))

    def second(x):
        return grad(lambda x: jvp(program, (x,), (v,))[1])(x)

    _, third = jvp(second, (x,), (w,))
    (numeric,) = stencil(lambda xs: [hessian(program)(xs[0]) @ v], [x], [w])
    np.testing.assert_allclose(third, numeric, atol=1e-8)


# words --------------------------------------------------------------------------------


def test_bad_tangents():
    kind = errors.TangentError
    assert raised(kind, lambda: jvp(wave, (X,), (V[:2],))) == (
        "the tangent of argument 0 of wave needs shape (3,), but has shape (2,)"
    )
    assert raised(kind, lambda: jvp(wave, (X,), (V * 1j,))) == (
        "the tangent of argument 0 of wave needs dtype float64, but has dtype "
        "complex128"
    )
    assert raised(kind, lambda: jvp(wave, (X,), ([V],))) == (
        "the tangent of argument 0 of wave needs the tree *, but is list([0]: *)"
    )
    assert raised(kind, lambda: jvp(wave, (X,), (V, V))) == (
        "jvp of wave needs 1 tangents, one for each argument, but got 2"
    )
    assert raised(kind, lambda: jvp(wave, X, V)) == (
        "jvp of wave needs a tuple of primals, one for each argument, but got an array "
        "of shape (3,). Write jvp(wave, (x,), (v,))."
    )
    assert raised(kind, lambda: jvp(wave, (X,), V)).startswith(
        "jvp of wave needs a tuple of tangents"
    )
    for odd, words in (
        ("abc", "is a str"),
        (np.array([None] * 3), "is an array of dtype object"),
        (np.ma.masked_array(V, [1, 0, 0]), "is a MaskedArray"),
    ):
        assert raised(kind, lambda odd=odd: jvp(wave, (X,), (odd,))) == (
            f"the tangent of argument 0 of wave needs dtype float64, but {words}"
        )
    _, pushforward = linearize(lambda p: p["a"][0], {"a": [X]})
    assert raised(kind, lambda: pushforward({"a": [1.0]})) == (
        "the tangent of argument 0['a'][0] of <lambda> needs shape (3,), "
        "but has shape ()"
    )


def test_outputs_in_which_traced_values_hide():
    class Pair:
        def __init__(self, x):
            self.first = x

    def objects(x):
        out = np.empty(2, object)
        out[0] = x
        return out

    plain = "Make it a plain one: fgrad.numpy.array(x.tolist())."
    for fun, what, aux, none in (
        (
            Pair,
            "a Pair",
            "Return other data with has_aux=True.",
            "Return numbers and arrays only.",
        ),
        (objects, "an array of dtype object", plain, plain),
    ):
        message = raised(errors.OutputTypeError, lambda f=fun: jvp(f, (X,), (V,)))
        assert message == (
            f"jvp needs a tree of arrays as output, but {fun.__name__} returned "
            f"{what}. {aux}"
        )
        message = raised(errors.OutputTypeError, lambda f=fun: linearize(f, X))
        assert message == (
            f"linearize needs a tree of arrays as output, but {fun.__name__} returned "
            f"{what}. {none}"
        )
        for transform in (jacfwd, vmap, lambda f: lambda x: vjp(f, x)):
            with pytest.raises(errors.OutputTypeError, match=f"returned {what}"):
                transform(fun)(X)

    @dataclass
    class Line:
        slope: float

    message = raised(errors.OutputTypeError, lambda: jvp(Line, (X,), (V,)))
    assert message.endswith("a Line. Decorate it with @fgrad.register_dataclass.")


def test_tangents_are_the_users_own():
    """No tangent shares memory with another one, or with the direction."""
    x, v = np.ones((2, 2)), np.full((2, 2), 3.0)

    def views(x):
        return x, x.T, x[:1], x

    for tangents in (jvp(views, (x,), (v,))[1], linearize(views, x)[1](v)):
        for i, t in enumerate(tangents):
            others = (v, *tangents[:i])
            assert not any(np.shares_memory(t, other) for other in others)


W = np.ones(3, np.float32)


@pytest.mark.parametrize(
    "fun",
    [
        lambda x: W - x,
        lambda x: W / x,
        lambda x: np.stack([W[0], x]),
        lambda x: np.sum(W * x, dtype=np.float64),
        lambda x: np.cumsum(W * x, dtype=np.float64),
        lambda x: np.mean(W * x, dtype=np.float64),
        lambda x: np.sum((W * x).astype(np.float16)),
        lambda x: (W * x).astype(float),
        lambda x: np.einsum("i,i->", W, W * x, dtype=np.float64),
        lambda x: np.fft.fft(W * x),
        lambda x: np.real(x * 1j * W),
    ],
)
@pytest.mark.parametrize("kind", [float, np.float32, np.float16])
def test_tangents_have_the_dtype_of_the_result(fun, kind):
    value, tangent = jvp(fun, (kind(2),), (kind(1),))
    assert tangent.dtype == value.dtype
    assert np.shape(tangent) == np.shape(value)


def test_a_tangent_has_the_dtype_of_its_argument():
    x = np.ones(3, np.float32)
    for fun in (lambda x: x, lambda x: 2 * x):
        for t in (np.ones(3), np.ones(3, int)):
            assert jvp(fun, (x,), (t,))[1].dtype == np.float32
            assert linearize(fun, x)[1](t).dtype == np.float32
