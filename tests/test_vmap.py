"""`vmap`: the stack of what the function gives for each example."""

import pickle
from typing import Any

import numpy as np
import pytest

import fgrad
import fgrad.numpy
from fgrad import debug, grad, stop_gradient, value_and_grad, vjp, vmap
from fgrad._transforms import hessian, jacobian
from fgrad.errors import (
    BatchAxesError,
    BatchedValueError,
    InputTypeError,
    LeakedTracerError,
    OutputTypeError,
)

# Composed with the other transforms ---------------------------------------------------


def energy(x: Any) -> Any:
    return np.sum(np.sin(x) * x[::-1] ** 2) + np.prod(x)


def test_all_rows_of_a_jacobian() -> None:
    x = np.random.default_rng(2).normal(size=4)
    f = lambda x: np.where(x > 0, np.exp(x), x[1] * np.cumsum(x))  # noqa: E731
    _, pullback = vjp(f, x)
    (rows,) = vmap(pullback)(np.eye(4))
    np.testing.assert_allclose(rows, [pullback(e)[0] for e in np.eye(4)])


def test_higher_derivatives() -> None:
    xs = np.random.default_rng(3).normal(size=(3, 4))
    want = np.stack([hessian(energy)(x) for x in xs])
    np.testing.assert_allclose(vmap(hessian(energy))(xs), want, rtol=1e-12)
    np.testing.assert_allclose(
        jacobian(lambda xs: vmap(grad(energy))(xs).sum(0))(xs),
        np.moveaxis(want, 0, 1),
        rtol=1e-12,
    )


def test_second_derivatives_of_what_goes_one_by_one() -> None:
    f = lambda x: np.sum(np.sort(x**3) * np.arange(4.0))  # noqa: E731
    xs = np.random.default_rng(4).normal(size=(3, 4))
    want = np.stack([hessian(f)(x) for x in xs])
    np.testing.assert_allclose(vmap(hessian(f))(xs), want, rtol=1e-12)
    shared = np.random.default_rng(5).normal(size=4)
    g = lambda w, x: np.sum(np.sort(w * x) * w)  # noqa: E731
    got = vmap(jacobian(grad(g)), in_axes=(None, 0))(shared, xs)
    want = np.stack([jacobian(grad(g))(shared, x) for x in xs])
    np.testing.assert_allclose(got, want, rtol=1e-12)


def test_no_confusion_between_levels() -> None:
    # d/dx of x * sum_i d/dy_i (x + y_i) is the number of examples.
    ys = np.arange(3.0)
    f = lambda x: x * np.sum(vmap(grad(lambda y: x + y))(ys))  # noqa: E731
    assert grad(f)(2.0) == 3.0
    inner = lambda x: vmap(lambda y: x * y)(ys)  # noqa: E731
    np.testing.assert_array_equal(vmap(inner)(ys), np.outer(ys, ys))


def test_an_outer_batch_at_an_inner_index() -> None:
    table, index = np.arange(24.0).reshape(2, 3, 4), np.array([0, 1, 3])
    pick = vmap(lambda i, a: a[:, i], in_axes=(0, None))
    got = vmap(pick, in_axes=(None, 0))(index, table)
    np.testing.assert_array_equal(got, np.moveaxis(table[..., index], 2, 1))
    add = vmap(lambda i, a: np.add(a, [i, 1.0]), in_axes=(0, None))
    got = vmap(add, in_axes=(None, 0))(np.array([1.0, 2.0, 3.0]), np.ones(2))
    np.testing.assert_array_equal(got, [[[2, 2], [3, 2], [4, 2]]] * 2)


def test_shared_values_have_gradients_of_their_own() -> None:
    w, xs = np.array([1.0, 2.0]), np.array([[1.0, 0.0], [3.0, 4.0]])
    c = vmap(grad(lambda w, x: np.sum((w * x) ** 2)), in_axes=(None, 0))(w, xs)
    np.testing.assert_array_equal(c, 2 * w * xs**2)


def test_a_masked_out_infinity_stays_out() -> None:
    f = lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0))  # noqa: E731
    xs = np.array([[0.0, 1.0], [4.0, 0.0]])
    np.testing.assert_array_equal(vmap(grad(f))(xs), [[0.0, 0.5], [0.25, 0.0]])


def test_value_and_grad_and_aux() -> None:
    f = value_and_grad(lambda x: (x * x, {"x": x, "n": 3}), has_aux=True)
    (value, aux), gradient = vmap(f)(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(value, [1.0, 4.0])
    np.testing.assert_array_equal(gradient, [2.0, 4.0])
    np.testing.assert_array_equal(aux["x"], [1.0, 2.0])
    np.testing.assert_array_equal(aux["n"], [3, 3])


def test_stop_gradient_keeps_the_batch() -> None:
    xs = np.array([1.0, 2.0])
    np.testing.assert_array_equal(vmap(stop_gradient)(xs), xs)
    got = vmap(grad(lambda x: x * stop_gradient(x)))(xs)
    np.testing.assert_array_equal(got, xs)


# Axes ---------------------------------------------------------------------------------


def test_axes() -> None:
    a, b = np.arange(6.0).reshape(2, 3), np.arange(3.0)
    np.testing.assert_array_equal(vmap(np.add, (1, 0), 1)(a, b), a + b)
    np.testing.assert_array_equal(vmap(np.add, [-1, 0], -1)(a, b), a + b)
    np.testing.assert_array_equal(vmap(np.sum, 1)(a), a.sum(0))
    np.testing.assert_array_equal(vmap(np.add, (None, 0))(1.0, b), b + 1)
    np.testing.assert_array_equal(vmap(lambda x, *, y: x * y)(b, y=b), b * b)


def test_trees_of_axes() -> None:
    w, b, x = np.ones((2, 3, 4)), np.ones(4), np.ones(3)
    f = lambda p, x: {"y": x @ p["w"] + p["b"], "z": None, "b": p["b"]}  # noqa: E731
    axes = ({"w": 0, "b": None}, None)
    got = vmap(f, axes, {"y": 1, "z": None, "b": None})({"w": w, "b": b}, x)
    np.testing.assert_array_equal(got["y"], np.full((4, 2), 4.0))
    assert got["b"] is b
    assert got["z"] is None
    got = vmap(lambda p: p[0] + p[1][0], ((0, (None,)),))((b, (b,)))
    np.testing.assert_array_equal(got, np.full((4, 4), 2.0))


def test_an_output_that_does_not_depend_on_the_batch() -> None:
    got = vmap(lambda x: np.arange(3.0))(np.ones(2))
    np.testing.assert_array_equal(got, [[0, 1, 2], [0, 1, 2]])
    got[0, 0] = 7.0
    assert got[1, 0] == 0.0


def test_results_are_fresh() -> None:
    x = np.ones((2, 3))
    for f in (lambda x: x, lambda x: x.T, lambda x: x[0], lambda x: x[None]):
        assert not np.shares_memory(vmap(f)(x), x)
    a, b = vmap(grad(lambda a, b: np.sin(a + b), (0, 1)))(x[0], x[1])
    assert not np.shares_memory(a, b)


def test_other_arguments_are_passed_on() -> None:
    f = lambda x, mode, fun: fun(x) if mode == "on" else x  # noqa: E731
    got = vmap(f, (0, None, None))(np.zeros(2), "on", np.cos)
    np.testing.assert_array_equal(got, [1.0, 1.0])


def double(x: Any) -> Any:
    """Twice."""
    return 2 * x


def test_it_is_a_function_like_others() -> None:
    f = vmap(double)
    assert f.__name__ == "double"
    assert f.__doc__ == "Twice."
    assert repr(f) == "vmap(double)"
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(f))(np.ones(2)), [2, 2])


def test_no_examples() -> None:
    assert vmap(grad(energy))(np.zeros((0, 4))).shape == (0, 4)


def test_a_function_without_rule_goes_one_by_one() -> None:
    @fgrad.primitive
    def largest(x: Any) -> Any:
        return max(x.tolist())

    fgrad.defvjp(largest, x=lambda g, x, ans: np.where(x == ans, g, 0.0))
    xs = np.array([[1.0, 3.0], [5.0, 2.0]])
    with debug.loops() as found:
        np.testing.assert_array_equal(vmap(largest)(xs), [3.0, 5.0])
    ((loop, count),) = found.items()
    assert (loop.name, count) == ("largest", 1)
    assert loop.where.startswith("test_vmap.py:")
    np.testing.assert_array_equal(vmap(grad(largest))(xs), [[0, 1], [1, 0]])


def test_a_pullback_that_asks_for_numbers_goes_one_by_one() -> None:
    @fgrad.primitive
    def signed(x: Any) -> Any:
        return np.abs(x)

    fgrad.defvjp(signed, x=lambda g, x: g if x > 0 else -g)
    np.testing.assert_array_equal(vmap(grad(signed))(np.array([2.0, -3.0])), [1, -1])


# Errors -------------------------------------------------------------------------------


def loss(x: Any) -> Any:
    return x if x > 0 else -x


def test_truth_of_a_batched_value() -> None:
    with pytest.raises(BatchedValueError) as error:
        vmap(loss)(np.ones(3))
    assert str(error.value).startswith(
        "the truth value of a batched array differs between examples; use "
        "np.where(condition, x, y). In place of a while loop, take a fixed number of "
        "steps with np.where, or call the function for one example after the other, "
        f'at File "{__file__}", line '
    )
    assert str(error.value).endswith("in loss\n    return x if x > 0 else -x")
    assert isinstance(error.value, TypeError)


@pytest.mark.parametrize(
    ("fun", "words"),
    [
        (lambda x: float(x), "float(x)"),
        (lambda x: x.item(), "x.item()"),
        (lambda x: range(x), "range(x)"),
    ],
)
def test_one_number_of_a_batched_value(fun: Any, words: str) -> None:
    with pytest.raises(BatchedValueError) as error:
        vmap(fun)(np.ones(3))
    cure = "x.reshape(())" if "item" in words else "NumPy's functions on x itself"
    assert str(error.value).startswith(
        f"{words} needs one value, but x is batched and has one for each example; "
        f'use {cure}, at File "{__file__}", line '
    )


def test_an_array_of_batched_values() -> None:
    with pytest.raises(BatchedValueError) as error:
        vmap(lambda x: np.array([x, 2 * x]))(np.ones(3))
    assert str(error.value).startswith(
        "np.array([x, 2 * x]) needs one value, but x is batched and has one for each "
        f'example; use fgrad.numpy.array or np.stack, at File "{__file__}", line '
    )


def test_storing_a_batched_value() -> None:
    def fill(x: Any) -> Any:
        out = np.zeros(2)
        out[0] = x
        return out

    with pytest.raises(BatchedValueError) as error:
        vmap(fill)(np.ones(3))
    assert str(error.value).startswith(
        "cannot store a traced value into a NumPy array; make the array with "
        "fgrad.numpy in the function that is differentiated: out = "
        f'fgrad.numpy.zeros(n), at File "{__file__}", line '
    )


def test_a_shared_array_at_a_batched_index() -> None:
    table = np.arange(4.0)
    with pytest.raises(BatchedValueError) as error:
        vmap(lambda i: table[i])(np.array([0, 1]))
    assert str(error.value).startswith(
        "an array that is not batched cannot be indexed with a batched value; use "
        f'fgrad.numpy.take(array, index, axis=0), at File "{__file__}", line '
    )


def test_results_of_different_shapes() -> None:
    with pytest.raises(BatchedValueError) as error:
        vmap(lambda x: x[x > 0])(np.array([[1.0, 2.0], [-1.0, 2.0]]))
    assert str(error.value).startswith(
        "getitem gives results of different shapes for different examples, such as "
        f'(1,) and (2,); keep all entries and use np.where, at File "{__file__}"'
    )


def test_a_leaked_batch() -> None:
    kept: list[Any] = []
    vmap(lambda x: kept.append(x) or x)(np.ones(2))
    with pytest.raises(LeakedTracerError) as error:
        kept[0] + 1
    assert str(error.value).startswith("this value was batched by vmap(<lambda>) and ")


def model(p: Any, x: Any) -> Any:
    return p["w"] * x


@pytest.mark.parametrize(
    ("in_axes", "args", "words"),
    [
        (
            (0, 0),
            ({"w": np.ones(3)}, np.ones(4)),
            "vmap(model) needs the same number of examples in all mapped arguments, "
            "but p['w'] has 3 and x has 4 (in_axes=(0, 0))",
        ),
        (
            (0,),
            ({"w": np.ones(3)}, np.ones(3)),
            "in_axes=(0,) of vmap(model) is for 1 arguments, but it was called with 2 "
            "positional arguments",
        ),
        (
            (0, 1),
            ({"w": np.ones(3)}, np.ones(3)),
            "in_axes=1 of vmap(model), but x has shape (3,); use None for what all "
            "examples share",
        ),
        (
            ({"v": 0}, 0),
            ({"w": np.ones(3)}, np.ones(3)),
            "in_axes={'v': 0} of vmap(model) does not fit p, which has the tree "
            "dict(['w']: *)",
        ),
        (
            None,
            ({"w": np.ones(3)}, np.ones(3)),
            "vmap(model) has nothing to map over: in_axes is None for all arguments",
        ),
        (
            0,
            ({"w": np.ones(3)}, "abc"),
            "vmap(model) cannot map over x, which is a str; use in_axes None for it",
        ),
        (
            0,
            ({"w": np.ones(3)}, np.array([None] * 3)),
            "vmap(model) cannot map over x, which is an array of dtype object; use "
            "in_axes None for it",
        ),
        (
            0,
            ({"w": np.ma.masked_array(np.ones(3), [1, 0, 0])}, np.ones(3)),
            "vmap(model) cannot map over p['w'], which is a MaskedArray; convert it "
            "with .filled(value), or use in_axes None for it",
        ),
    ],
)
def test_axes_that_do_not_fit(in_axes: Any, args: Any, words: str) -> None:
    with pytest.raises(BatchAxesError) as error:
        vmap(model, in_axes)(*args)
    assert str(error.value) == words
    assert isinstance(error.value, ValueError)


@pytest.mark.parametrize(
    ("out_axes", "words"),
    [
        (
            None,
            "out_axes is None for the output of vmap(double), but it differs between "
            "examples; give the axis along which they shall be",
        ),
        (
            2,
            "out_axes=2 of vmap(double), but the output has shape (2,) for one example",
        ),
        (
            (0, 0),
            "out_axes=(0, 0) of vmap(double) does not fit the output, which has the "
            "tree *",
        ),
    ],
)
def test_output_axes_that_do_not_fit(out_axes: Any, words: str) -> None:
    with pytest.raises(BatchAxesError) as error:
        vmap(double, 0, out_axes)(np.ones((3, 2)))
    assert str(error.value) == words


def test_output_that_is_no_array() -> None:
    with pytest.raises(OutputTypeError) as error:
        vmap(lambda x: {"name": "a"})(np.ones(2))
    assert str(error.value) == (
        "vmap needs a tree of arrays as output, but <lambda> returned a str at "
        "['name']. Give it the out_axes None."
    )


def test_outputs_that_are_no_plain_arrays() -> None:
    for out, words in (
        (np.array([None]), "an array of dtype object"),
        (np.ma.masked_array([1.0], [True]), "a MaskedArray"),
    ):
        with pytest.raises(OutputTypeError, match=words):
            vmap(lambda x, out=out: out)(np.ones(2))


def test_what_is_no_function() -> None:
    with pytest.raises(TypeError) as error:
        vmap(3)  # pyright: ignore[reportArgumentType]
    assert str(error.value) == (
        "vmap needs a function, but got 3. Write vmap(fun)(x), not vmap(fun(x))."
    )


def test_integers_are_not_differentiated() -> None:
    with pytest.raises(InputTypeError) as error:
        vmap(grad(double))(np.array([1, 2]))
    assert str(error.value) == (
        "grad cannot differentiate double with respect to argument 0: x has dtype "
        "int64. Convert it to float, or pass allow_int=True."
    )


def test_errors_are_those_of_one_example() -> None:
    with pytest.raises(ValueError, match="core dimension 0") as error:
        vmap(lambda x: np.ones((2, 3)) @ x)(np.ones((5, 4)))
    assert "size 4 is different from 3" in str(error.value)
    with pytest.raises(np.exceptions.AxisError, match="axis 1 is out of bounds"):
        vmap(lambda x: np.sum(x, axis=1))(np.ones((5, 4)))
    with pytest.raises(IndexError, match="index 4 is out of bounds"):
        vmap(lambda x: x[4])(np.ones((5, 4)))


CUBE = np.arange(24.0).reshape(2, 3, 4)
PLACES = np.array([[0, 2], [-9, 1], [7, 5]])
"""Of each example, and some of them out of range."""

INSIDE = np.array([[0, 2], [1, 1], [2, 0]])

BATCHED_PLACES = {
    "take, clip": (lambda i, x: np.take(x, i, mode="clip"), PLACES),
    "take, clip along an axis": (lambda i, x: np.take(x, i, 1, mode="clip"), PLACES),
    "take, wrap": (lambda i, x: np.take(x, i, 1, mode="wrap"), PLACES),
    "after an ellipsis": (lambda i, x: x[..., i], INSIDE),
    "between slices": (lambda i, x: x[:, i], INSIDE),
    "before an ellipsis": (lambda i, x: x[:, i, ...], INSIDE),
    "update between slices": (
        lambda i, x: fgrad.index_update(x, (slice(None), i), np.sin(x[:, :2])),
        INSIDE,
    ),
    "add after an ellipsis": (
        lambda i, x: fgrad.index_add(x, (..., i), np.cos(x[..., :2])),
        INSIDE,
    ),
}


@pytest.mark.parametrize("name", BATCHED_PLACES)
@pytest.mark.parametrize("shared", [True, False])
def test_places_that_are_batched(name, shared):
    """Of an array for each example, or of one that all share."""
    fun, places = BATCHED_PLACES[name]
    xs = CUBE if shared else np.stack([CUBE, CUBE + 0.5, -CUBE])
    axes = (0, None if shared else 0)
    gradient = fgrad.grad(lambda i, x: np.sum(fun(i, x) ** 2), 1)
    # A plain array cannot be indexed by what is batched, but one that is traced can.
    for f in (gradient,) if shared else (fun, gradient):
        got = fgrad.vmap(f, axes)(places, xs)
        want = [f(i, xs if shared else xs[k]) for k, i in enumerate(places)]
        np.testing.assert_allclose(got, np.stack(want), rtol=1e-14)


@pytest.mark.parametrize("keepdims", [True, False])
@pytest.mark.parametrize("axis", [None, 0, -1])
def test_positions_of_extremes(axis, keepdims):
    xs = np.cos(np.arange(24.0)).reshape(2, 3, 4)
    for fun in (np.argmax, np.nanargmin):
        got = fgrad.vmap(lambda x, f=fun: f(x, axis=axis, keepdims=keepdims))(xs)
        want = np.stack([fun(x, axis=axis, keepdims=keepdims) for x in xs])
        np.testing.assert_array_equal(got, want)


def test_examples_that_go_one_by_one_keep_apart():
    """Also where they share a value, and inside other transforms."""
    xs = np.array([[3.0, 1.0], [0.5, 2.0], [4.0, 4.5]])
    shared = np.array([1.0, 2.0])

    @fgrad.primitive
    def asks(x, y):
        return x * y if float(np.sum(np.asarray(x))) > 2.6 else x + y

    fgrad.defvjp(
        asks,
        x=lambda g, x, y: g * y if float(np.sum(np.asarray(x))) > 2.6 else g,
        y=lambda g, x, y: g * x if float(np.sum(np.asarray(x))) > 2.6 else g,
    )

    def loss(x, y):
        return np.sum(asks(x, y) ** 2)

    for argnum in (0, 1):
        gradient = fgrad.grad(loss, argnum)
        got = fgrad.vmap(gradient, (0, None))(xs, shared)
        want = np.stack([gradient(x, shared) for x in xs])
        np.testing.assert_allclose(got, want, rtol=1e-14)
    outside = fgrad.grad(lambda y: np.sum(fgrad.vmap(loss, (0, None))(xs, y)))(shared)
    each = sum(fgrad.grad(loss, 1)(x, shared) for x in xs)
    np.testing.assert_allclose(outside, each, rtol=1e-14)
