"""`jacobian` and its family, `hessian`, `hvp`, `elementwise_grad`, `ravel`; laws."""

import asyncio
import copy
import inspect
import pickle

import numpy as np
import pytest
from hypothesis import given, settings

import fgrad
from fgrad import (
    elementwise_grad,
    errors,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    ravel,
    value_and_jacobian,
    vjp,
)
from fgrad._transforms._units import ENTRIES
from fgrad.testing import stencil
from tests.test_errors import raised
from tests.test_laws import Program, numbers, programs, seeds

X = np.array([0.3, 0.8, -0.5])
FAMILY = [jacobian, jacrev, jacfwd]


def wide(x):
    """From a vector to a matrix."""
    return np.outer(np.sin(x), x)[:, :2] * x[0]


def narrow(x):
    return np.sum(np.tanh(x) * x)


def numeric(fun, x):
    """The Jacobian by the stencil."""
    units = np.eye(x.size).reshape(x.size, *x.shape)
    columns = [stencil(lambda xs: [fun(xs[0])], [x], [unit])[0] for unit in units]
    shape = np.shape(columns[0]) + x.shape
    return np.moveaxis(np.array(columns), 0, -1).reshape(shape)


# shapes and trees ---------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILY)
@pytest.mark.parametrize(
    "fun",
    [
        wide,
        narrow,
        lambda x: x,
        lambda x: x[0],
        lambda x: np.ones(2),
        lambda x: np.linalg.solve(np.eye(3) + np.outer(x, x), np.cumsum(x)),
        lambda x: np.fft.rfft(x).real,
        lambda x: x[:0],
        lambda x: np.stack([x, x])[None],
    ],
)
def test_equals_the_stencil(family, fun):
    matrix = family(fun)(X)
    np.testing.assert_allclose(matrix, numeric(fun, X), rtol=1e-9, atol=1e-10)
    assert matrix.shape == np.shape(fun(X)) + X.shape
    matrix[...] = 7.0  # fresh and writable


@pytest.mark.parametrize("family", FAMILY)
def test_matrices_scalars_and_empty_arguments(family):
    a = np.arange(6.0).reshape(2, 3) / 3
    got = family(lambda a: a @ a.T)(a)
    np.testing.assert_allclose(got, numeric(lambda a: a @ a.T, a), atol=1e-9)
    assert type(family(np.sin)(0.5)) is np.float64
    assert family(lambda x: np.stack([x, 2 * x]))(0.5).tolist() == [1, 2]
    assert family(lambda x: np.ones(2))(np.ones(0)).shape == (2, 0)


@pytest.mark.parametrize("family", FAMILY)
def test_trees_give_nested_blocks(family):
    def f(params, y):
        return {"a": params["w"] @ y, "b": (np.sum(y) * params["s"], 3.0)}

    params, y = {"w": np.arange(6.0).reshape(2, 3), "s": 2.0}, np.ones(3)
    blocks = family(f)(params, y)
    assert blocks["a"]["w"].shape == (2, 2, 3)
    np.testing.assert_array_equal(blocks["a"]["s"], [0, 0])
    assert blocks["b"][0]["s"] == 3.0
    assert blocks["b"][1]["s"] == 0.0
    both = family(f, (1, 0))(params, y)
    assert type(both["a"]) is tuple
    np.testing.assert_array_equal(both["a"][0], params["w"])
    np.testing.assert_array_equal(both["b"][0][1]["w"], np.zeros((2, 3)))
    (only,) = family(lambda x, y: x * y, [-1])(2.0, 5.0)
    assert only == 2.0


def test_blocks_share_no_memory():
    for family in FAMILY:
        a, b = family(lambda a, b: a + b, (0, 1))(X, X)
        a[:] = 7
        np.testing.assert_array_equal(b, np.eye(3))

        def twice(t):
            y = t * X
            return y, y

        a, b = family(twice)(2.0)
        assert not np.shares_memory(a, b)


def test_aux_and_value():
    def f(x):
        return x**2, {"n": 3, "twice": 2 * x}

    matrix, aux = jacobian(f, has_aux=True)(X)
    np.testing.assert_allclose(matrix, np.diag(2 * X))
    np.testing.assert_array_equal(aux["twice"], 2 * X)
    (value, aux), matrix = value_and_jacobian(f, has_aux=True)(X)
    np.testing.assert_allclose(value, X**2)
    value, matrix = value_and_jacobian(wide)(X)
    np.testing.assert_array_equal(value, wide(X))
    np.testing.assert_array_equal(matrix, jacobian(wide)(X))
    second, aux = hessian(lambda x: (narrow(x), "aux"), has_aux=True)(X)
    np.testing.assert_allclose(second, hessian(narrow)(X))
    assert aux == "aux"


def test_the_function_runs_once():
    for transform in (*FAMILY, value_and_jacobian, hessian):
        count = []

        def f(x, count=count):
            count.append(1)
            return narrow(x)

        transform(f)(X)
        assert len(count) == 1


def test_dtypes():
    for family in FAMILY:
        assert family(wide)(X.astype(np.float32)).dtype == np.float32
        got = family(lambda x: x * np.ones(3))(np.float32(2))
        assert got.dtype == np.float32


# complex ------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILY)
def test_complex(family):
    def turn(x):
        return np.exp(1j * x) * (2 - 1j)

    expected = np.diag(1j * np.exp(1j * X) * (2 - 1j))
    np.testing.assert_allclose(family(turn)(X), expected)
    z = X + 1j * X[::-1]
    np.testing.assert_allclose(
        family(lambda z: np.abs(z) ** 2)(z), np.diag(2 * np.conj(z))
    )
    holomorphic = family(lambda z: z**3 + z[0], holomorphic=True)(z)
    expected = np.diag(3 * z**2)
    expected[:, 0] += 1
    np.testing.assert_allclose(holomorphic, expected)


def test_complex_is_refused_without_holomorphic():
    message = raised(errors.OutputTypeError, lambda: jacobian(wide)(X + 0j))
    assert message == (
        "jacobian needs a real output where the argument is complex, but wide returned "
        "complex numbers for argument 0 of dtype complex128. Pass holomorphic=True if "
        "wide is holomorphic, or differentiate its real and imaginary parts."
    )


# second derivatives -------------------------------------------------------------------


def test_hessian():
    np.testing.assert_allclose(
        hessian(narrow)(X), numeric(grad(narrow), X), rtol=1e-9, atol=1e-10
    )
    blocks = hessian(lambda p, y: np.sum(p["a"] * y**2), (0, 1))({"a": X}, X)
    np.testing.assert_allclose(blocks[0]["a"][1], np.diag(2 * X))
    np.testing.assert_allclose(blocks[1][0]["a"], np.diag(2 * X))
    np.testing.assert_allclose(blocks[1][1], np.diag(2 * X))
    np.testing.assert_array_equal(blocks[0]["a"][0]["a"], np.zeros((3, 3)))


def test_vector_functions_have_jacobians_of_jacobians():
    second = jacobian(jacobian(wide))(X)
    assert second.shape == (3, 2, 3, 3)
    np.testing.assert_allclose(second, numeric(jacobian(wide), X), atol=1e-9)


def test_hvp():
    v = np.array([1.0, -2.0, 0.5])
    gradient, product = hvp(narrow, (X,), (v,))
    np.testing.assert_allclose(gradient, grad(narrow)(X))
    np.testing.assert_allclose(product, hessian(narrow)(X) @ v)

    def f(x, params):
        return np.sum(np.sin(x) * params["b"])

    (gx, gp), (hx, hp) = hvp(f, (X, {"b": X}), (v, {"b": 2 * v}))
    np.testing.assert_allclose(gx, np.cos(X) * X)
    np.testing.assert_allclose(gp["b"], np.sin(X))
    np.testing.assert_allclose(hx, -np.sin(X) * X * v + np.cos(X) * 2 * v)
    np.testing.assert_allclose(hp["b"], np.cos(X) * v)


def test_gradients_of_hvp_share_no_memory():
    (a, b), _ = hvp(lambda a, b: np.sum(np.sin(a + b)), (X, X), (X, X))
    a[:] = 7
    np.testing.assert_allclose(b, np.cos(2 * X))


def test_elementwise_grad():
    np.testing.assert_allclose(elementwise_grad(np.tanh)(X), 1 - np.tanh(X) ** 2)
    cube = elementwise_grad(elementwise_grad(lambda x: x**3))
    np.testing.assert_allclose(cube(X), 6 * X)
    a, b = elementwise_grad(lambda a, b: a * np.sin(b), (0, 1))(X, X)
    np.testing.assert_allclose((a, b), (np.sin(X), X * np.cos(X)))
    # no ufunc alone, but elementwise all the same: found out by a second pass
    np.testing.assert_allclose(
        elementwise_grad(lambda x: np.flip(np.where(x > 0, x, 2 * x)[::-1]))(X),
        [1, 1, 2],
    )
    np.testing.assert_array_equal(elementwise_grad(lambda x: np.ones(3))(X), 0)
    z = X + 1j
    np.testing.assert_allclose(elementwise_grad(np.sin)(z), np.cos(z))
    turn = elementwise_grad(lambda x: np.exp(1j * x))
    np.testing.assert_allclose(turn(X), 1j * np.exp(1j * X))


def test_elementwise_grad_of_examples():
    family = fgrad.vmap(elementwise_grad(lambda x: np.concatenate([x[:1], x[1:] ** 2])))
    twice = np.stack([X, 2 * X])
    np.testing.assert_allclose(family(twice)[:, 1:], 2 * twice[:, 1:])
    np.testing.assert_array_equal(family(twice)[:, 0], 1)
    with pytest.raises(errors.OutputTypeError, match="mixes entries"):
        fgrad.vmap(elementwise_grad(np.cumsum))(twice)


def test_elementwise_grad_of_rows():
    """As in autograd, but only where rows do not mix."""
    rows = np.random.default_rng(0).normal(size=(4, 3, 2))
    one = lambda row: np.sum(np.sin(row)) * np.prod(row)  # noqa: E731
    for axes in (1, 2):
        rest = tuple(range(axes, 3))
        all_rows = lambda x, rest=rest: (  # noqa: E731
            np.sum(np.sin(x), axis=rest) * np.prod(x, axis=rest)
        )
        mapped = grad(one)
        for _ in range(axes):
            mapped = fgrad.vmap(mapped)
        np.testing.assert_allclose(elementwise_grad(all_rows)(rows), mapped(rows))
    few = elementwise_grad(lambda a, x: a * np.sum(x**2, axis=1), (0, 1))
    a, x = few(np.arange(4.0), rows[:, 0])
    np.testing.assert_allclose(a, np.sum(rows[:, 0] ** 2, axis=1))
    np.testing.assert_allclose(x, 2 * np.arange(4.0)[:, None] * rows[:, 0])
    z = rows[..., 0] + 1j * rows[..., 1]
    np.testing.assert_allclose(elementwise_grad(lambda z: np.sum(z**2, 1))(z), 2 * z)
    constant = elementwise_grad(lambda x: np.ones(4))(rows)
    assert constant.shape == rows.shape
    assert not constant.any()
    for mixes in (
        lambda x: np.sum(x, axis=(1, 2)) * x[0, 0, 0],
        lambda x: np.cumsum(np.sum(x, axis=(1, 2))),
        lambda x: np.sum(x - np.mean(x, axis=0), axis=(1, 2)),
        lambda x: np.ones(4) * np.sum(x),
        lambda x: np.sum(x, axis=(1, 2))[::-1],
    ):
        with pytest.raises(errors.OutputTypeError, match="mixes entries"):
            elementwise_grad(mixes)(rows)
    for shape in ((), (3,), (4, 2), (3, 2), (4, 3, 2, 1)):
        with pytest.raises(errors.OutputTypeError, match="or of its leading axes, but"):
            elementwise_grad(lambda x, shape=shape: np.sum(x) * np.ones(shape))(rows)


def test_elementwise_grad_of_none_or_one():
    none = elementwise_grad(lambda x: np.concatenate([x, x]))(np.zeros(0))
    assert none.shape == (0,)
    # zero but for rounding, so that no check could tell it from a mixture
    rest = elementwise_grad(lambda x: np.dot([0.1, 0.2, -0.3], np.stack([x, x, x])))
    assert abs(rest(0.7)) < 1e-15


# ordinary objects ---------------------------------------------------------------------


def test_name_signature_pickle_copy_and_async():
    f = hessian(narrow)
    assert (f.__name__, repr(f)) == ("narrow", "hessian(narrow)")
    assert repr(jacobian(wide)) == "jacobian(wide)"
    assert jacobian(wide).__doc__ == "From a vector to a matrix."
    assert str(inspect.signature(jacobian(wide))) == "(x)"
    for same in (pickle.loads(pickle.dumps(f)), copy.deepcopy(f)):
        np.testing.assert_array_equal(same(X), f(X))
    assert pickle.loads(pickle.dumps(decorated)) is decorated

    async def later(x):
        await asyncio.sleep(0)
        return x**2

    matrix = asyncio.run(jacobian(later)(X))
    np.testing.assert_allclose(matrix, np.diag(2 * X))


@jacobian
def decorated(x):
    return x**2


def test_methods():
    class Model:
        scale = 3.0

        @lambda f: jacobian(f, argnums=1)
        def slope(self, x):
            return self.scale * x

    np.testing.assert_array_equal(Model().slope(X), 3 * np.eye(3))


# ravel --------------------------------------------------------------------------------


def test_ravel():
    tree = {"a": np.ones((2, 2), np.float32), "b": (3.0, np.array([1 + 2j]))}
    vector, unravel = ravel(tree)
    assert vector.dtype == np.complex128
    again = unravel(vector)
    assert again["a"].dtype == np.float32
    assert type(again["b"][0]) is np.float64
    np.testing.assert_array_equal(again["b"][1], [1 + 2j])
    assert pickle.loads(pickle.dumps(unravel))(vector)["b"][0] == 3.0
    vector, unravel = ravel({})
    assert (vector.shape, unravel(vector)) == ((0,), {})

    def f(tree):
        vector, unravel = ravel(tree)
        return np.sum(unravel(vector**2)["b"] * vector[0])

    gradient = grad(f)({"a": 2.0, "b": X})
    np.testing.assert_allclose(gradient["b"], 2 * X * 2.0)
    assert gradient["a"] == np.sum(X**2)
    message = raised(errors.TreeError, lambda: unravel(X))
    assert message == "unravel expects a vector of shape (0,), but got shape (3,)"
    message = raised(errors.TreeError, lambda: ravel([X])[1](1j * X))
    assert message == (
        "unravel expects a vector of real numbers, like the tree, but got complex ones"
    )
    message = raised(errors.TreeError, lambda: ravel({"name": "adam", "w": X}))
    assert message == "ravel needs numbers, but tree['name'] has dtype <U4."


# words --------------------------------------------------------------------------------


def pair(x):
    return x, x


def test_hessians_of_several_outputs():
    """As in JAX: the shape of the output, then that of the argument twice."""
    x = np.array([1.0, 2.0])
    expected = [[[2.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]]
    both = hessian(lambda x: np.stack([x[0] ** 2, x[0] * x[1]]))(x)
    np.testing.assert_allclose(both, expected, atol=1e-15)
    tree = hessian(lambda p: {"y": p["a"] ** 2 * p["b"]})({"a": x, "b": 3.0})
    np.testing.assert_allclose(tree["y"]["a"]["b"], np.diag(2 * x))
    np.testing.assert_allclose(
        tree["y"]["a"]["a"], 6 * np.einsum("ij,ik->ijk", np.eye(2), np.eye(2))
    )
    one, aux = hessian(lambda x: (x[:1] ** 3, "aux"), has_aux=True)(x)
    assert aux == "aux"
    np.testing.assert_allclose(one, [[[6.0, 0.0], [0.0, 0.0]]], atol=1e-15)


def test_bad_outputs():
    kind = errors.NonScalarOutputError
    assert raised(kind, lambda: hvp(wide, (X,), (X,))) == (
        "hvp needs a scalar output, but wide returned an array of shape (3, 2). "
        "Sum its entries, with weights of your own."
    )
    kind = errors.OutputTypeError
    assert raised(kind, lambda: elementwise_grad(pair)(X)) == (
        "elementwise_grad needs one array as output, but pair returned a tuple of "
        "length 2."
    )
    assert raised(kind, lambda: elementwise_grad(wide)(X)) == (
        "elementwise_grad needs an output of the shape (3,) of argument 0, or of its "
        "leading axes, but wide returned an array of shape (3, 2). Use vmap(grad(f)) "
        "or vmap(jacobian(f)), with a function f of one row, or jacobian(wide)."
    )
    assert raised(kind, lambda: elementwise_grad(np.cumsum)(X)) == (
        "elementwise_grad needs a function whose outputs depend on the matching input "
        "only, but cumsum mixes entries (or is complex and not holomorphic). Use "
        "jacobian(cumsum)."
    )
    assert raised(kind, lambda: elementwise_grad(np.conj)(X + 1j)).startswith(
        "elementwise_grad needs a function whose outputs depend on the matching input"
    )
    assert raised(kind, lambda: jacobian(lambda x: "text")(X)) == (
        "jacobian needs a tree of arrays as output, but <lambda> returned a str. "
        "Return other data with has_aux=True."
    )


def test_bad_inputs():
    assert raised(errors.InputTypeError, lambda: jacobian(wide)(3)) == (
        "jacobian cannot differentiate wide with respect to argument 0: x is the int "
        "3. Convert it to float, or pass allow_int=True."
    )
    assert raised(errors.ArgnumsError, lambda: hessian(narrow, 2)(X)) == (
        "argnums=2 of hessian(narrow), but narrow was called with 1 positional argument"
    )
    kind = errors.TangentError
    assert raised(kind, lambda: hvp(narrow, X, X)) == (
        "hvp of narrow needs a tuple of primals, one for each argument, but got an "
        "array of shape (3,). Write hvp(narrow, (x,), (v,))."
    )
    assert raised(kind, lambda: hvp(narrow, (X,), (X[:2],))) == (
        "the tangent of argument 0 of narrow needs shape (3,), but has shape (2,)"
    )


# laws ---------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None, derandomize=True)
@given(programs, seeds, numbers)
def test_jacobians_of_programs(calls, seed, x):
    """jacfwd = jacrev = jacobian = the stacked vjps."""
    program = Program(calls, seed)

    def three(x):
        y = program(x)
        return np.stack([y, y * x[0], np.sin(y) + x[1]])

    _, pullback = vjp(three, x)
    rows = np.stack([pullback(unit)[0] for unit in np.eye(3)])
    for family in FAMILY:
        np.testing.assert_allclose(family(three)(x), rows, rtol=1e-9, atol=1e-12)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(programs, seeds, numbers)
def test_hessians_of_programs(calls, seed, x):
    """Symmetric, equal to the stencil of the gradient, and hvp multiplies by it."""
    program = Program(calls, seed)
    second = hessian(program)(x)
    np.testing.assert_allclose(second, second.T, rtol=1e-9, atol=1e-11)
    v = np.random.default_rng(seed).uniform(-1, 1, 3)
    gradient, product = hvp(program, (x,), (v,))
    np.testing.assert_allclose(gradient, grad(program)(x), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(product, second @ v, rtol=1e-9, atol=1e-11)
    _, reverse = vjp(grad(program), x)
    np.testing.assert_allclose(reverse(v)[0], second @ v, rtol=1e-9, atol=1e-11)


def test_hvp_is_differentiable():
    v = np.array([1.0, -2.0, 0.5])
    third = jacobian(lambda x: hvp(narrow, (x,), (v,))[1])(X)
    np.testing.assert_allclose(third, jacobian(lambda x: hessian(narrow)(x) @ v)(X))
    _, tangent = jvp(lambda x: hvp(narrow, (x,), (v,))[1], (X,), (v,))
    np.testing.assert_allclose(tangent, third @ v)
    assert fgrad.vmap(hessian(narrow))(np.stack([X, 2 * X])).shape == (2, 3, 3)


@pytest.mark.parametrize("mode", FAMILY)
@pytest.mark.parametrize("dtype", [float, complex])
def test_more_rows_than_one_batch_has(mode, dtype):
    """A Jacobian of 300 rows and columns is computed in two parts."""
    x = np.linspace(0.1, 2.0, 300) * dtype(1 if dtype is float else 1 + 0.1j)
    assert x.size**2 > ENTRIES
    holomorphic = {"holomorphic": dtype is complex}
    j = mode(lambda x: np.sin(x) * x[::-1], **holomorphic)(x)
    want = np.diag(np.cos(x) * x[::-1]) + np.diag(np.sin(x))[:, ::-1]
    np.testing.assert_allclose(j, want, rtol=1e-14, atol=1e-14)


def test_more_rows_than_one_batch_has_of_real_and_complex_numbers():
    x = np.linspace(0.1, 2.0, 300)
    z = jacobian(lambda x: np.exp(1j * x))(x)
    np.testing.assert_allclose(z, np.diag(1j * np.exp(1j * x)), rtol=1e-14)
    r = jacfwd(lambda z: np.real(z * z))(x + 0.5j)
    np.testing.assert_allclose(r, np.diag(2 * (x + 0.5j)), rtol=1e-14)


def test_one_complex_entry_can_mix_with_itself():
    for fun in (np.conj, lambda z: z * np.conj(z)):
        with pytest.raises(errors.OutputTypeError, match="is complex and not holom"):
            fgrad.elementwise_grad(fun)(1.0 + 2.0j)
    assert fgrad.elementwise_grad(lambda z: z**2)(1.0 + 2.0j) == 2 + 4j
