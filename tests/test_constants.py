"""Functions that are constant almost everywhere see, and return, plain values."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fgrad
from fgrad._engine.box import Box
from fgrad._engine.dispatch import LIKE, lift
from fgrad._engine.rules import CONSTANTS
from fgrad._engine.signatures import function_name, of_array_package
from fgrad._tree import flatten
from fgrad.errors import ConversionError

X = np.array([1.25, -0.5, 3.0, -0.5])
M = np.array([[2.0, 1.0], [4.0, 2.0]])
Z = np.array([1.0 + 2.0j, -3.0 + 0.0j])

CALLS: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []


def call(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    CALLS.append((fun, args, kwargs))


for fun in (np.ceil, np.fix, np.floor, np.rint, np.trunc, np.signbit, np.spacing):
    call(fun, X)
    call(fun, X[0])
for fun in (np.around, np.round):
    call(fun, X, decimals=1)
for fun in (np.argmax, np.argmin, np.nanargmax, np.nanargmin):
    call(fun, M, axis=1, keepdims=True)
    call(fun, M)
for fun in (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.isclose):
    call(fun, X, X[::-1])
    call(fun, M, 2.0)
for fun in (np.greater_equal, np.logical_and, np.logical_or, np.logical_xor):
    call(fun, X, X[::-1])
for fun in (np.allclose, np.array_equal, np.array_equiv, np.isin):
    call(fun, X, X[::-1])
for fun in (np.floor_divide, np.nextafter, np.shares_memory, np.may_share_memory):
    call(fun, X, X[::-1])
for fun in (np.all, np.any, np.count_nonzero):
    call(fun, M - 1, axis=0, keepdims=True)
for fun in (np.argwhere, np.flatnonzero, np.nonzero, np.logical_not):
    call(fun, M - 1)
for fun in (np.isfinite, np.isinf, np.isnan, np.isneginf, np.isposinf):
    call(fun, np.array([1.0, np.nan, np.inf, -np.inf]))
for fun in (np.iscomplex, np.isreal, np.iscomplexobj, np.isrealobj):
    call(fun, Z)
    call(fun, X)
for fun in (np.ndim, np.shape, np.size, np.ones_like, np.zeros_like):
    call(fun, M)
for fun in (np.diag_indices_from, np.tril_indices_from, np.triu_indices_from):
    call(fun, M)
for fun in (np.array2string, np.array_repr, np.array_str):
    call(fun, M, precision=3)
for fun in (np.equal, np.not_equal, np.less, np.less_equal, np.greater):
    call(fun.outer, X, X[::-1])
for fun in (np.greater_equal, np.floor_divide):
    call(fun.outer, X, X[::-1])
for fun in (np.logical_and, np.logical_or, np.logical_xor):
    call(fun.outer, M, X)
    call(fun.reduce, M - 1, axis=1)
    call(fun.accumulate, M - 1)
    call(fun.reduceat, X, [0, 2])
call(np.argpartition, X, 2)
call(np.argsort, X, kind="stable")
call(np.lexsort, [X, X[::-1]])
call(np.digitize, X, np.array([0.0, 2.0]))
call(np.searchsorted, np.sort(X), X, side="right")
call(np.ones_like, M, shape=(3,))
call(np.can_cast, np.float32, np.float64)
call(np.common_type, X, Z)
call(np.min_scalar_type, X)
call(np.result_type, X, np.float32)
call(np.linalg.matrix_rank, M)
call(np.einsum_path, "ij,jk->ik", M, M)

NO_RESULT = {
    np.empty_like: "its values are arbitrary",
    np.isscalar: "a traced value is no scalar of NumPy",
    np.isnat: "for dates",
    np.save: "writes a file",
    np.savetxt: "writes a file",
    np.savez: "writes a file",
    np.savez_compressed: "writes a file",
}
OF_INTEGERS = {
    np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.bitwise_count,
    np.left_shift, np.right_shift, np.gcd, np.lcm, np.packbits, np.unpackbits,
    np.ravel_multi_index, np.unravel_index,
}  # fmt: skip


def test_all_constants_are_tested() -> None:
    tested = {fun for fun, _, _ in CALLS} | set(NO_RESULT) | OF_INTEGERS
    old = {fun for fun in CONSTANTS if fun.__name__ == "in1d"}
    numpys = {fun for fun in CONSTANTS if of_array_package(fun)}  # not the rules' own
    numpys = {fun for fun in numpys if not function_name(fun).startswith("scipy.")}
    missing = [function_name(fun) for fun in numpys - tested - old]
    assert not missing, f"constants without a test: {sorted(missing)}"


@pytest.mark.parametrize("traced", ["first", "all"])
@pytest.mark.parametrize("lifted", [False, True])
@pytest.mark.parametrize(
    ("fun", "args", "kwargs"),
    [pytest.param(*c, id=f"{function_name(c[0])}-{i}") for i, c in enumerate(CALLS)],
)
def test_constant(
    fun: Callable[..., Any], args: Any, kwargs: Any, traced: str, lifted: bool
) -> None:
    """On a traced array just what it is on a plain one."""
    leaves, _ = flatten(args)
    if not isinstance(leaves[0], np.ndarray | np.float64):
        return
    expected = flatten(fun(*args, **kwargs))[0]

    def loss(x: Any) -> Any:
        def trace(value: Any) -> Any:
            floats = isinstance(value, np.ndarray | np.floating)
            if isinstance(value, list):
                return [trace(item) for item in value]
            return value + 0 * x if floats and np.size(value) else value

        boxes = [trace(a) for a in args] if traced == "all" else [trace(args[0])]
        if isinstance(args[0], list) and not lifted:
            return x  # plain NumPy does not look into lists
        result = (lift(fun) if lifted else fun)(*boxes, *args[len(boxes) :], **kwargs)
        found = flatten(result)[0]
        if fun not in LIKE:  # whose results can be written to
            assert not any(isinstance(part, Box) for part in found)
        if fun in (np.shares_memory, np.may_share_memory):
            return x
        assert len(found) == len(expected)
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)
            assert np.asarray(ours).dtype == np.asarray(theirs).dtype
        return x

    assert fgrad.grad(loss)(0.5) == 1


def test_written_files(tmp_path: Any) -> None:
    def loss(x: Any) -> Any:
        np.save(tmp_path / "x.npy", x)
        np.savez(tmp_path / "x.npz", x=x)
        np.savetxt(tmp_path / "x.txt", x)
        return np.sum(x)

    np.testing.assert_array_equal(fgrad.grad(loss)(X), np.ones(4))
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), X)
    np.testing.assert_array_equal(np.load(tmp_path / "x.npz")["x"], X)
    np.testing.assert_array_equal(np.loadtxt(tmp_path / "x.txt"), X)


def test_empty_like() -> None:
    def loss(x: Any) -> Any:
        assert not fgrad.is_traced(np.empty_like(x))
        return np.sum(x)

    fgrad.grad(loss)(X)


@pytest.mark.parametrize("fun", sorted(OF_INTEGERS, key=function_name))
def test_of_integers(fun: Callable[..., Any]) -> None:
    """NumPy's own error."""
    count = 1 if fun in (np.invert, np.bitwise_count) else 2
    count = 1 if fun in (np.packbits, np.unpackbits) else count
    with pytest.raises(TypeError):
        fgrad.grad(lambda x: fun(*[x] * count))(X)


@pytest.mark.parametrize(
    ("fun", "args"),
    [
        (np.copyto, ()),
        (np.fill_diagonal, ()),
        (np.place, (np.ones((2, 2), bool),)),
        (np.put, ([0],)),
        (np.put_along_axis, (np.zeros((2, 1), int),)),
        (np.putmask, (np.ones((2, 2), bool),)),
        (np.add.at, ((0, 0),)),
        (np.maximum.at, ((0, 0),)),
    ],
)
def test_writing(fun: Callable[..., Any], args: Any) -> None:
    """A traced value cannot be written into a plain array."""
    options = {"axis": 1} if fun is np.put_along_axis else {}
    # NumPy asks nobody about the values that fill a diagonal, and converts them.
    words = "would drop" if fun is np.fill_diagonal else "cannot store a traced value"
    with pytest.raises(ConversionError, match=words):
        fgrad.grad(lambda x: fun(np.zeros((2, 2)), *args, x, **options))(1.5)
