"""Calls on batched values: the tables, against a loop over the examples."""

import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import fgrad
import fgrad.numpy
from fgrad import grad, vjp, vmap
from fgrad._engine.dispatch import lift
from fgrad._engine.signatures import function_name
from fgrad._transforms import jvp
from fgrad._tree import flatten, unflatten
from fgrad.batching.loops import LOOPS
from fgrad.errors import BatchedValueError, MissingRuleError
from fgrad.testing import fixed
from tests.samples import Sample
from tests.test_rules import CASES, complex_call

COUNT = 3

UNEVEN = "gives results of different"


# Every primitive and composition, on every sample ------------------------------------


class Mapped:
    """A sample as a function of some of its float arguments."""

    def __init__(
        self, call: Sample, which: list[int] | None = None, count: int = COUNT
    ) -> None:
        self.fun, self.primals = call.function()
        self.which = [*range(len(self.primals))] if which is None else which
        self.examples = [*map(self.example, range(count))]

    def example(self, k: int) -> list[Any]:
        """The arguments of the k-th example: near those of the sample."""
        xs = [np.asarray(self.primals[i]) for i in self.which]
        return [(x * (1 + 0.003 * k)).astype(x.dtype)[()] for x in xs]

    def batch(self) -> list[Any]:
        return list(map(np.stack, zip(*self.examples, strict=True)))

    def __call__(self, *values: Any) -> list[Any]:
        full = list(self.primals)
        for i, value in zip(self.which, values, strict=True):
            full[i] = value
        return self.fun(*full)

    def floats(self, *values: Any) -> list[Any]:
        return [y for y in self(*values) if np.result_type(y).kind in "fc"]

    def gradients(self, *values: Any) -> list[Any]:
        out, pullback = vjp(self.floats, *values)
        return list(pullback([_some(y) for y in out]))

    def rows(self, *values: Any) -> list[Any]:
        """Two rows of the Jacobian at once."""
        out, pullback = vjp(self.floats, *values)
        if not out:
            return []
        return list(vmap(pullback)([np.stack([_some(y), 1 - _some(y)]) for y in out]))

    def rows_of_one(self, *values: Any) -> list[Any]:
        """Two rows of the Jacobian, one after the other."""
        out, pullback = vjp(self.floats, *values)
        if not out:
            return []
        first = pullback([_some(y) for y in out])
        second = pullback([1 - _some(y) for y in out])
        return list(map(np.stack, zip(first, second, strict=True)))

    def second(self, *values: Any) -> list[Any]:
        """The Hessian of a weighted sum, times a vector."""
        out, pullback = vjp(self.gradients, *values)
        return list(pullback([_some(y) for y in out]))

    def tangents(self, *values: Any) -> list[Any]:
        return jvp(self.floats, values, [_some(x) for x in values])[1]


def _some(x: Any) -> Any:
    """Fixed numbers of the shape and dtype of `x`."""
    return np.cos(np.arange(np.size(x))).reshape(np.shape(x)).astype(np.result_type(x))


def assert_stacked(fun: Any, batch: list[Any], want: list[list[Any]]) -> None:
    """``vmap(fun)`` is the stack of what `fun` gives, in value, shape and dtype."""
    shapes = {tuple(map(np.shape, ys)) for ys in want}
    try:
        got = vmap(fun)(*batch)
    except BatchedValueError as error:
        _check_uneven(error)
        assert len(shapes) > 1 or fun.__name__ != "__call__"
        return
    for i, y in enumerate(got):
        expected = np.stack([ys[i] for ys in want])
        assert y.dtype == expected.dtype
        assert_close(y, expected)


def assert_close(y: Any, expected: Any) -> None:
    np.testing.assert_allclose(y, expected, rtol=1e-9, atol=1e-9)


def _check_uneven(error: BatchedValueError) -> None:
    """Of results that differ in shape there is no stack."""
    assert UNEVEN in str(error)


@pytest.mark.parametrize("call", CASES)
def test_sample(call: Sample) -> None:
    """Values, gradients and tangents, and what is made of these."""
    f = Mapped(call)
    if not f.which:
        return
    gradients = assert_values_and_gradients(f)
    batch = f.batch()
    assert_stacked(f.tangents, batch, [f.tangents(*xs) for xs in f.examples])
    if len(f.which) > 1:
        for i in f.which:
            assert_values_and_gradients(Mapped(call, [i]))
    if not call.rich:
        return
    assert_values_and_gradients(Mapped(call, count=1))
    assert_stacked(f.rows, batch, [f.rows_of_one(*xs) for xs in f.examples])
    if call.order > 1:
        assert_stacked(f.second, batch, [f.second(*xs) for xs in f.examples])
    assert_differentiated_from_outside(f, gradients)
    assert_mapped_twice(f)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of samples with inf
@pytest.mark.parametrize("call", [c for c in CASES if c.values[0].rich])
def test_complex_sample(call: Sample) -> None:
    """The same for complex numbers, where a function has them."""
    if call.real_only:
        return
    converted = complex_call(call)
    fun, primals = converted.function(plain=True)
    try:
        fun(*primals)
    except TypeError:
        return  # NumPy has no complex version
    if primals:
        assert_values_and_gradients(Mapped(converted))


def assert_values_and_gradients(f: Mapped) -> list[list[Any]]:
    """Those of all examples at once are those of each; return the gradients."""
    gradients = [f.gradients(*xs) for xs in f.examples]
    assert_stacked(f.__call__, f.batch(), [f(*xs) for xs in f.examples])
    assert_stacked(f.gradients, f.batch(), gradients)
    return gradients


def assert_differentiated_from_outside(f: Mapped, gradients: list[list[Any]]) -> None:
    """The gradient of a sum over examples is the stack of their gradients."""
    try:
        out, pullback = vjp(vmap(f.floats), *f.batch())
    except BatchedValueError as error:
        _check_uneven(error)
        return
    got = pullback([np.stack([_some(y[0])] * COUNT) for y in out])
    for c, expected in zip(got, zip(*gradients, strict=True), strict=True):
        assert_close(c, np.stack(expected))


def assert_mapped_twice(f: Mapped) -> None:
    """A batch of batches is the stack of the batches."""
    batch = f.batch()
    try:
        once = vmap(f.floats)(*batch)
        twice = vmap(vmap(f.floats))(*[np.stack([x, x[::-1]]) for x in batch])
    except BatchedValueError as error:
        _check_uneven(error)
        return
    for y, yy in zip(once, twice, strict=True):
        assert_close(yy, np.stack([y, y[::-1]]))


# What is not differentiated -----------------------------------------------------------

TRIMMED = {f"np.polynomial.chebyshev.cheb{name}" for name in ("add", "sub", "mul")}
TRIMMED |= {"np.polymul"}
"""Functions that leave out the highest coefficients if they are 0, but not if they are
those of several examples."""


def constants(call: Sample) -> list[int]:
    """The leaves of a call that are arrays or floats, and not differentiated."""
    leaves, _ = flatten((call.args, call.kwargs))
    kinds = [np.asarray(_plain(leaf)).dtype.kind for leaf in leaves]
    return [
        i
        for i, (leaf, kind) in enumerate(zip(leaves, kinds, strict=True))
        if (type(leaf) is fixed and kind in "fc") or (np.ndim(leaf) and kind in "biu")
    ]


def _plain(leaf: Any) -> Any:
    return leaf.value if type(leaf) is fixed else leaf


RICH = [case for case in CASES if case.values[0].rich and case.id.startswith("np.")]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("call", [c for c in RICH if constants(c.values[0])])
def test_what_is_not_differentiated(call: Sample) -> None:
    """Masks, indices, weights, points: one for each example."""
    leaves, structure = flatten((call.args, call.kwargs))
    plain = list(map(_plain, leaves))
    for i in constants(call):

        def f(x: Any, i: int = i) -> Any:
            args, kwargs = unflatten(structure, [*plain[:i], x, *plain[i + 1 :]])
            return flatten(lift(call.fun)(*args, **kwargs))[0]

        x = np.asarray(plain[i])
        other = x * 1.003 if x.dtype.kind in "fc" else x[::-1]
        try:
            want = [f(x[()]), f(other[()])]
            got = vmap(f)(np.stack([x, other]))
        except BatchedValueError as error:
            _check_uneven(error)
        except MissingRuleError:  # with a mask, it computes on what is left
            assert function_name(call.fun).endswith(".reduce")
        else:
            for y, *each in zip(got, *want, strict=True):
                uneven = y[0].shape != np.shape(each[0])
                if not (uneven and function_name(call.fun) in TRIMMED):
                    assert_close(y, np.stack(each))


def test_an_option_that_differs() -> None:
    nan = np.array([[1.0, np.nan]] * 2)
    got = vmap(lambda x, equal: np.isclose(x, x, equal_nan=equal))(
        nan, np.array([True, False])
    )
    np.testing.assert_array_equal(got, [[True, True], [True, False]])


@pytest.mark.parametrize(
    "fun",
    [
        lambda x, s: fgrad.numpy.piecewise(x, [x > 0], [lambda r: r * s, np.sin]),
        lambda x, s: fgrad.numpy.apply_along_axis(lambda r: np.sort(r) * s, 0, x),
        lambda x, s: fgrad.numpy.vectorize(lambda r: r * s)(x),
        lambda x, s: fgrad.numpy.apply_over_axes(lambda a, i: np.sum(a, i) * s, x, 0),
        lambda x, s: x * fgrad.numpy.fromfunction(lambda i: i * s, (4,)),
        lambda x, s: fgrad.checkpoint(lambda r: np.sin(r) * s)(x),
    ],
)
def test_functions_of_users_see_their_example(fun: Any) -> None:
    """What they use from outside is batched, too."""
    x = np.random.default_rng(3).normal(size=(3, 4))
    s = np.array([2.0, -3.0, 5.0])
    total = lambda x, s: np.sum(fun(x, s) ** 2)  # noqa: E731
    for f in (fun, grad(total, (0, 1)), lambda x, s: jvp(fun, (x, s), (x, s))[1]):
        got, _ = flatten(vmap(f)(x, s))
        want = [flatten(f(*one))[0] for one in zip(x, s, strict=True)]
        for y, *each in zip(got, *want, strict=True):
            np.testing.assert_allclose(y, np.stack(each), rtol=1e-12)


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
    "shapes": lambda x: (
        np.stack([x, x[::-1]]).T.reshape(-1)[None] + np.ravel(x)[:, None]
    ),
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
    assert not LOOPS
    np.testing.assert_allclose(c, [grad(scalar)(x) for x in xs], rtol=1e-12)


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
    run(
        lambda x, i, j: fgrad.index_update(np.zeros((3, 3, 3)), index(i, j), x[0, 0, 0])
    )
    assert not LOOPS


def test_take_and_searchsorted() -> None:
    table, i = np.arange(10.0).reshape(5, 2), np.array([3, 0])
    np.testing.assert_array_equal(
        vmap(lambda i: fgrad.numpy.take(table, i, axis=0))(i), table[i]
    )
    ranks = vmap(lambda x: np.searchsorted(table[:, 0], x))(np.array([1.0, 5.0]))
    np.testing.assert_array_equal(ranks, [1, 3])


def test_unique_entries_repeat_in_a_batch() -> None:
    xs, known = np.array([[1.0, 2.0], [1.0, 3.0]]), np.array([1.0, 3.0])
    got = vmap(lambda x: np.isin(x, known, assume_unique=True))(xs)
    np.testing.assert_array_equal(got, [[True, False], [True, True]])


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
        rng = np.random.default_rng(len(args))
        x = rng.normal(size=shape if axis is None else (4, *shape))
        x = x if axis is None else np.moveaxis(x, 0, axis)
        args.append(x)
        axes.append(axis)
    if all(axis is None for axis in axes):
        return
    f = lambda a, b, c: np.where(a > b, a * c, b - c) + np.hypot(a, c)  # noqa: E731
    out_axis = data.draw(st.integers(-1, 0))
    examples = [
        [
            x if axis is None else np.take(x, k, axis)
            for x, axis in zip(args, axes, strict=True)
        ]
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
