"""A write to an array shows in its views, and nowhere else, as in NumPy.

Programs make an array, take something from it, and change one of the two. Each must
give what plain NumPy gives, or be refused in words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad import grad, vmap
from fgrad.errors import ConversionError, FgradError

X = np.linspace(0.3, 2.0, 12)

MADE: list[Callable[[Any, Any], Any]] = [
    lambda np, x: np.reshape(x * 2, (3, 4)),
    lambda np, x: np.reshape(x * 2, (4, 3)).T,
    lambda np, x: np.reshape(x * 2, (4, 3)).T * 1.0,
    lambda np, x: np.asfortranarray(np.reshape(x * 2, (3, 4))),
    lambda np, x: np.reshape(x * (1 + 1j), (3, 4)).real,
    lambda np, x: np.ones((3, 4)),
]
"""A matrix, in different layouts."""

TAKEN: list[Callable[[Any, Any], Any]] = [
    lambda np, y: np.reshape(y, -1),
    lambda np, y: np.reshape(y, -1, order="F"),
    lambda np, y: np.reshape(y[:0], (0, 2)),
    lambda np, y: np.reshape(y[1:2, 1:2], ()),
    lambda np, y: y.ravel("K"),
    lambda np, y: y.ravel("A"),
    lambda np, y: np.ravel(y.T),
    lambda np, y: y.flatten(),
    lambda np, y: y[np.array(0)],
    lambda np, y: y[True],
    lambda np, y: y[np.True_, 0],
    lambda np, y: y[..., 0],
    lambda np, y: y.T[::-1],
    lambda np, y: np.squeeze(y),
    lambda np, y: np.squeeze(y[None]),
    lambda np, y: np.squeeze(y[None])[0],
    lambda np, y: np.asfortranarray(y),
    lambda np, y: np.ascontiguousarray(y),
    lambda np, y: np.require(y, requirements="C"),
    lambda np, y: np.require(y, requirements=["F", "W"]),
    lambda np, y: np.moveaxis(y, 0, -1).reshape(-1),
    lambda np, y: np.trim_zeros(y),
    lambda np, y: np.trim_zeros(y)[0],
    lambda np, y: np.lib.stride_tricks.as_strided(y),
    lambda np, y: np.lib.stride_tricks.as_strided(y)[0],
    lambda np, y: np.lib.stride_tricks.sliding_window_view(y[0], 2),
    lambda np, y: np.einsum("ij->ji", y),
    lambda np, y: np.real(y),
    lambda np, y: y.astype(float, copy=False),
]
"""What shares the memory of the matrix, or does not, or maybe."""


def changed(np: Any, y: Any, v: Any, x: Any) -> Any:
    y *= 1.5
    return v


def view_changed(np: Any, y: Any, v: Any, x: Any) -> Any:
    v[...] = v * 1.5 + x[0]
    return v


def both_changed(np: Any, y: Any, v: Any, x: Any) -> Any:
    """The second write goes into memory that was marked by the first."""
    whole = y[...]
    y[0] *= x[1]
    v += x[2]
    whole *= 3
    return v


WRITES = [changed, view_changed, both_changed]

MODES: list[Callable[[Any], Callable[[Any], Any]]] = [
    lambda f: lambda x: fgrad.value_and_grad(f)(x)[0],
    lambda f: lambda x: vmap(f)(np.stack([2 * x, x]))[1],
    lambda f: lambda x: vmap(fgrad.value_and_grad(f))(np.stack([2 * x, x]))[0][1],
    lambda f: lambda x: fgrad.value_and_grad(lambda z: vmap(f)(z)[0])(x[None])[0],
    lambda f: lambda x: fgrad.jvp(f, (x,), (x,))[0],
]


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("made", MADE)
def test_who_sees_a_write(
    made: Callable[[Any, Any], Any], write: Callable[..., Any]
) -> None:
    def program(np: Any, x: Any, taken: Callable[[Any, Any], Any]) -> Any:
        y = made(np, x)
        v = write(np, y, taken(np, y), x)
        weights = np.arange(1.0, 1 + np.size(v)).reshape(np.shape(v))
        return np.sum(np.sin(v) * weights) + np.sum(y * np.arange(12.0).reshape(3, 4))

    right = 0
    for k, taken in enumerate(TAKEN):
        try:
            want = program(np, X, taken)
        except ValueError:
            continue  # a read-only view
        for i, mode in enumerate(MODES):
            try:
                got = mode(lambda x, taken=taken: program(fnp, x, taken))(X)
            except FgradError:
                continue
            np.testing.assert_allclose(got, want, rtol=1e-12, err_msg=f"{k}, mode {i}")
            right += 1
    assert right > len(TAKEN) * len(MODES) / 3


def test_views_that_are_known_to_be_views_are_not_refused() -> None:
    def f(x: Any) -> Any:
        row = np.squeeze(x[None] * 1.0)
        part = np.real(row)
        part[0] = 7.0
        row[1] *= 2
        return np.sum(part) + np.sum(row)

    x = np.array([1.0, 2.0, 3.0])
    assert grad(f)(x).tolist() == [0.0, 4.0, 2.0]
    assert vmap(f)(np.stack([x, x])).tolist() == [28.0, 28.0]


def test_printing_shows_what_a_view_holds_now() -> None:
    seen: list[str] = []

    def f(x: Any) -> Any:
        for y in (x * 2, fnp.zeros(2)):
            view, number = y[:1], fnp.reshape(y[:1], ())
            y[0] = 5.0
            seen.extend([f"{view}", str(view), f"{number:.1f}", repr(view)[:8]])
        return fnp.sum(x)

    grad(f)(np.ones(2))
    assert seen == 2 * ["[5.]", "[5.]", "5.0", "Box([5.]"]


def test_an_argument_that_is_a_view_of_an_array_of_its_shape() -> None:
    """What lies under the argument has its shape and dtype, in another order."""

    def f(x: Any) -> Any:
        part = x[1:3]
        part[0] = 7.0 * x[0]
        return fnp.sum(x * np.arange(4.0))

    for x in (X[:4][::-1], X[:4].copy()[::-1], np.reshape(X[:9], (3, 3)).copy().T):
        with pytest.raises(ConversionError, match="may be a view of another array"):
            grad(f)(x)
    assert grad(f)(X[:4].copy()).tolist() == [7.0, 0.0, 2.0, 3.0]


def test_what_numpy_makes_read_only() -> None:
    given = np.arange(3.0)
    given.flags.writeable = False
    arrays: list[Callable[[], Any]] = [
        lambda: fnp.asarray(memoryview(given)),
        lambda: fnp.zeros(3).imag,
        lambda: fnp.broadcast_to(fnp.zeros(1), (3,)),
        lambda: fnp.diagonal(fnp.zeros((3, 3))),
    ]
    for array in arrays:
        for value in (lambda _: 1.0, lambda x: x[0]):

            def f(x: Any, array: Any = array, value: Any = value) -> Any:
                array()[1] = value(x)
                return x[0]

            with pytest.raises(ValueError, match="destination is read-only"):
                f(X)
            with pytest.raises(ValueError, match="destination is read-only"):
                grad(f)(X)


def test_the_matrix_of_a_vector_can_be_written_to() -> None:
    def f(x: Any) -> Any:
        y = x[:3] * 1.0
        matrix = fnp.diag(y)
        matrix[0, 1] = y[2]
        y[0] = 100.0
        return fnp.sum(matrix**2)

    want = np.array([2 * X[0], 2 * X[1], 4 * X[2], *np.zeros(9)])
    np.testing.assert_allclose(grad(f)(X), want)
    np.testing.assert_allclose(vmap(grad(f))(np.stack([X, X]))[1], want)


@pytest.mark.parametrize("constant", [False, True])
def test_what_is_written_lies_as_before(constant: bool) -> None:
    """The order of an array's entries in memory stays, whatever is written into it."""
    fortran = np.asfortranarray(np.arange(12.0).reshape(3, 4))

    def f(np: Any, x: Any) -> Any:
        y = np.copy(fortran) if constant else fortran * x[0]
        y += x[0] * np.arange(12.0).reshape(3, 4)
        view = y.ravel("K")
        view[1] = 7.0
        return np.sum(y) + np.sum(view * np.arange(12.0))

    x = np.array([1.5, 2.0])
    want = f(np, x.copy())
    for mode in MODES:
        np.testing.assert_allclose(mode(lambda x: f(fnp, x))(x), want)


def test_batched_layouts_that_are_not_known() -> None:
    fortran = np.asfortranarray(np.arange(12.0).reshape(3, 4))

    def f(x: Any) -> Any:
        y = fortran + x[0]
        view = y.ravel("A")
        view[1] = 7.0
        return fnp.sum(y)

    with pytest.raises(ConversionError) as error:
        vmap(f)(np.stack([X, X]))
    assert str(error.value).startswith(
        "an array was changed, and under vmap nobody knows whether reshaped made a "
        "view of it or a copy; call reshaped of a copy, at File"
    )


def test_an_index_that_differs_between_examples() -> None:
    def f(x: Any) -> Any:
        y = fnp.zeros(3)
        y[fnp.argmax(x)] = 1.0
        y[fnp.argmin(x)] = x[0]
        return fnp.sum(y * np.arange(3.0))

    batch = np.array([[1.0, 2.0, 3.0], [5.0, 4.0, 3.0]])
    np.testing.assert_allclose(vmap(f)(batch), [f(x) for x in batch])
    want = [[0.0, 0.0, 0.0], [2.0, 0.0, 0.0]]
    np.testing.assert_allclose(vmap(grad(f))(batch), want)


@pytest.mark.parametrize("changes", [1, 2])
def test_overlap_is_seen_after_writes_too(changes: int) -> None:
    def f(x: Any) -> Any:
        y = x * 1.0
        whole = y[...]
        for _ in range(changes):
            y[0] = 3.0
        y.flat[1:3] = whole[:2]
        return fnp.sum(y)

    with pytest.raises(ConversionError, match="cannot write a view of an array into"):
        grad(f)(X)


# Arguments and results of inner transforms --------------------------------------------


def test_results_of_inner_transforms_are_arrays_of_their_own() -> None:
    def f(x: Any) -> Any:
        y = fnp.reshape(x * 1.0, (4, 3))
        outs = [
            vmap(lambda row: row)(y),
            fgrad.vjp(lambda z: z, y)[0],
            fgrad.jvp(lambda z: z, (y,), (y,))[0],
            vmap(lambda row: row[::-1])(y),
            fgrad.vjp(lambda z: z.T, y)[0],
            fgrad.jvp(lambda z: np.reshape(z, -1), (y,), (y,))[0],
        ]
        y[0] = 100.0
        return sum(fnp.sum(out**2) for out in outs)

    np.testing.assert_allclose(grad(f)(X), 12 * X)
    np.testing.assert_allclose(vmap(grad(f))(X[None])[0], 12 * X)


@pytest.mark.parametrize("given", [lambda x: fnp.ones(2), lambda x: x[:2] * 1.0])
def test_a_checkpoint_begins_again_with_what_it_was_given(given: Any) -> None:
    @fgrad.checkpoint
    def change(c: Any, x: Any) -> Any:
        c[0] = c[0] * x[0] + x[1]
        c[1] *= c[0]
        return fnp.sum(c * x[:2])

    def f(x: Any) -> Any:
        c = given(x)
        first = change(c, x)
        return first * change(c, x) + fnp.sum(c)

    def plain(x: Any) -> Any:
        c = given(x)

        def once() -> Any:
            c[0] = c[0] * x[0] + x[1]
            c[1] *= c[0]
            return fnp.sum(c * x[:2])

        first = once()
        return first * once() + fnp.sum(c)

    np.testing.assert_allclose(grad(f)(X), grad(plain)(X))


# In place -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shape", "words"),
    [
        (np.ones((1, 3)), (3,), "(1, 3)"),
        (np.ones((2, 3)), (3,), "(2, 3)"),
        (np.ones(3), (1,), "(3,)"),
        (np.ones((4, 0, 3)), (0, 3), "(4, 0, 3)"),
    ],
)
def test_in_place_in_another_shape(value: Any, shape: Any, words: str) -> None:
    """An assignment takes leading axes of length 1; NumPy's operators do not."""

    def f(x: Any) -> Any:
        y = fnp.zeros(shape) + fnp.sum(x)
        y += value
        return fnp.sum(y)

    with pytest.raises(ValueError, match="non-broadcastable output") as error:
        grad(f)(X)
    assert str(error.value).endswith(
        f"with shape {shape} doesn't match the broadcast shape {words}"
    )


def test_a_product_in_place_that_is_a_number() -> None:
    def f(x: Any) -> Any:
        x @= np.ones(12)
        return fnp.sum(x)

    with pytest.raises(ValueError, match="non-broadcastable output"):
        grad(f)(X)


@pytest.mark.parametrize(
    ("kind", "value"), [(int, 0.5), (bool, 1), (np.uint8, np.ones(3, int)), (int, 1j)]
)
def test_in_place_in_another_dtype(kind: Any, value: Any) -> None:
    """What NumPy refuses for plain integers is refused for batched ones."""

    def f(x: Any) -> Any:
        n = x.astype(kind)
        n += value
        return fnp.sum(n)

    x = np.array([1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match="Cannot cast"):
        f(x)
    given = np.result_type(x.astype(kind), value)
    with pytest.raises(ConversionError, match=f"cannot write a value of dtype {given}"):
        vmap(f)(np.stack([x, x]))


def test_in_place_keeps_the_dtype() -> None:
    def f(x: Any) -> Any:
        y, n = x.astype(np.float32), (x > 1).astype(np.int8)
        y *= x
        n += np.ones(3, int).astype(np.int8)
        n += True
        assert (y.dtype, n.dtype) == (np.float32, np.int8)
        return fnp.sum(y * n)

    x = np.array([1.0, 2.0, 3.0])
    assert vmap(f)(np.stack([x, x])).tolist() == [f(x), f(x)] == [41.0, 41.0]
    np.testing.assert_allclose(grad(f)(x), [4.0, 12.0, 18.0])


def test_a_primitive_that_returns_a_part_of_an_array_of_its_own():
    """Somebody else holds that array, so nobody knows who would see the write."""
    own = np.zeros(4)

    @fgrad.primitive
    def part(x):
        own[:] = x
        return own[1:3]

    fgrad.defvjp(part, x=lambda g: np.pad(g, 1))

    def fun(x):
        y = part(x)
        y[0] = 7 * x[0]
        return np.sum(y)

    with pytest.raises(fgrad.errors.ConversionError, match="may be a view of another"):
        fgrad.grad(fun)(np.ones(4))
