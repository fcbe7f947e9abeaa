"""`fgrad.nn` on its own: derivatives, batches, conventions, first parameters."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fgrad
from fgrad import grad, nn, vmap
from fgrad.batching.loops import LOOPS
from fgrad.nn import init
from fgrad.testing import check_grads

LABELS = np.array([[2, 0, 1], [1, -100, 0]])
MASK = np.array([[True, False, True], [False, False, False], [True, True, True]])

CALLS: dict[str, list[tuple[Callable[..., Any], list[tuple[int, ...]]]]] = {
    "relu": [(nn.relu, [(2, 3)])],
    "leaky_relu": [(nn.leaky_relu, [(2, 3)])],
    "elu": [(nn.elu, [(2, 3)])],
    "gelu": [(nn.gelu, [(2, 3)]), (lambda x: nn.gelu(x, "tanh"), [(3,)])],
    "silu": [(nn.silu, [(2, 3)])],
    "softplus": [(nn.softplus, [(2, 3)])],
    "sigmoid": [(nn.sigmoid, [(2, 3)])],
    "tanh": [(nn.tanh, [(2, 3)])],
    "softmax": [(lambda x: nn.softmax(x, -1), [(2, 3)])],
    "log_softmax": [(lambda x: nn.log_softmax(x, 0), [(2, 3)])],
    "logsumexp": [(lambda x: nn.logsumexp(x, (0, 2)), [(2, 3, 2)])],
    "masked_fill": [(lambda x: nn.masked_fill(x, MASK, -1.5), [(3, 3)])],
    "one_hot": [(lambda x: x * nn.one_hot([1, 0], 3, dtype=x.dtype), [(2, 3)])],
    "dropout": [
        (lambda x: nn.dropout(x, 0.4, rng=np.random.default_rng(1)), [(3, 4)]),
        (lambda x: nn.dropout(x, 0.4, training=False), [(3, 4)]),
    ],
    "linear": [(nn.linear, [(2, 3), (4, 3), (4,)]), (nn.linear, [(3,), (3,)])],
    "embedding": [
        (lambda table: nn.embedding([[0, 2], [2, 1]], table), [(3, 2)]),
    ],
    "conv1d": [(nn.conv1d, [(2, 2, 5), (3, 2, 2), (3,)])],
    "conv2d": [
        (
            lambda *xs: nn.conv2d(*xs, 2, 1, (1, 2), 2),
            [(2, 2, 4, 5), (4, 1, 2, 3), (4,)],
        ),
        (lambda *xs: nn.conv2d(*xs, padding="same"), [(1, 3, 4), (2, 1, 2, 3)]),
    ],
    "conv3d": [(nn.conv3d, [(1, 2, 2, 3, 3), (1, 2, 2, 2, 1)])],
    "conv_transpose1d": [(nn.conv_transpose1d, [(2, 2, 3), (2, 3, 2), (3,)])],
    "conv_transpose2d": [
        (
            lambda *xs: nn.conv_transpose2d(*xs, 2, 1, 1, 2),
            [(2, 2, 2, 3), (2, 1, 3, 2), (2,)],
        ),
        (
            lambda *xs: nn.conv_transpose2d(*xs, output_padding=1, dilation=2),
            [(1, 2, 2), (1, 1, 2, 2)],
        ),
    ],
    "conv_transpose3d": [(nn.conv_transpose3d, [(1, 1, 1, 2, 2), (1, 2, 2, 1, 2)])],
    "max_pool1d": [(lambda x: nn.max_pool1d(x, 2), [(2, 5)])],
    "max_pool2d": [
        (lambda x: nn.max_pool2d(x, 3, 2, 1, ceil_mode=True), [(2, 1, 4, 6)]),
    ],
    "max_pool3d": [(lambda x: nn.max_pool3d(x, 2, 1), [(2, 3, 3)])],
    "avg_pool1d": [(lambda x: nn.avg_pool1d(x, 2), [(2, 5)])],
    "avg_pool2d": [
        (lambda x: nn.avg_pool2d(x, 3, 2, 1, True, False), [(2, 1, 4, 6)]),
    ],
    "avg_pool3d": [(lambda x: nn.avg_pool3d(x, 2, 1), [(2, 3, 3)])],
    "adaptive_avg_pool1d": [(lambda x: nn.adaptive_avg_pool1d(x, 3), [(2, 5)])],
    "adaptive_avg_pool2d": [(lambda x: nn.adaptive_avg_pool2d(x, (1, 2)), [(2, 4, 3)])],
    "unfold": [(lambda x: nn.unfold(x, (2, 3), 1, 1, 2), [(1, 2, 4, 5)])],
    "fold": [(lambda x: nn.fold(x, (3, 4), 2), [(4, 6)])],
    "batch_norm": [
        (
            lambda x, *scale: (
                nn.batch_norm(x, None, None, *scale, training=True).output
            ),
            [(3, 2, 2), (2,), (2,)],
        ),
        (
            lambda x, *scale: (
                nn.batch_norm(x, *np.ones((2, 2), x.dtype), *scale).output
            ),
            [(3, 2), (2,), (2,)],
        ),
    ],
    "layer_norm": [
        (lambda x, *scale: nn.layer_norm(x, 3, *scale), [(2, 3), (3,), (3,)]),
    ],
    "group_norm": [
        (lambda x, *scale: nn.group_norm(x, 2, *scale), [(2, 4, 2), (4,), (4,)]),
    ],
    "scaled_dot_product_attention": [
        (nn.scaled_dot_product_attention, [(2, 3, 2), (2, 4, 2), (2, 4, 3)]),
        (
            lambda *xs: nn.scaled_dot_product_attention(*xs, MASK),
            [(2, 3, 2), (3, 2), (3, 1)],
        ),
        (
            lambda *xs: nn.scaled_dot_product_attention(*xs, is_causal=True),
            [(3, 2), (3, 2), (3, 1)],
        ),
    ],
    "cross_entropy": [
        (lambda x: nn.cross_entropy(x, LABELS, label_smoothing=0.1), [(2, 4, 3)]),
        (lambda x, y: nn.cross_entropy(x, y), [(2, 3), (2, 3)]),
        (lambda x: nn.cross_entropy(x, 1), [(3,)]),
    ],
    "nll_loss": [
        (lambda x, w: nn.nll_loss(x, LABELS, abs(w)), [(2, 4, 3), (4,)]),
        (lambda x: nn.nll_loss(x, LABELS, reduction="none"), [(2, 4, 3)]),
    ],
    "binary_cross_entropy_with_logits": [
        (nn.binary_cross_entropy_with_logits, [(2, 3), (2, 3)]),
    ],
    "mse_loss": [(nn.mse_loss, [(2, 3), (2, 3)])],
    "huber_loss": [(nn.huber_loss, [(2, 3), (2, 3)])],
}
CALLS |= {"mse": CALLS["mse_loss"], "huber": CALLS["huber_loss"]}

CASES = [
    pytest.param(fun, shapes, id=f"{name}-{i}")
    for name, calls in CALLS.items()
    for i, (fun, shapes) in enumerate(calls)
]


def draw(shapes: list[tuple[int, ...]], *front: int) -> list[Any]:
    rng = np.random.default_rng(4)
    return [rng.normal(size=(*front, *shape)) for shape in shapes]


def test_all_functions_are_called() -> None:
    functions = {name for name in nn.__all__ if name not in {"BatchNorm", "init"}}
    assert {*CALLS} == functions


@pytest.mark.parametrize(("fun", "shapes"), CASES)
def test_derivatives(fun: Any, shapes: Any) -> None:
    check_grads(fun, draw(shapes), rtol=1e-8)


@pytest.mark.parametrize(("fun", "shapes"), CASES)
def test_single_precision(fun: Any, shapes: Any) -> None:
    arrays = draw(shapes)
    single = [x.astype(np.float32) for x in arrays]
    assert fun(*single).dtype == np.float32
    np.testing.assert_allclose(fun(*single), fun(*arrays), rtol=1e-4, atol=1e-5)
    slopes = grad(lambda *xs: np.sum(fun(*xs)), tuple(range(len(single))))(*single)
    assert all(c.dtype == np.float32 for c in slopes)


@pytest.mark.parametrize(("fun", "shapes"), CASES)
def test_batches(fun: Any, shapes: Any) -> None:
    """All examples at once are what they are one by one, also with shared weights."""
    xs = draw(shapes, 3)
    every = tuple(range(len(shapes)))
    weights = fun(*[x[0] for x in xs])
    weights = np.cos(np.arange(np.size(weights))).reshape(np.shape(weights))
    slope = grad(lambda *xs: np.sum(weights * fun(*xs)), every)
    if fun is CALLS["dropout"][0][0]:  # each example has its own mask
        return
    LOOPS.clear()
    for shared in ((), *((i,) for i in every[1:]), every[:-1] if every[1:] else ()):
        axes = tuple(None if i in shared else 0 for i in every)
        given = [x[0] if i in shared else x for i, x in enumerate(xs)]
        each = [
            [x if i in shared else x[k] for i, x in enumerate(given)] for k in range(3)
        ]
        close(vmap(fun, axes)(*given), np.stack([fun(*one) for one in each]))
        got = vmap(slope, axes)(*given)
        for i, c in enumerate(got):
            close(c, np.stack([slope(*one)[i] for one in each]))
    assert not LOOPS


def close(got: Any, want: Any) -> None:
    np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-11)


def test_jacobians_of_convolutions() -> None:
    """Rows and columns of a Jacobian are batches, below and above a trace."""
    x, w = draw([(1, 2, 4, 4), (2, 2, 3, 3)])
    f = lambda x, w: nn.max_pool2d(nn.relu(nn.conv2d(x, w)), 2)  # noqa: E731
    for argnum in (0, 1):
        close(fgrad.jacrev(f, argnum)(x, w), fgrad.jacfwd(f, argnum)(x, w))
    h = fgrad.hessian(lambda w: np.sum(np.tanh(f(x, w)) ** 2))(w)
    close(h, np.moveaxis(h, [0, 1, 2, 3], [4, 5, 6, 7]))


def test_complex_numbers() -> None:
    x, w, y, v = draw([(1, 2, 4), (2, 2, 3), (1, 2, 4), (2, 2, 3)])
    got = nn.conv1d(x + 1j * y, w + 1j * v)
    close(got.real, nn.conv1d(x, w) - nn.conv1d(y, v))
    check_grads(nn.conv1d, (x + 1j * y, w + 1j * v))


def test_lists_with_traced_numbers() -> None:
    assert grad(lambda a: nn.mse_loss([a, 2.0 * a], [0.0, 0.0]))(3.0) == 15.0


# Conventions --------------------------------------------------------------------------


def test_kinks() -> None:
    assert grad(nn.relu)(0.0) == 0.0
    assert grad(nn.leaky_relu)(0.0) == 0.01
    assert grad(lambda x: nn.elu(x, 3.0))(0.0) == 3.0
    ties = np.array([1.0, 1.0, 1.0])
    slopes = grad(lambda x: np.sum(nn.max_pool1d(x, 2, 1)))(ties)
    np.testing.assert_array_equal(slopes, [1, 1, 0])
    slopes = grad(lambda d: nn.huber_loss(d, np.zeros(2), "sum"))(np.array([1.0, -1.0]))
    np.testing.assert_array_equal(slopes, [1, -1])


def test_a_pole_that_relu_leaves_out() -> None:
    """A zero of relu is a structural one."""
    x = np.array([0.0, 4.0])
    slopes = grad(lambda x: np.sum(nn.relu(np.sqrt(x) - 1)))(x)
    np.testing.assert_array_equal(slopes, [0, 0.25])


def test_max_pool_of_infinite_numbers_and_nan() -> None:
    x = np.array([[-np.inf, -np.inf, 3.0], [1.0, np.nan, 2.0]])
    y = nn.max_pool1d(x, 3, 1, 1)
    np.testing.assert_array_equal(y, [[-np.inf, 3, 3], [np.nan] * 3])
    slopes = grad(lambda x: np.sum(nn.max_pool1d(x, 3, 1, 1)[:, 0]))(x)
    np.testing.assert_array_equal(slopes, [[1, 0, 0], [0, 1, 0]])


def test_a_query_that_sees_no_key() -> None:
    x = draw([(3, 2)])[0]
    attend = lambda x: nn.scaled_dot_product_attention(x, x, x, MASK)  # noqa: E731
    np.testing.assert_array_equal(attend(x)[1], 0)
    assert np.all(np.isfinite(grad(lambda x: np.sum(attend(x) ** 2))(x)))
    hidden = np.where(MASK, 0.0, -np.inf)
    close(nn.scaled_dot_product_attention(x, x, x, hidden), attend(x))


def test_dropout_draws_for_each_example() -> None:
    x = np.ones((4, 50))
    once = nn.dropout(x, 0.3, rng=np.random.default_rng(0))
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(vmap(lambda x: nn.dropout(x, 0.3, rng=rng))(x), once)
    assert len({row.tobytes() for row in once}) == 4
    assert {*once.ravel()} == {0.0, 1 / 0.7}
    slopes = grad(lambda x: np.sum(nn.dropout(x, 0.3, rng=np.random.default_rng(0))))(x)
    np.testing.assert_array_equal(slopes, once)


def test_a_row_that_is_not_learned() -> None:
    table = draw([(3, 2)])[0]
    slopes = grad(lambda table: np.sum(nn.embedding([0, 1, 1], table, -2)))(table)
    np.testing.assert_array_equal(slopes, [[1, 1], [0, 0], [0, 0]])


def test_batch_norm_returns_its_state() -> None:
    """Neither is it changed in place, nor does it carry a derivative."""
    x = draw([(5, 2)])[0]
    mean, var = np.zeros(2), np.ones(2)

    def loss(x: Any) -> Any:
        y, *state = nn.batch_norm(x, mean, var, training=True, momentum=0.5)
        assert all(type(part) is np.ndarray for part in state)
        return np.sum(y**3), state

    _, (new_mean, new_var) = grad(loss, has_aux=True)(x)
    np.testing.assert_array_equal(mean, 0)
    close(new_mean, x.mean(0) / 2)
    close(new_var, 0.5 + x.var(0, ddof=1) / 2)


def test_the_import_waits() -> None:
    code = (
        "import sys, fgrad; assert 'fgrad.nn' not in sys.modules;"
        "fgrad.nn.relu; from fgrad import nn; assert 'nn' in dir(fgrad)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# First parameters ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "variance"),
    [("glorot", 2 / (36 + 90)), ("he", 2 / 36), ("lecun", 1 / 36)],
)
def test_variances(name: str, variance: float) -> None:
    """Of kernels of 3 by 3, from 4 channels to 10."""
    for kind in ("normal", "uniform"):
        draw = getattr(init, f"{name}_{kind}")
        rng = np.random.default_rng(0)
        w = np.stack([draw(rng, (10, 4, 3, 3)) for _ in range(60)])
        assert np.var(w) == pytest.approx(variance, rel=0.05)
        assert abs(np.mean(w)) < 0.01
        again = draw(np.random.default_rng(0), (10, 4, 3, 3))
        np.testing.assert_array_equal(again, w[0])
        assert draw(rng, (2, 3), dtype=np.float32).dtype == np.float32


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 1, 2, 2), (2, 0)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    w = init.orthogonal(np.random.default_rng(0), shape, gain=2.0)
    assert w.shape == shape
    rows = w.reshape(shape[0], int(np.prod(shape[1:])))
    product = rows @ rows.T if rows.shape[0] <= rows.shape[1] else rows.T @ rows
    close(product, 4 * np.eye(len(product)))
