"""`grad`, `value_and_grad`, `vjp`: contracts, nesting, control flow."""

import asyncio
import contextlib
import copy
import functools
import inspect
import math
import operator
import pickle
from typing import Any

import numpy as np
import pytest
import scipy.optimize

import fgrad.testing
from fgrad import grad, stop_gradient, value_and_grad, vjp


def square(x):
    """The square."""
    return x * x


def product(x, y, z=1.0):
    return np.sum(x * y * z)


# argnums, aux, values -----------------------------------------------------------------


def test_argnums():
    x, y = np.array([1.0, 2.0]), np.array([3.0, 5.0])
    np.testing.assert_array_equal(grad(product)(x, y), y)
    np.testing.assert_array_equal(grad(product, 1)(x, y), x)
    np.testing.assert_array_equal(grad(product, -1)(x, y), x)
    both = grad(product, (1, 0))(x, y)
    assert type(both) is tuple
    np.testing.assert_array_equal(both[0], x)
    np.testing.assert_array_equal(both[1], y)
    (only,) = grad(product, [0])(x, y, z=2.0)
    np.testing.assert_array_equal(only, 2 * y)


def test_aux():
    def f(x):
        return x**2, {"double": 2 * x, "name": "f", "none": None, "n": 3}

    gradient, aux = grad(f, has_aux=True)(3.0)
    assert gradient == 6.0
    assert aux == {"double": 6.0, "name": "f", "none": None, "n": 3}
    (value, aux), gradient = value_and_grad(f, has_aux=True)(3.0)
    assert (value, gradient, aux["double"]) == (9.0, 6.0, 6.0)
    out, pullback, aux = vjp(f, 3.0, has_aux=True)
    assert (out, pullback(1.0), aux["double"]) == (9.0, (6.0,), 6.0)


def test_aux_keeps_outer_levels():
    def outer(x):
        gradient, aux = grad(lambda y: (x * y**2, x * y), has_aux=True)(x)
        return gradient + aux  # 2 x² + x²

    assert grad(outer)(2.0) == 12.0


def test_independent_output_gives_zeros():
    np.testing.assert_array_equal(grad(lambda x: 3.0)(np.ones(2)), np.zeros(2))
    np.testing.assert_array_equal(grad(lambda x: np.sum(x > 0))(np.ones(2)), [0, 0])
    out, pullback = vjp(lambda x: (x, 2.0), 1.0)
    assert out == (1.0, 2.0)
    assert pullback((5.0, 7.0)) == (5.0,)


def test_value_is_what_the_function_returns():
    assert type(value_and_grad(square)(3.0)[0]) is float
    value, gradient = value_and_grad(lambda x: np.sum(x))(np.ones(2, np.float32))
    assert value.dtype == gradient.dtype == np.float32


# dtypes and freshness -----------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_gradient_has_the_dtype_of_the_argument(dtype):
    x = np.array([0.25, 0.5], dtype)
    gradient = grad(lambda x: np.sum(np.sin(x * np.float64(2)) * 2.0))(x)
    assert (gradient.dtype, gradient.shape) == (dtype, (2,))
    assert type(grad(square)(dtype(3))) is dtype


def test_python_scalars_stay_weak():
    single = np.ones(3, np.float32)
    value = value_and_grad(lambda s: np.sum((s * 2.0 + 1.0) * single))(3.0)[0]
    assert value.dtype == np.float32
    assert value == ((3.0 * 2.0 + 1.0) * single).sum()


def test_gradients_are_fresh_and_writable():
    x, g = np.ones(3), np.ones(3)
    for f in (
        lambda x: x,
        lambda x: x + 1,
        lambda x: x[:],
        lambda x: x.reshape(3, 1)[:, 0],
        lambda x: x.T.T,
    ):
        (c,) = vjp(f, x)[1](g)
        assert not np.shares_memory(c, g)
        assert not np.shares_memory(c, x)
        c[:] = 7  # writable
    a, b = grad(lambda a, b: np.sum(a + b), (0, 1))(x, x)
    assert not np.shares_memory(a, b)
    a[:] = b[:] = 7
    np.testing.assert_array_equal(x, 1)
    np.testing.assert_array_equal(g, 1)


def test_zero_dimensional_gradients_are_scalars():
    assert type(grad(lambda x: x * 2)(np.array(3.0))) is np.float64
    assert type(grad(lambda p: p["a"] * 2)({"a": 3.0})["a"]) is np.float64


def test_pullback_may_be_called_again():
    _, pullback = vjp(lambda x: np.exp(x) * x, np.array([0.5, 1.0]))
    first, again = pullback(np.ones(2)), pullback(np.ones(2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_allclose(pullback(np.full(2, 3.0))[0], 3 * first[0])


# complex ------------------------------------------------------------------------------


def cubes(x):
    return x**3


def test_what_a_pullback_returns_is_no_array():
    """NumPy would make one of it, with one more axis."""
    x = np.array([1.0, 2.0])
    pulled = vjp(cubes, x)[1](np.ones(2))
    uses = [
        lambda x, t: x - t,
        lambda x, t: t - x,
        lambda x, t: x + t,
        lambda x, t: t + x,
        lambda x, t: x * t,
        lambda x, t: 0.1 * t,
        lambda x, t: t * 0.1,
        lambda x, t: np.float64(0.1) * t,
        lambda x, t: t / 2.0,
        lambda x, t: x @ t,
        lambda x, t: x**t,
        lambda x, t: -t,
    ]
    for compare in (operator.eq, operator.ne):
        with pytest.raises(TypeError, match="a pullback returns a tuple with"):
            compare(x, pulled)
    for use in uses:
        for run in (
            lambda use=use: use(x, pulled),
            lambda use=use: grad(lambda x: np.sum(use(x, vjp(cubes, x)[1](x))))(x),
            lambda use=use: fgrad.vmap(lambda x: use(x, pulled))(x),
        ):
            with pytest.raises(TypeError) as info:
                run()
            assert str(info.value).startswith(
                "a pullback returns a tuple with one cotangent for each argument, "
                "which is no array; take its entry for an argument, as in "
                f'pullback(g)[0], at File "{__file__}", line '
            )
    with pytest.raises(TypeError, match="does not support ufuncs"):
        np.subtract(x, pulled)


def test_what_a_pullback_returns_is_a_tuple():
    x = np.array([1.0, 2.0])
    pulled = vjp(lambda x, y: x * y, 2.0, 3.0)[1](1.0)
    plain = (3.0, 2.0)
    assert isinstance(pulled, tuple)
    assert pulled == plain
    assert pulled != (3.0, 2.5)
    assert hash(pulled) == hash(plain)
    assert repr(pulled) == repr((np.float64(3.0), np.float64(2.0)))
    assert pulled[1:] == (2.0,)
    one: tuple[Any, ...] = (1,)
    assert pulled + one == (3.0, 2.0, 1)
    assert one + pulled == (1, 3.0, 2.0)
    assert 2 * pulled == pulled * 2 == plain * 2
    for copied in (pickle.loads(pickle.dumps(pulled)), copy.deepcopy(pulled)):
        assert type(copied) is tuple
        assert copied == plain
    assert fgrad.tree.map(lambda a, b: a + b, pulled, plain) == (6.0, 4.0)
    assert fgrad.tree.map(lambda a, b: a + b, plain, pulled) == (6.0, 4.0)
    assert type(fgrad.tree.map(lambda a: a, pulled)) is tuple
    assert fgrad.jvp(lambda x, y: x * y, pulled, pulled)[1] == 12.0
    inner = lambda x: vjp(lambda x, y: x * y, x, 2.0 * x)[1](x)  # noqa: E731
    assert grad(inner, has_aux=True)(3.0) == (12.0, 9.0)
    np.testing.assert_array_equal(np.stack(pulled), plain)
    np.testing.assert_array_equal(np.array(pulled), plain)
    assert np.sum(pulled) == np.sum(a=pulled) == 5.0
    (alone,) = vjp(cubes, x)[1](x)
    np.testing.assert_array_equal(alone, 3 * x**3)


def test_gradient_of_a_real_function_of_complex_numbers():
    z = 1.0 + 2.0j
    # f = x² + 3xy: ∂f/∂x - i ∂f/∂y
    gradient = grad(lambda z: z.real**2 + 3 * z.real * z.imag)(z)
    assert gradient == (2 * 1 + 3 * 2) - 1j * (3 * 1)


def test_integers_are_differentiated_at_their_float_value():
    square = lambda x: np.sum(x**2)  # noqa: E731
    slope = grad(square, allow_int=True)(3)
    large = grad(lambda n: np.sum(n * n), allow_int=True)(np.array([2**40 + 1]))
    assert large.tolist() == [2.0 * (2**40 + 1)]
    assert (slope, type(slope)) == (6.0, np.float64)
    assert value_and_grad(square, allow_int=True)(np.int8(100)) == (10000.0, 200.0)
    counts = np.arange(3, dtype=np.uint8)
    np.testing.assert_array_equal(grad(square, allow_int=True)(counts), [0, 2, 4])
    assert counts.dtype == np.uint8
    tree = grad(lambda p: p["a"] * p["b"], allow_int=True)({"a": 2, "b": 1.5})
    assert tree == {"a": 1.5, "b": 2.0}
    mapped = fgrad.vmap(grad(square, allow_int=True))
    np.testing.assert_array_equal(mapped(np.arange(3)), [0, 2, 4])
    inner = grad(square, allow_int=True)
    assert grad(lambda x: inner(x * 3), allow_int=True)(2) == 6.0
    np.testing.assert_array_equal(
        fgrad.jacobian(lambda x: x * x, allow_int=True)(counts), np.diag([0, 2, 4])
    )
    np.testing.assert_array_equal(
        fgrad.hessian(square, allow_int=True)(counts), 2 * np.eye(3)
    )
    for odd in (True, np.array([True]), "a"):
        with pytest.raises(fgrad.errors.InputTypeError):
            grad(square, allow_int=True)(odd)


def test_curve_fit_from_integers():
    """The user holds no integer array, but SciPy makes one of ``p0=[1, 1]``."""

    def model(x, a, b):
        return a * np.exp(-b * x)

    jacobian = fgrad.jacobian(model, argnums=(1, 2), allow_int=True)
    x = np.linspace(0, 4, 30)
    found, _ = scipy.optimize.curve_fit(
        model,
        x,
        model(x, 2.5, 1.3),
        p0=[1, 1],
        jac=lambda *args: np.stack(jacobian(*args), axis=-1),
    )
    np.testing.assert_allclose(found, [2.5, 1.3])


def test_holomorphic():
    z = np.array(1.0 + 2.0j)
    assert grad(lambda z: z * z * z, holomorphic=True)(z) == 3 * z * z


def test_real_argument_of_a_complex_computation():
    gradient = grad(lambda x: (np.exp(1j * x) * (2 - 1j)).imag)(0.3)
    assert type(gradient) is np.float64
    assert math.isclose(gradient, (1j * np.exp(0.3j) * (2 - 1j)).imag)


# nesting ------------------------------------------------------------------------------


def test_higher_orders():
    f = np.sin
    for expected in (np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x), np.sin):
        f = grad(f)
        assert math.isclose(f(0.7), expected(0.7))


def test_no_perturbation_confusion():
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(3.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y)(1.0))(3.0) == 6.0
    assert grad(lambda x: grad(lambda y: grad(lambda z: x * y * z)(1.0))(1.0))(2.0) == 1

    def mixed(x):
        inner = grad(lambda y: np.sum(np.stack([x, y, x * y])) * y)
        return inner(x)  # d/dy (x + y + xy) y = x + 2y + 2xy at y = x: 3x + 2x²

    assert grad(mixed)(2.0) == 3 + 4 * 2


def test_all_three_nest_in_each_other():
    def f(x):
        return np.sum(np.tanh(x) * x)

    x = np.array([0.3, 0.8])

    def through_vjp(x):
        value, pullback = vjp(f, x)
        return np.sum(pullback(value)[0])

    def through_value_and_grad(x):
        value, gradient = value_and_grad(f)(x)
        return np.sum(gradient * value)

    np.testing.assert_allclose(
        grad(through_vjp)(x), grad(through_value_and_grad)(x), rtol=1e-14
    )
    fgrad.testing.check_grads(through_vjp, (x,), rtol=1e-9)


def test_gradient_descent_is_differentiable():
    def trained(rate):
        x = 5.0
        for _ in range(10):
            x = x - rate * grad(square)(x)
        return x

    assert math.isclose(grad(trained)(0.1), -20 * 5 * 0.8**9)


def test_stop_gradient():
    assert grad(lambda x: x * stop_gradient(x))(3.0) == 3.0
    inner = grad(lambda x: grad(lambda y: y * y * stop_gradient(x * y))(x))
    assert inner(3.0) == 18.0
    tree = stop_gradient({"a": (1.0, None)})
    assert tree == {"a": (1.0, None)}


# control flow -------------------------------------------------------------------------


def test_branches_loops_recursion():
    def f(x):
        if x > 0:
            while x < 100:
                x = x * x
        return x

    assert grad(f)(3.0) == 8 * 3.0**7
    assert grad(f)(-3.0) == 1.0

    def power(x, n):
        return x * power(x, n - 1) if n else 1.0

    assert grad(power)(2.0, 5) == 80.0


def test_try_and_generators():
    def f(x):
        try:
            raise ValueError(x)
        except ValueError as error:
            x = error.args[0]

        def powers():
            y = x
            for _ in range(3):
                yield y
                y = y * x

        with contextlib.suppress(KeyError):
            {}["missing"]
        return sum(powers())

    assert grad(f)(2.0) == 1 + 2 * 2 + 3 * 4


def test_interleaved_generators():
    """Two transforms, each suspended in the middle of the other."""
    results = []

    def steps(scale):
        values = []

        def f(x):
            values.append(scale)
            return scale * x * grad(lambda y: x * y)(x)

        for x in (1.0, 2.0, 3.0):
            results.append(grad(f)(x))
            yield

    for _ in zip(steps(1.0), steps(10.0), strict=True):
        pass
    assert results == [2, 20, 4, 40, 6, 60]


def test_async():
    async def f(x):
        y = x * x
        await asyncio.sleep(0)
        return y * await inner(x)

    async def inner(x):
        return await grad(g)(x)

    async def g(y):
        await asyncio.sleep(0)
        return y * y * y

    async def main():
        return await asyncio.gather(*(grad(f)(x) for x in (1.0, 2.0, 3.0)))

    # d/dx x² · 3x² = 12 x³
    assert asyncio.run(main()) == [12.0, 96.0, 324.0]


def test_long_chain():
    def chain(x):
        for _ in range(100_000):
            x = x * 1.0
        return x

    assert grad(chain)(2.0) == 1.0


# a transformed function is an ordinary object -----------------------------------------


def test_name_doc_signature():
    assert grad(square).__name__ == "square"
    assert grad(square).__doc__ == "The square."
    assert str(inspect.signature(grad(square))) == "(x)"
    assert repr(value_and_grad(grad(square))) == "value_and_grad(grad(square))"


def test_pickle_and_copy():
    f = pickle.loads(pickle.dumps(grad(value_and_grad(square, has_aux=False), 0)))
    assert repr(f) == "grad(value_and_grad(square))"
    second = pickle.loads(pickle.dumps(grad(grad(square))))
    assert second(5.0) == copy.deepcopy(second)(5.0) == 2.0


def test_methods_and_partials():
    class Model:
        scale = 3.0

        @functools.partial(grad, argnums=1)
        def slope(self, x):
            return self.scale * x**2

    assert Model().slope(2.0) == 12.0
    assert grad(functools.partial(product, z=2.0))(1.0, 5.0) == 10.0


def test_exceptions_leave_nothing_behind():
    def broken(x):
        grad(square)(x)
        raise KeyError("mine")

    for _ in range(3):
        with pytest.raises(KeyError, match="mine"):
            grad(broken)(1.0)
    assert grad(grad(square))(1.0) == 2.0
