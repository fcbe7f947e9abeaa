"""`vmap`: the stack of what the function gives for each example."""

import operator
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fgrad
import fgrad.numpy
from fgrad import grad, stop_gradient, value_and_grad, vjp, vmap
from fgrad._batching import LOOPS
from fgrad._dispatch import lift
from fgrad._transforms import hessian, jacobian, jvp
from fgrad._tree import flatten, unflatten
from fgrad.errors import (
    BatchAxesError,
    BatchedValueError,
    InputTypeError,
    LeakedTracerError,
    OutputTypeError,
)
from fgrad.testing import fixed
from tests.samples import Sample
from tests.test_rules import CASES

COUNT = 3

UNEVEN = "gives results of different"


# Every primitive and composition, on every sample ------------------------------------


class Mapped:
    """A sample as a function of some of its float arguments."""

    def __init__(self, call: Sample, which: list[int] | None = None) -> None:
        leaves, self.structure = flatten((call.args, call.kwargs))
        self.plain = [leaf.value if type(leaf) is fixed else leaf for leaf in leaves]
        moving = [
            i
            for i, leaf in enumerate(leaves)
            if type(leaf) is not fixed and np.asarray(leaf).dtype.kind in "fc"
        ]
        self.which = moving if which is None else [moving[i] for i in which]
        self.alone = [[i] for i in range(len(moving))] if len(moving) > 1 else []
        self.fun = lift(call.fun)

    def examples(self, k: int) -> list[Any]:
        """The arguments of the k-th example: near those of the sample."""
        xs = [np.asarray(self.plain[i]) for i in self.which]
        return [(x * (1 + 0.003 * k)).astype(x.dtype)[()] for x in xs]

    def batch(self) -> list[Any]:
        return list(map(np.stack, zip(*map(self.examples, range(COUNT)), strict=True)))

    def __call__(self, *values: Any) -> list[Any]:
        full = list(self.plain)
        for i, value in zip(self.which, values, strict=True):
            full[i] = value
        args, kwargs = unflatten(self.structure, full)
        return flatten(self.fun(*args, **kwargs))[0]

    def floats(self, *values: Any) -> list[Any]:
        return [y for y in self(*values) if np.result_type(y).kind in "fc"]

    def gradients(self, *values: Any) -> list[Any]:
        out, pullback = vjp(self.floats, *values)
        return list(pullback([_some(y) for y in out]))

    def tangents(self, *values: Any) -> list[Any]:
        return jvp(self.floats, values, [_some(x) for x in values])[1]


def _some(x: Any) -> Any:
    """Fixed numbers of the shape and dtype of `x`."""
    return np.cos(np.arange(np.size(x))).reshape(np.shape(x)).astype(np.result_type(x))


def assert_stacked(fun: Any, batch: list[Any], examples: list[list[Any]]) -> None:
    """``vmap(fun)`` is the stack of `fun`, in value, shape and dtype."""
    want = [fun(*xs) for xs in examples]
    shapes = {tuple(map(np.shape, ys)) for ys in want}
    try:
        got = vmap(fun)(*batch)
    except BatchedValueError as error:
        # Of results that differ in shape there is no stack.
        assert UNEVEN in str(error)
        assert len(shapes) > 1 or fun.__name__ != "__call__"
        return
    for i, y in enumerate(got):
        expected = np.stack([ys[i] for ys in want])
        assert y.dtype == expected.dtype
        np.testing.assert_allclose(y, expected, rtol=1e-9, atol=1e-9)


def _each(call: Sample) -> list[Mapped]:
    """All arguments mapped, and each one alone."""
    together = Mapped(call)
    if not together.which:
        return []
    return [together, *(Mapped(call, which) for which in together.alone)]


@pytest.mark.parametrize("call", CASES)
def test_values(call: Sample) -> None:
    for f in _each(call):
        assert_stacked(f.__call__, f.batch(), [*map(f.examples, range(COUNT))])


@pytest.mark.parametrize("call", CASES)
def test_gradients(call: Sample) -> None:
    for f in _each(call):
        assert_stacked(f.gradients, f.batch(), [*map(f.examples, range(COUNT))])


@pytest.mark.parametrize("call", CASES)
def test_tangents(call: Sample) -> None:
    for f in _each(call):
        assert_stacked(f.tangents, f.batch(), [*map(f.examples, range(COUNT))])


@pytest.mark.parametrize("call", CASES)
def test_differentiated_from_outside(call: Sample) -> None:
    """The gradient of a sum over examples is the stack of their gradients."""
    f = Mapped(call)
    if not f.which:
        return
    try:
        out, pullback = vjp(vmap(f.floats), *f.batch())
    except BatchedValueError as error:
        assert UNEVEN in str(error)
        return
    got = pullback([np.stack([_some(y[0])] * COUNT) for y in out])
    want = [f.gradients(*f.examples(k)) for k in range(COUNT)]
    for c, expected in zip(got, zip(*want, strict=True), strict=True):
        np.testing.assert_allclose(c, np.stack(expected), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("call", CASES)
def test_mapped_twice(call: Sample) -> None:
    f = Mapped(call)
    if not f.which:
        return
    batch = f.batch()
    try:
        once = vmap(f.floats)(*batch)
        twice = vmap(vmap(f.floats))(*[np.stack([x, x[::-1]]) for x in batch])
    except BatchedValueError as error:
        assert UNEVEN in str(error)
        return
    for y, yy in zip(once, twice, strict=True):
        np.testing.assert_allclose(yy, np.stack([y, y[::-1]]), rtol=1e-9, atol=1e-9)


# What common programs cost ------------------------------------------------------------


def network(params: Any, x: Any, label: Any) -> Any:
    """Softmax cross-entropy of a network with one hidden layer."""
    hidden = np.tanh(x @ params["w1"] + params["b1"])
    z = hidden @ params["w2"] + params["b2"]
    z = z - np.max(z)
    return np.log(np.sum(np.exp(z))) - z[label]


def network_data() -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    params = {
        "w1": rng.normal(size=(5, 7)),
        "b1": rng.normal(size=7),
        "w2": rng.normal(size=(7, 4)),
        "b2": rng.normal(size=4),
    }
    return params, rng.normal(size=(6, 5)), rng.integers(0, 4, 6)


def test_per_example_gradients() -> None:
    params, xs, labels = network_data()
    LOOPS.clear()
    got = vmap(grad(network), in_axes=(None, 0, 0))(params, xs, labels)
    assert not LOOPS
    each = [grad(network)(params, x, n) for x, n in zip(xs, labels, strict=True)]
    for name, c in got.items():
        expected = np.stack([gradient[name] for gradient in each])
        np.testing.assert_allclose(c, expected, rtol=1e-12)


VECTOR = {
    "elementwise": lambda x: np.exp(-x) * np.maximum(x, 0.5) / (1 + x**2) - abs(x),
    "comparison": lambda x: np.where((x > 0) & ~(x > 1), np.sqrt(abs(x)), 3.0),
    "reductions": lambda x: x.sum() + x.mean() * x.max() + np.prod(x) + x.std(),
    "accumulations": lambda x: np.cumsum(x) * np.cumprod(x),
    "shapes": lambda x: np.stack([x, x[::-1]]).T.reshape(-1)[None] + np.ravel(x)[:, None],
    "joining": lambda x: np.concatenate([x, np.ones(2), [x[0], 1.0]]),
    "products": lambda x: (np.outer(x, x) @ x) * (np.ones((4, 4)) @ x) + x @ x,
    "einsum": lambda x: np.einsum("i,j,jk->ik", x, x, np.ones((4, 2))),
    "tensordot": lambda x: np.tensordot(np.ones((2, 4)), x[:, None] * np.ones(3), 1),
    "indexing": lambda x: x[1:3] * x[[0, 3]] + x[..., -1] + x[np.array([0, 1])][None],
    "linalg": lambda x: np.linalg.solve(np.outer(x, x) + 9 * np.eye(4), x),
    "inverse": lambda x: np.linalg.inv(np.outer(x, x) + 9 * np.eye(4)),
    "logdet": lambda x: np.linalg.slogdet(np.outer(x, x) + 9 * np.eye(4))[1],
    "cholesky": lambda x: np.linalg.cholesky(np.outer(x, x) + 9 * np.eye(4)),
    "norm": lambda x: np.linalg.norm(x) + np.linalg.norm(x, 3),
    "fft": lambda x: np.abs(np.fft.rfft(x)),
    "order": lambda x: np.max(x) * np.argmax(x) + x[np.argmin(x)] + np.sort(x),
    "statistics": lambda x: np.var(x) + np.median(x) + np.cov(np.stack([x, x**2])),
    "clip": lambda x: np.clip(x, -0.5, 0.5) + np.sign(x) * np.floor(x),
    "polynomial": lambda x: np.polyval(x, 0.5) + np.diff(x)[0] + np.trapezoid(x),
    "assignment": lambda x: fgrad.index_add(x, np.array([0, 0, 2]), x[:3] ** 2),
}

NEEDS_A_LOOP = {"order", "statistics"}
"""Where a pullback assigns to an array that it has made."""


@pytest.mark.parametrize("name", VECTOR)
def test_all_examples_at_once(name: str) -> None:
    f = VECTOR[name]
    xs = np.random.default_rng(1).uniform(-2, 2, (5, 4))
    LOOPS.clear()
    y = vmap(f)(xs)
    assert not LOOPS
    np.testing.assert_allclose(y, np.stack([f(x) for x in xs]), rtol=1e-12)
    scalar = lambda x: np.sum(f(x))  # noqa: E731
    c = vmap(grad(scalar))(xs)
    assert not LOOPS or name in NEEDS_A_LOOP
    np.testing.assert_allclose(c, [grad(scalar)(x) for x in xs], rtol=1e-12)


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


# Integers and indices -----------------------------------------------------------------


def test_integers_are_mapped() -> None:
    n = np.array([1, 2, 5])
    assert vmap(lambda n: (n // 2) % 2 == 1)(n).tolist() == [False, True, False]
    np.testing.assert_array_equal(vmap(lambda n: n << 1 | 1)(n), n << 1 | 1)
    np.testing.assert_array_equal(vmap(lambda n, x: x**n)(n, np.full(3, 2.0)), 2.0**n)


INDICES: list[Any] = [
    lambda i, j: i,
    lambda i, j: (i, j),
    lambda i, j: (slice(None), i),
    lambda i, j: (slice(None), i, 1),
    lambda i, j: (i, slice(None), j),
    lambda i, j: (Ellipsis, i),
    lambda i, j: (None, i, Ellipsis, None),
    lambda i, j: (slice(None), [0, 1], i),
    lambda i, j: ([0, 1], slice(None), i),
    lambda i, j: (slice(0, 2), np.stack([i, j])),
    lambda i, j: (np.stack([i, j]), slice(None), np.stack([j, i])[:, None]),
    lambda i, j: (slice(None), np.stack([i, j]), j),
    lambda i, j: (np.array([True, False, True]), i),
    lambda i, j: ([0, 2], slice(None), [1, 1]),
    lambda i, j: (slice(None), slice(None), np.array([True, False, True])),
    lambda i, j: (1, slice(None), [0, 1]),
]


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("shared", [False, True])
def test_batched_indices(index: Any, shared: bool) -> None:
    rng = np.random.default_rng(6)
    xs = rng.normal(size=(3, 3) if shared else (4, 3, 3, 3))
    xs = rng.normal(size=(3, 3, 3)) if shared else xs
    i, j = rng.integers(-3, 3, (2, 4))
    axes = (None if shared else 0, 0, 0)
    each = [(xs if shared else xs[k], i[k], j[k]) for k in range(4)]
    LOOPS.clear()

    def pick(x: Any, i: Any, j: Any) -> Any:
        return lift(operator.getitem)(x, index(i, j))

    def run(f: Any) -> None:
        got = vmap(f, axes)(xs, i, j)
        np.testing.assert_array_equal(got, np.stack([f(*args) for args in each]))

    run(pick)
    run(lambda x, i, j: grad(lambda x: np.sum(pick(x, i, j) ** 2))(x))
    run(lambda x, i, j: fgrad.index_add(x, index(i, j), pick(x, i, j)[..., :1]))
    run(lambda x, i, j: fgrad.index_update(x, index(i, j), 2.0))
    run(lambda x, i, j: fgrad.index_update(np.zeros((3, 3, 3)), index(i, j), x[0, 0, 0]))
    assert not LOOPS


def test_take_and_searchsorted() -> None:
    table, i = np.arange(10.0).reshape(5, 2), np.array([3, 0])
    np.testing.assert_array_equal(
        vmap(lambda i: fgrad.numpy.take(table, i, axis=0))(i), table[i]
    )
    ranks = vmap(lambda x: np.searchsorted(table[:, 0], x))(np.array([1.0, 5.0]))
    np.testing.assert_array_equal(ranks, [1, 3])


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
    LOOPS.clear()
    np.testing.assert_array_equal(vmap(largest)(xs), [3.0, 5.0])
    assert dict(LOOPS) == {"largest": 1}
    np.testing.assert_array_equal(vmap(grad(largest))(xs), [[0, 1], [1, 0]])


def test_a_pullback_that_asks_for_numbers_goes_one_by_one() -> None:
    @fgrad.primitive
    def signed(x: Any) -> Any:
        return np.abs(x)

    fgrad.defvjp(signed, x=lambda g, x: g if x > 0 else -g)
    np.testing.assert_array_equal(vmap(grad(signed))(np.array([2.0, -3.0])), [1, -1])


# Laws ---------------------------------------------------------------------------------

SHAPES = st.lists(st.integers(1, 3), max_size=3).map(tuple)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_broadcasting(data: Any) -> None:
    """Trailing axes meet, whatever the number of axes and wherever the batch is."""
    full = data.draw(SHAPES)
    args, axes = [], []
    for _ in range(3):
        shape = full[data.draw(st.integers(0, len(full))) :]
        shape = tuple(1 if data.draw(st.booleans()) else n for n in shape)
        axis = data.draw(st.none() | st.integers(-len(shape) - 1, len(shape)))
        x = np.random.default_rng(len(args)).normal(size=shape if axis is None else
                                                    np.insert(shape, axis % (len(shape) + 1), 4).astype(int))  # fmt: skip
        args.append(x)
        axes.append(axis)
    if all(axis is None for axis in axes):
        return
    f = lambda a, b, c: np.where(a > b, a * c, b - c) + np.hypot(a, c)  # noqa: E731
    out_axis = data.draw(st.integers(-1, 0))
    examples = [
        [x if axis is None else np.take(x, k, axis) for x, axis in zip(args, axes)]
        for k in range(4)
    ]
    want = np.stack([f(*xs) for xs in examples], out_axis)
    np.testing.assert_array_equal(vmap(f, axes, out_axis)(*args), want)
    total = lambda *xs: np.sum(vmap(f, axes)(*xs))  # noqa: E731
    got = grad(total, (0, 1, 2))(*args)
    each = [grad(lambda *xs: np.sum(f(*xs)), (0, 1, 2))(*xs) for xs in examples]
    for c, axis, parts in zip(got, axes, zip(*each, strict=True), strict=True):
        want = sum(parts) if axis is None else np.stack(parts, axis)
        np.testing.assert_allclose(c, want, rtol=1e-12, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_products(data: Any) -> None:
    """Of vectors, matrices and stacks, each mapped or shared."""
    fun = data.draw(st.sampled_from([np.matmul, np.dot, np.inner, np.tensordot]))
    m, n = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    last = 2  # the axis that is summed over
    a_shape = (*(2, 3)[: m - 1], last)[-m:]
    b_shape = {1: (last,), 2: (last, 3), 3: (1 if fun is np.matmul else 4, last, 3)}[n]
    if fun is np.inner:
        b_shape = (*b_shape[: n - 2], 3, last)[-n:]
    if fun is np.tensordot:
        b_shape = (last, 3, 4)[:n]
    rng = np.random.default_rng(0)
    axes = data.draw(st.sampled_from([(0, 0), (0, None), (None, 0)]))
    args = [
        rng.normal(size=shape if axis is None else (4, *shape))
        for shape, axis in zip((a_shape, b_shape), axes, strict=True)
    ]
    f = (lambda a, b: np.tensordot(a, b, 1)) if fun is np.tensordot else fun
    pairs = [
        [x if axis is None else x[k] for x, axis in zip(args, axes, strict=True)]
        for k in range(4)
    ]
    LOOPS.clear()
    got = vmap(f, axes)(*args)
    assert not LOOPS
    np.testing.assert_allclose(got, np.stack([f(*pair) for pair in pairs]), rtol=1e-12)


# Errors -------------------------------------------------------------------------------


def loss(x: Any) -> Any:
    return x if x > 0 else -x


def test_truth_of_a_batched_value() -> None:
    with pytest.raises(BatchedValueError) as error:
        vmap(loss)(np.ones(3))
    assert str(error.value).startswith(
        "the truth value of a batched array differs between examples; use "
        f'np.where(condition, x, y), at File "{__file__}", line '
    )
    assert str(error.value).endswith("in loss\n    return x if x > 0 else -x")
    assert isinstance(error.value, TypeError)


@pytest.mark.parametrize(
    ("fun", "words"),
    [
        (lambda x: float(x), "float(x) needs one value"),
        (lambda x: x.item(), "x.item() needs one value"),
        (lambda x: np.asarray(x), "np.asarray(x) needs one value"),
        (lambda x: range(x.astype(int)), "int(x) needs one value"),
    ],
)
def test_one_number_of_a_batched_value(fun: Any, words: str) -> None:
    with pytest.raises(BatchedValueError) as error:
        vmap(fun)(np.ones(3))
    assert str(error.value).startswith(
        f"{words}, but x is batched and has one for each example; use NumPy's "
        f'functions on x itself, at File "{__file__}", line '
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


def test_integers_are_not_differentiated() -> None:
    with pytest.raises(InputTypeError) as error:
        vmap(grad(double))(np.array([1, 2]))
    assert str(error.value) == (
        "grad cannot differentiate double with respect to argument 0: x has dtype "
        "int64. Convert it to float, or mark the field static."
    )


def test_errors_are_those_of_one_example() -> None:
    with pytest.raises(ValueError, match="core dimension 0") as error:
        vmap(lambda x: np.ones((2, 3)) @ x)(np.ones((5, 4)))
    assert "size 4 is different from 3" in str(error.value)
    with pytest.raises(np.exceptions.AxisError, match="axis 1 is out of bounds"):
        vmap(lambda x: np.sum(x, axis=1))(np.ones((5, 4)))
    with pytest.raises(IndexError, match="index 4 is out of bounds"):
        vmap(lambda x: x[4])(np.ones((5, 4)))
