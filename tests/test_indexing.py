"""Indexing by any expression that NumPy takes, and functional assignment."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.lib.stride_tricks import as_strided

import fgrad
from fgrad._engine.dispatch import traced
from fgrad.derived.applying import ndenumerate
from fgrad.derived.concatenators import c_, r_
from fgrad.derived.vectorizing import vectorize
from fgrad.errors import ConversionError, MissingRuleError
from fgrad.testing import check_grads


@st.composite
def indexed_shapes(draw: Any) -> tuple[tuple[int, ...], Any]:
    """A shape, and an index of an array of this shape."""
    shape = tuple(draw(st.lists(st.integers(0, 3), min_size=0, max_size=3)))
    common = draw(st.sampled_from([(), (1,), (2,), (3, 1), (2, 2)]))
    parts: list[Any] = []
    axis = 0
    dots = draw(st.integers(0, len(shape)))
    while axis < len(shape):
        if axis == dots:
            parts.append(...)
            axis += draw(st.integers(0, len(shape) - axis))
            dots = -1
            continue
        n = shape[axis]
        kinds = ["slice", "new", "mask", "stop"]
        kinds += ["int", "array", "list"] if n else []
        kind = draw(st.sampled_from(kinds))
        if kind == "stop":
            break
        if kind == "new":
            parts.append(None)
            continue
        if kind == "slice":
            end = st.none() | st.integers(-4, 4)
            step = draw(st.sampled_from([None, 1, 2, -1, -2]))
            parts.append(slice(draw(end), draw(end), step))
        elif kind == "int":
            parts.append(draw(st.integers(-n, n - 1)))
        elif kind == "mask":
            # As many True entries as the integer arrays beside it can broadcast with.
            mask = np.zeros(n, bool)
            mask[: min(n, 1)] = True
            parts.append(np.roll(mask, draw(st.integers(0, 2))))
        else:
            values = draw(st.lists(st.integers(-n, n - 1), min_size=4, max_size=4))
            array = np.resize(np.array(values), common)
            parts.append(array.tolist() if kind == "list" and common else array)
        axis += 1
    index = tuple(parts)
    if len(index) == 1 and draw(st.booleans()):
        return shape, index[0]
    return shape, index


def _entries(shape: tuple[int, ...], seed: int = 0) -> Any:
    return np.asarray(np.random.default_rng(seed).uniform(-1, 1, shape))


def _pick(x: Any, index: Any) -> Any:
    """``x[index]``; None where NumPy itself refuses this combination."""
    try:
        return x[index]
    except IndexError:
        return None


@given(indexed_shapes())
def test_gradient_of_picked_entries(case: Any) -> None:
    shape, index = case
    x = _entries(shape)
    picked = _pick(x, index)
    if picked is None:
        return
    w = _entries(picked.shape, 1)
    expected = np.zeros(shape)
    np.add.at(expected, index, w)
    got = fgrad.grad(lambda x: np.sum(w * x[index]))(x)
    np.testing.assert_allclose(got, expected, rtol=1e-14)


@given(indexed_shapes())
def test_second_derivative_of_picked_entries(case: Any) -> None:
    shape, index = case
    x = _entries(shape)
    if _pick(x, index) is not None:
        check_grads(lambda x: np.sum(x[index] ** 2 * x[index]), (x,), rtol=1e-9)


@given(indexed_shapes(), st.booleans())
def test_update(case: Any, scalar: bool) -> None:
    shape, index = case
    x = _entries(shape)
    picked = _pick(x, index)
    if picked is None:
        return
    value = _entries(() if scalar else picked.shape, 1)
    expected = x.copy()
    expected[index] = value
    np.testing.assert_array_equal(fgrad.index_update(x, index, value), expected)
    # Where each entry of the result comes from, as NumPy's assignment says.
    number = np.arange(x.size).reshape(shape)
    number[index] = -1 - np.arange(value.size).reshape(value.shape)
    w = _entries(shape, 2)
    of_x, of_value = fgrad.grad(
        lambda x, value: np.sum(w * fgrad.index_update(x, index, value)), (0, 1)
    )(x, value)
    np.testing.assert_array_equal(of_x, np.where(number >= 0, w, 0))
    into = np.bincount(-1 - number[number < 0], w[number < 0], value.size)
    np.testing.assert_allclose(of_value, into.reshape(value.shape), rtol=1e-13)


@given(indexed_shapes(), st.booleans())
def test_add(case: Any, scalar: bool) -> None:
    shape, index = case
    x = _entries(shape)
    picked = _pick(x, index)
    if picked is None:
        return
    value = _entries(() if scalar else picked.shape, 1)
    expected = x.copy()
    np.add.at(expected, index, np.broadcast_to(value, picked.shape))
    result = fgrad.index_add(x, index, value)
    np.testing.assert_allclose(result, expected, rtol=1e-14)
    w = _entries(shape, 2)
    of_x, of_value = fgrad.grad(
        lambda x, value: np.sum(w * fgrad.index_add(x, index, value)), (0, 1)
    )(x, value)
    np.testing.assert_array_equal(of_x, w)
    want = np.sum(w[index]) if scalar else w[index]
    np.testing.assert_allclose(of_value, want, rtol=1e-13)


def test_add_broadcasts_within_bounds() -> None:
    """``np.add.at`` itself reads out of bounds here."""
    index = np.array([[0, 0], [2, 0]])
    np.testing.assert_array_equal(
        fgrad.index_add(np.zeros(4), index, np.array([1.0, 10.0])), [21, 0, 1, 0]
    )


def test_last_of_repeated_updates_counts() -> None:
    w = np.array([3.0, 5.0])
    gradient = fgrad.grad(
        lambda v: np.sum(w * fgrad.index_update(np.zeros(2), [0, 1, 0], v))
    )(np.ones(3))
    np.testing.assert_array_equal(gradient, [0, 5, 3])


def test_dtypes() -> None:
    x, value = np.ones(2, np.float32), np.float32(2)
    for function in (fgrad.index_update, fgrad.index_add):
        assert function(x, 0, value).dtype == np.float32
        assert function(x, 0, 1.0).dtype == np.float32
        assert function([1, 2], 0, 1.5).dtype == np.float64
        assert function(x, 0, 1j).dtype == np.complex64
        gradients = fgrad.grad(lambda x, v: np.sum(function(x, 0, v)), (0, 1))(x, 2.0)
        assert gradients[0].dtype == np.float32
        assert gradients[1].dtype == np.float64


def test_float_index_is_an_error() -> None:
    with pytest.raises((TypeError, IndexError)):
        fgrad.grad(lambda x: np.arange(3.0)[x])(1.0)
    with pytest.raises((TypeError, IndexError)):
        fgrad.grad(lambda x: x[x[0]])(np.ones(2))


@pytest.mark.parametrize(
    "use",
    [
        lambda x: x[x[0, 0] :],
        lambda x: x[0, x[0, 0]],
        lambda x: x[:, [x[0, 0]]],
        lambda x: fgrad.index_add(x, (0, x[0, 0]), 1.0),
        lambda x: np.delete(x, x[0, 0]),
        lambda x: np.insert(x, x[0, 0], 1.0),
        lambda x: np.split(x, x[0, 0])[0],
        lambda x: np.array_split(x, [x[0, 0]])[0],
        lambda x: np.hsplit(x, x[0, 0])[0],
    ],
)
def test_traced_indices(use: Any) -> None:
    with pytest.raises(ConversionError) as info:
        fgrad.grad(lambda x: np.sum(use(x)))(np.ones((2, 2)))
    assert str(info.value).startswith(
        "a traced value cannot be an index or a count; use int(stop_gradient(x)), at "
        f'File "{__file__}", line '
    )


def test_traced_indices_of_traced_arrays() -> None:
    for use in (lambda x: x[x[0]], lambda x: x[[x[0]]]):
        with pytest.raises(IndexError) as info:
            fgrad.grad(lambda x, use=use: use(x).sum())(np.ones(2))
        assert info.value.__notes__[0].startswith(
            "x is traced by grad(<lambda>), and a plain value is needed here; use stop_"
        )
    with pytest.raises(IndexError) as info:
        fgrad.grad(lambda x: x[x.argmax() + 7])(np.ones(2))
    assert not hasattr(info.value, "__notes__")


def test_batched_places() -> None:
    x, places = np.arange(6.0).reshape(2, 3), np.array([0, 2])
    for use in (np.delete, lambda x, i: np.insert(x, i, 7.0)):
        want = [use(row, place) for row, place in zip(x, places, strict=True)]
        np.testing.assert_array_equal(fgrad.vmap(use)(x, places), want)
    with pytest.raises(fgrad.errors.BatchedValueError, match="different shapes"):
        fgrad.vmap(lambda x, i: np.array_split(x, [i]))(x, places)


def test_one_buffer_for_a_loop_over_entries() -> None:
    """A loop over n entries costs n, not n**2."""
    x = np.ones(4000)

    def total(x: Any) -> Any:
        result = 0.0
        for i in range(0, len(x), 10):
            result = result + x[i] * x[i]
        return result

    fgrad.grad(total)(x)
    made: list[int] = []
    zeros = np.zeros

    def counted(shape: Any, *args: Any, **kwargs: Any) -> Any:
        made.append(int(np.prod(shape)))
        return zeros(shape, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(np, "zeros", counted)
        gradient = fgrad.grad(total)(x)
    assert made.count(x.size) == 1
    np.testing.assert_array_equal(gradient[::10], 2.0)

    _, pullback = fgrad.vjp(lambda x: np.stack(list(x[:400])), x)
    tracemalloc.start()
    pullback(np.ones(400))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * x.nbytes


@pytest.mark.parametrize("order", "CFAK")
@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
def test_memory_order(order: str, axes: Any) -> None:
    x = _entries((2, 3, 2)).transpose(axes)
    w = _entries((12,), 1)
    for function in (np.ravel, lambda x, order: np.reshape(x, -1, order=order)):
        if function is not np.ravel and order == "K":
            continue
        gradient = fgrad.grad(lambda x, f=function: np.sum(w * f(x, order=order)))(x)
        number = np.empty_like(x, np.intp)
        number[...] = np.arange(12).reshape(x.shape)
        expected = np.empty(12)
        expected[function(number, order=order)] = w
        np.testing.assert_array_equal(gradient.ravel(), expected)


def test_strided_views() -> None:
    strided = traced(as_strided)
    check_grads(lambda x: strided(x, (3, 3), (8, 8)), (_entries((5,)),), rtol=1e-9)
    check_grads(lambda x: strided(x, (2, 2), (0, 16)), (_entries((2, 3)),), rtol=1e-9)
    for shape, strides in (((3,), (16,)), ((2,), (-8,)), ((2,), (4,))):
        with pytest.raises(MissingRuleError):
            fgrad.grad(lambda x, s=shape, t=strides: np.sum(strided(x, s, t)))(
                np.ones(4)
            )


@pytest.mark.parametrize("length", [2, 3, 4])
@pytest.mark.parametrize("mode", ["reflect", "symmetric"])
def test_repeated_odd_reflection(mode: str, length: int) -> None:
    """Continued over many lengths of the array; rounded otherwise than NumPy does."""
    x = _entries((length,))

    def padded(x: Any) -> Any:
        return np.pad(x, (7, 11), mode, reflect_type="odd")

    np.testing.assert_allclose(fgrad.vjp(padded, x)[0], padded(x), atol=1e-12)
    check_grads(padded, (x,), rtol=1e-9)


def test_pad_refuses_functions() -> None:
    with pytest.raises(MissingRuleError, match="function as mode"):
        fgrad.grad(lambda x: np.sum(np.pad(x, 1, lambda *a: None)))(np.ones(2))
    for mode, options in (("edge", {"end_values": 1}), ("nowhere", {})):
        with pytest.raises(ValueError):
            fgrad.grad(lambda x, m=mode, o=options: np.sum(np.pad(x, 1, m, **o)))(
                np.ones(2)
            )


def test_pad_by_axis() -> None:
    """Widths in a dictionary, which NumPy takes since 2.3."""
    got = fgrad.grad(lambda x: np.sum(np.pad(x, {-1: (1, 0)}, "edge")))(np.ones((2, 2)))
    np.testing.assert_array_equal(got, [[2, 1], [2, 1]])


def test_pad_with_what_is_in_memory() -> None:
    got = fgrad.grad(lambda x: np.sum(np.pad(x, 2, "empty")[2:-2] * [2.0, 3.0]))(
        np.ones(2)
    )
    np.testing.assert_array_equal(got, [2, 3])


def test_concatenators() -> None:
    x, y = _entries((2,)), _entries((2, 2), 1)
    for concatenator, numpy, key in (
        (r_, np.r_, lambda x, y: (x, 0, x[0], slice(3))),
        (r_, np.r_, lambda x, y: x),
        (r_, np.r_, lambda x, y: ("0,2", x, [1, 2])),
        (r_, np.r_, lambda x, y: ("0,2,0", x, slice(0, 1, 3j))),
        (r_, np.r_, lambda x, y: ("-1", y, y, [[1], [2]])),
        (c_, np.c_, lambda x, y: (x, x)),
        (c_, np.c_, lambda x, y: (y, [3, 4], x, slice(2))),
    ):

        def join(x: Any, y: Any, c: Any = concatenator, key: Any = key) -> Any:
            return np.asarray(c[key(x, y)]) if type(x) is np.ndarray else c[key(x, y)]

        value = fgrad.vjp(join, x, y)[0]
        np.testing.assert_array_equal(value, np.asarray(numpy[key(x, y)]))
        check_grads(join, (x, y), rtol=1e-9)
        xs, ys = np.stack([x, 2 * x]), np.stack([y, y + 1])
        got = fgrad.vmap(lambda x, y, c=concatenator, key=key: c[key(x, y)])(xs, ys)
        np.testing.assert_array_equal(got, list(map(join, xs, ys)))
    got = fgrad.grad(lambda x: np.sum(r_[1.0:x:3j] * [0, 2, 4]))(3.0)
    assert got == 5
    with pytest.raises(MissingRuleError, match="matrices"):
        fgrad.grad(lambda x: r_["r", x])(x)


def test_vectorize() -> None:
    x = _entries((2, 3))
    chosen = vectorize(lambda a, b: a * a * b if a > 0 else b)
    np.testing.assert_array_equal(chosen(x, 2.0), np.where(x > 0, x * x * 2, 2.0))
    check_grads(lambda x, b: chosen(x, b), (x, _entries((2, 1), 1)), rtol=1e-9)
    check_grads(lambda x: chosen(a=x, b=x[0]), (x,), rtol=1e-9)
    pair = vectorize(lambda u, v: (u * v, u @ v), signature="(n),(n)->(n),()")
    check_grads(lambda x: pair(x, x[0]), (x,), rtol=1e-9)
    polynomial = vectorize(lambda t, p: p[0] * t + p[1], excluded=["p"])
    check_grads(lambda x: polynomial(t=x, p=[x[0, 0], 1.0]), (x,), rtol=1e-9)
    single = vectorize(lambda t: t * t, otypes=[np.float32])
    assert fgrad.vjp(lambda x: single(x), x)[0].dtype == np.float32


def test_ndenumerate() -> None:
    x = _entries((2, 2))
    pairs = [(index, float(value)) for index, value in np.ndenumerate(x)]
    assert list(ndenumerate(x)) == pairs
    got = fgrad.grad(lambda x: sum((i + 2 * j) * v for (i, j), v in ndenumerate(x)))(x)
    np.testing.assert_array_equal(got, [[0, 2], [1, 3]])


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.rollaxis(x, 3),
        lambda x: np.rollaxis(x, 0, 4),
        lambda x: np.take_along_axis(x, np.zeros((1, 1), int), 2),
        lambda x: np.take_along_axis(x, np.zeros(1, int), 0),
        lambda x: np.insert(x, 0, 1.0, axis=2),
        lambda x: np.delete(x, 0, axis=-3),
        lambda x: np.delete(x, 5, axis=0),
        lambda x: np.split(x, 2, axis=1),
        lambda x: np.split(x, 3, axis=2),
        lambda x: np.array_split(x, 0),
        lambda x: np.dsplit(x, 1),
        lambda x: np.apply_along_axis(np.sum, 2, x),
        lambda x: np.meshgrid(x, indexing="yx"),
        lambda x: np.ix_(x),
        lambda x: np.block([[x], x]),
        lambda x: np.block((x, x)),
        lambda x: np.hstack([x, x[0]]),
        lambda x: np.select([x > 0], [x, x]),
        lambda x: np.select([[1, 0, 1]], [x]),
        lambda x: np.piecewise(x, [x > 0], [1.0, 2.0, 3.0]),
        lambda x: np.choose([0, 1, 2], [x, x]),
        lambda x: np.take(x, [6]),
        lambda x: np.pad(x, ((0, -1), (0, 0)), "edge"),
        lambda x: np.pad(x, 1.0, "edge"),
        lambda x: np.pad(x, ((1, 1),) * 3, "wrap"),
        lambda x: np.pad(x[:, :0], 1, "reflect"),
        lambda x: np.broadcast_arrays(x, np.ones(2)),
        lambda x: np.resize(x, (-1,)),
        lambda x: np.tile(x, -1),
        lambda x: np.geomspace(0.0 * x, x),
    ],
)
def test_what_numpy_refuses_is_refused(call: Any) -> None:
    x = _entries((2, 3))
    with pytest.raises((ValueError, IndexError, TypeError)) as plain:
        call(x)
    with pytest.raises((ValueError, IndexError, TypeError)) as traced:
        fgrad.vjp(call, x)
    assert issubclass(traced.type, plain.type) or issubclass(plain.type, traced.type)


def changed(array: Any, value: Any) -> None:
    array[...] = value


@pytest.mark.parametrize(
    "use",
    [
        lambda w, i: w[i],
        lambda w, i: w[i,],
        lambda w, i: w.take(i),
        lambda w, i: np.take_along_axis(w, i, 0),
        lambda w, i: np.repeat(w[:2], i + 1),
        lambda w, i: fgrad.index_update(w, i, 0.0),
        lambda w, i: fgrad.index_add(w, i, w[:2] * 2),
        lambda w, i: w[:2][i != 0],
        lambda w, i: np.where(i == 0, w[:2], 0.0),
        lambda w, i: np.compress(i == 0, w[:2]),
    ],
)
def test_an_index_that_is_changed_afterwards(use: Any) -> None:
    """Rules keep indices and masks as they were at the call."""
    w = np.array([1.0, 2.0, 3.0])

    def kept(w: Any) -> Any:
        return np.sum(use(w, np.array([0, 1])) * 1.5)

    def reused(w: Any) -> Any:
        i = np.array([0, 1])
        y = use(w, i)
        changed(i, 1)
        return np.sum(y * 1.5)

    np.testing.assert_array_equal(fgrad.grad(reused)(w), fgrad.grad(kept)(w))


def test_a_mask_that_is_changed_afterwards() -> None:
    def f(w: Any) -> Any:
        mask = np.array([True, False, True])
        y = np.sum(w[mask]) + np.sum(np.where(mask, 0.0, 2 * w))
        changed(mask, True)
        return y

    np.testing.assert_array_equal(fgrad.grad(f)(np.ones(3)), [1, 2, 1])
