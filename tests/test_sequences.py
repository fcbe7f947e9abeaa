"""Sequences that are neither lists nor tuples, with traced values in them."""

from collections import UserList, deque, namedtuple
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import fgrad.numpy
from fgrad import defvjp, grad, hessian, jacobian, jvp, primitive, vmap
from fgrad.errors import ConversionError, MissingRuleError

Pair = namedtuple("Pair", "a b")


class Listed(list):
    """A list of a user's."""


class Tupled(tuple):
    """A tuple of a user's."""


class Own(Sequence):
    """A sequence by name alone, whose constructor is its own."""

    def __init__(self, first: Any, second: Any) -> None:
        self.parts = [first, second]

    def __getitem__(self, index: Any) -> Any:
        return self.parts[index]

    def __len__(self) -> int:
        return 2


KINDS: dict[str, Any] = {
    "named tuple": Pair,
    "deque": lambda a, b: deque([a, b]),
    "list subclass": lambda a, b: Listed([a, b]),
    "tuple subclass": lambda a, b: Tupled((a, b)),
    "UserList": lambda a, b: UserList([a, b]),
    "Sequence": Own,
}
X = np.array([1.0, 2.0])

DISPATCHED: dict[str, Any] = {
    "stack": lambda m, s: m.stack(s),
    "stack along 1": lambda m, s: m.stack(s, axis=1),
    "concatenate": lambda m, s: m.concatenate(s),
    "vstack": lambda m, s: m.vstack(s),
    "hstack": lambda m, s: m.hstack(s),
    "dstack": lambda m, s: m.dstack(s),
    "column_stack": lambda m, s: m.column_stack(s),
    "select": lambda m, s: m.select([s[0] > 1.5, s[1] > 0], s),
    "x + s": lambda m, s: s[0] + s,
    "x * s": lambda m, s: s[0] * s,
}
"""Calls that NumPy lets the traced values see, also without `fgrad.numpy`."""

LIFTED: dict[str, Any] = DISPATCHED | {
    "array": lambda m, s: m.array(s),
    "asarray": lambda m, s: m.asarray(s),
    "sum": lambda m, s: m.sum(s, axis=0),
    "mean": lambda m, s: m.mean(s),
    "sort": lambda m, s: m.sort(s, axis=0),
    "add": lambda m, s: m.add(s, [1.0, 2.0]),
    "add to": lambda m, s: m.add(1.0, s),
    "where": lambda m, s: m.where([[True, False]] * 2, s, 0.0),
    "clip": lambda m, s: m.clip(s, 0.0, 3.0),
    "dot": lambda m, s: m.dot(s, X),
    "einsum": lambda m, s: m.einsum("ij,j->i", s, X),
    "norm": lambda m, s: m.linalg.norm(s),
    "nested": lambda m, s: m.array([s, s[::-1] if type(s) is list else [*s][::-1]]),
    "interp": lambda m, s: m.interp(s, [0.0, 10.0], [0.0, 5.0]),
    "logaddexp.reduce": lambda m, s: m.logaddexp.reduce(s),
    "r_": lambda m, s: m.r_[s, s],
    "full": lambda m, s: m.full((2, 2), s),
    "argmax": lambda m, s: m.argmax(s) * s[0],
    "shape": lambda m, s: m.shape(s)[0] * s[0],
    "block": lambda m, s: m.block([[*s]]),
    "fromiter": lambda m, s: m.fromiter([s[0][0], s[1][1]], float),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("call", "through"),
    [
        *((name, np) for name in DISPATCHED),
        *((name, fgrad.numpy) for name in LIFTED),
    ],
)
def test_as_a_list(kind: str, call: str, through: Any) -> None:
    fun, make = LIFTED[call], KINDS[kind]

    def of_list(x: Any) -> Any:
        return fun(through, [x, x * x])

    def of_kind(x: Any) -> Any:
        return fun(through, make(x, x * x))

    plain = fun(np, make(X, X * X))
    np.testing.assert_array_equal(plain, fun(through, make(X, X * X)))
    value, push = jvp(of_kind, (X,), (X,))
    np.testing.assert_array_equal(value, plain)
    np.testing.assert_array_equal(push, jvp(of_list, (X,), (X,))[1])
    np.testing.assert_array_equal(jacobian(of_kind)(X), jacobian(of_list)(X))
    np.testing.assert_array_equal(
        hessian(lambda x: np.sum(of_kind(x) ** 2))(X),
        hessian(lambda x: np.sum(of_list(x) ** 2))(X),
    )
    examples = np.stack([X, 2 * X])
    np.testing.assert_array_equal(vmap(of_kind)(examples), vmap(of_list)(examples))


def test_results_that_are_named_tuples() -> None:
    matrix = np.array([[2.0, 0.5], [0.5, 1.0]])
    of_slogdet = jacobian(lambda a: np.stack(np.linalg.slogdet(a)))(matrix)
    np.testing.assert_allclose(of_slogdet[0], 0)
    np.testing.assert_allclose(of_slogdet[1], np.linalg.inv(matrix).T)
    together = jacobian(lambda a: np.concatenate(np.linalg.eigh(a), axis=None))(matrix)
    assert together.shape == (6, 2, 2)


class Iterated:
    """Nothing but iterable."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __iter__(self) -> Any:
        return iter(self.parts)


ITERABLES: dict[str, Any] = {
    "values": lambda a, b: {"a": a, "b": b}.values(),
    "generator": lambda a, b: (part for part in (a, b)),
    "map": lambda a, b: map(np.positive, (a, b)),
    "zip": lambda a, b: zip(a, b, strict=True),
    "object": Iterated,
}


@pytest.mark.parametrize("kind", ITERABLES)
@pytest.mark.parametrize(
    "name", ["stack", "concatenate", "hstack", "vstack", "dstack", "column_stack"]
)
def test_joining_any_iterable(name: str, kind: str) -> None:
    """In `fgrad.numpy`, also without traced values; NumPy refuses it in words."""
    make, listed = ITERABLES[kind], [X, X * X]
    if kind == "zip":
        listed = [*zip(*listed, strict=True)]
    join = getattr(fgrad.numpy, name)
    want = getattr(np, name)(listed)
    np.testing.assert_array_equal(join(make(X, X * X)), want)
    if name != "concatenate":  # which NumPy takes by position only
        parameter = "arrays" if name == "stack" else "tup"
        np.testing.assert_array_equal(join(**{parameter: make(X, X * X)}), want)
    of_kind = lambda x: np.sum(join(make(x, x * x)))  # noqa: E731
    np.testing.assert_array_equal(grad(of_kind)(X), 1 + 2 * X)
    examples = np.stack([X, 2 * X])
    np.testing.assert_array_equal(vmap(grad(of_kind))(examples), 1 + 2 * examples)
    with pytest.raises((TypeError, MissingRuleError), match=r"sequence|zero-dim|list"):
        grad(lambda x: np.sum(getattr(np, name)(make(x, x * x))))(X)


def test_what_is_no_iterable_of_arrays() -> None:
    """Sets have no order, and an array of a view would hold one object."""
    for odd in ({1.0}, 3.0, None):
        with pytest.raises(TypeError):
            fgrad.numpy.stack(odd)
    for collection in ({"a": X}.values(), {"a": X}):
        assert fgrad.numpy.array(collection).dtype == object
    for name in ("array", "asarray"):
        call = getattr(fgrad.numpy, name)
        with pytest.raises(MissingRuleError, match="in a dict_values; make a list of"):
            grad(lambda x, call=call: np.sum(call({"a": x}.values())))(X)
    with pytest.raises(MissingRuleError, match="a traced value in a dict; make a list"):
        grad(lambda x: np.sum(fgrad.numpy.array({"a": x})))(X)


def test_plain_numpy_says_what_to_write() -> None:
    def loss(x: Any) -> Any:
        pair = Pair(x, 2 * x)
        return np.sum(np.array(pair))

    with pytest.raises(ConversionError, match=r"a traced value in pair.*numpy\.array"):
        grad(loss)(1.5)


def test_a_primitive_gets_what_the_user_passes() -> None:
    """Never a list in place of a named tuple: that it is not read is said."""
    area = primitive(lambda pair: pair.a * pair.b)
    defvjp(area, pair=lambda g: g)
    assert area(Pair(2.0, 3.0)) == 6.0
    with pytest.raises(MissingRuleError, match="in a Pair; pass it as an argument of"):
        grad(lambda x: area(Pair(x, x)))(1.5)


def test_text_and_numbers_are_not_looked_into() -> None:
    numbers = fgrad.numpy.array(range(10**7))
    assert numbers.size == 10**7
    assert str(fgrad.numpy.array(b"abc").dtype) == "|S3"
    assert grad(lambda x: fgrad.numpy.sum(x * np.array(range(3))))(1.5) == 3.0


def test_indices() -> None:
    table = np.arange(6.0).reshape(2, 3)
    assert grad(lambda t: t[Pair(0, 1)] ** 2)(table)[0, 1] == 2.0
    np.testing.assert_array_equal(grad(lambda t: np.sum(t[deque([0])]))(table)[1], 0)
