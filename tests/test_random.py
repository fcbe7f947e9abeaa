"""Random draws: NumPy's numbers, differentiable in the parameters."""

import copy
import pickle
from functools import partial

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad._engine.rules import DERIVED, REFUSED
from fgrad.errors import ConversionError, MissingRuleError
from fgrad.testing import check_grads

A = np.array([0.3, -1.2, 0.7])
B = np.array([[0.6], [1.7]])

COLUMN = np.array([[1.0], [1.5]])

CALLS = {
    "normal": [(0.3, 1.5), (A, B)],
    "uniform": [(-0.3, 1.5), (A, B + 1.0)],
    "exponential": [(1.5,), (B,)],
    "laplace": [(0.3, 1.5), (A, B)],
    "logistic": [(0.3, 1.5), (A, B)],
    "gumbel": [(0.3, 1.5), (A, B)],
    "rayleigh": [(1.5,), (B,)],
    "lognormal": [(0.3, 0.5), (A, B)],
    "weibull": [(1.5,), (B + 0.5,)],
    "pareto": [(2.5,), (B + 2.0,)],
    "power": [(1.5,), (B,)],
    "triangular": [(-1.0, 0.2, 1.5), (A - 2.0, A, A + COLUMN)],
}
"""All parameters of these may be traced, one by one or together."""

MAKERS = {
    "Generator": (fnp.random.default_rng, np.random.default_rng),
    "RandomState": (fnp.random.RandomState, np.random.RandomState),
}
CASES = [
    pytest.param(maker, name, args, id=f"{maker}-{name}-{i}")
    for maker in MAKERS
    for name, calls in CALLS.items()
    for i, args in enumerate(calls)
]


def check_draw(maker, name, args, **options):
    """Numbers as NumPy's, also where traced; derivatives as the stencil's."""
    ours, theirs = MAKERS[maker]
    expected = getattr(theirs(3), name)(*args, **options)
    np.testing.assert_array_equal(getattr(ours(3), name)(*args, **options), expected)

    def drawn(*args):
        return getattr(ours(3), name)(*args, **options)

    value, _ = fgrad.vjp(drawn, *args)
    assert np.shape(value) == np.shape(expected)
    assert np.asarray(value).dtype == np.float64
    np.testing.assert_allclose(value, expected, rtol=1e-13, atol=1e-15)
    check_grads(drawn, args, rtol=1e-9)


@pytest.mark.parametrize(("maker", "name", "args"), CASES)
def test_parameters(maker, name, args):
    check_draw(maker, name, args)


@pytest.mark.parametrize(("maker", "name", "args"), CASES)
@pytest.mark.parametrize("size", [(2, 3), (4, 2, 3)])
def test_size(maker, name, args, size):
    check_draw(maker, name, args, size=size)


@pytest.mark.parametrize("size", [None, 3, (), (1,), (0,), np.int64(2), [2, 1]])
def test_sizes_of_scalars(size):
    check_draw("Generator", "normal", (0.3, 1.5), size=size)


@pytest.mark.parametrize("name", CALLS)
def test_one_parameter_at_a_time(name):
    args = CALLS[name][0]
    for i in range(len(args)):

        def drawn(x, i=i):
            rng = fnp.random.default_rng(3)
            return getattr(rng, name)(*args[:i], x, *args[i + 1 :], size=4)

        check_grads(drawn, (args[i],), rtol=1e-9)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize(
    ("name", "shape", "scale"), [("gamma", 2.5, 1.5), ("vonmises", 2.5, 1.1)]
)
def test_shape_parameters_are_plain(maker, name, shape, scale):
    ours, theirs = MAKERS[maker]
    order = slice(None, None, -1 if name == "vonmises" else 1)

    def drawn(scale, shape=shape):
        return getattr(ours(3), name)(*(shape, scale)[order], size=5)

    expected = getattr(theirs(3), name)(*(shape, scale)[order], size=5)
    np.testing.assert_array_equal(drawn(scale), expected)
    np.testing.assert_allclose(fgrad.vjp(drawn, scale)[0], expected, rtol=1e-13)
    check_grads(drawn, (scale,), rtol=1e-9)
    with pytest.raises(MissingRuleError, match=f"{name} with respect to"):
        fgrad.vjp(lambda shape: drawn(scale, shape), shape)


@pytest.mark.parametrize(
    ("maker", "method"),
    [
        ("Generator", "svd"),
        ("Generator", "eigh"),
        ("Generator", "cholesky"),
        ("RandomState", "svd"),
    ],
)
@pytest.mark.parametrize("size", [None, 2, (2, 2)])
def test_multivariate_normal(maker, method, size):
    options = {"size": size} | ({"method": method} if maker == "Generator" else {})
    half = np.array([[1.2, 0.0, 0.0], [0.4, 0.7, 0.0], [-0.3, 0.5, 1.6]])
    ours, theirs = MAKERS[maker]

    def drawn(mean, half):
        return ours(3).multivariate_normal(mean, half @ half.T, **options)

    expected = theirs(3).multivariate_normal(A, half @ half.T, **options)
    np.testing.assert_array_equal(drawn(A, half), expected)
    value, _ = fgrad.vjp(drawn, A, half)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    check_grads(drawn, (A, half), rtol=1e-9)


X = np.arange(6.0).reshape(3, 2) ** 1.5
GATHERS = {
    "permutation": [(X,)],
    "choice": [(X[:, 0],), (X[:, 0], (2, 2)), (X[:, 0], 2, False)],
}


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("name", GATHERS)
def test_gathers(maker, name):
    ours, theirs = MAKERS[maker]
    for x, *options in GATHERS[name]:

        def drawn(x, options=tuple(options)):
            return getattr(ours(3), name)(x, *options)

        np.testing.assert_array_equal(drawn(x), getattr(theirs(3), name)(x, *options))
        np.testing.assert_array_equal(fgrad.vjp(drawn, x)[0], drawn(x))
        check_grads(drawn, (x,), rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("permutation", {"axis": 1}),
        ("permutation", {"axis": -1}),
        ("permuted", {}),
        ("permuted", {"axis": 0}),
        ("permuted", {"axis": -1}),
        ("choice", {"axis": 1, "size": 3}),
        ("choice", {"p": [0.2, 0.3, 0.5], "size": (2, 2)}),
        ("choice", {"size": 2, "replace": False, "shuffle": False}),
    ],
)
def test_gathers_of_generators(name, options):
    def drawn(x):
        return getattr(fnp.random.default_rng(3), name)(x, **options)

    expected = getattr(np.random.default_rng(3), name)(X, **options)
    np.testing.assert_array_equal(drawn(X), expected)
    np.testing.assert_array_equal(fgrad.vjp(drawn, X)[0], expected)
    check_grads(drawn, (X,), rtol=1e-9)


@pytest.mark.parametrize("shape", [(7,), (4, 3), (0,), (1, 2)])
@pytest.mark.parametrize("axis", [0, -1])
def test_shuffling_in_place(shape, axis):
    def shuffled(x, rng):
        whole = 2.0 * x
        part = whole[..., :]  # it changes, too
        rng.shuffle(whole, axis=axis)
        return part

    x = np.arange(float(np.prod(shape))).reshape(shape)
    expected = shuffled(x, np.random.default_rng(3))
    drawn = partial(shuffled, rng=fnp.random.default_rng(3))
    np.testing.assert_array_equal(fgrad.vjp(drawn, x)[0], expected)
    check_grads(lambda x: shuffled(x, fnp.random.default_rng(3)), (x,), rtol=1e-9)


def test_shuffling_in_place_elsewhere():
    def shuffled(x, rng):
        y = x * 1.0
        rng.shuffle(y)
        entries = [*y]
        rng.shuffle(entries)
        return fnp.array(entries)

    x = np.arange(5.0)
    expected = shuffled(x, np.random.RandomState(3))
    drawn = partial(shuffled, rng=fnp.random.RandomState(3))
    np.testing.assert_array_equal(fgrad.vjp(drawn, x)[0], expected)
    with pytest.raises(TypeError, match="item assignment"):
        fgrad.grad(lambda x: fnp.random.default_rng(0).shuffle(x[0]))(x)


@pytest.mark.parametrize("name", CALLS)
def test_the_global_generator(name):
    args = CALLS[name][1]
    state = np.random.get_state()
    try:
        np.random.seed(3)
        expected = getattr(np.random, name)(*args)

        def drawn(*args):
            np.random.seed(3)
            return getattr(fnp.random, name)(*args)

        np.testing.assert_array_equal(drawn(*args), expected)
        np.testing.assert_allclose(fgrad.vjp(drawn, *args)[0], expected, rtol=1e-13)
        check_grads(drawn, args, rtol=1e-9)
    finally:
        np.random.set_state(state)


def test_streams_go_on():
    """A traced draw takes as many numbers from the stream as a plain one."""
    for name, calls in CALLS.items():
        for maker, _ in MAKERS.values():
            plain, traced = maker(5), maker(5)
            getattr(plain, name)(*calls[1])
            fgrad.vjp(getattr(traced, name), *calls[1])
            assert plain.random() == traced.random(), name


def test_float32_parameters():
    x = np.float32(1.5)
    d = fgrad.grad(lambda x: fnp.random.default_rng(0).normal(x, x))(x)
    assert d.dtype == np.float32


def test_lists():
    def drawn(x):
        return np.sum(fnp.random.default_rng(0).normal([x, 1.0], [2.0, x]))

    z = np.random.default_rng(0).standard_normal(2)
    np.testing.assert_allclose(fgrad.grad(drawn)(0.5), 1 + z[1], rtol=1e-14)


def test_keywords():
    def drawn(x):
        return fnp.random.default_rng(0).normal(scale=x, size=())

    z = np.random.default_rng(0).standard_normal()
    np.testing.assert_allclose(fgrad.grad(drawn)(0.5), z, rtol=1e-14)


@pytest.mark.parametrize(
    "name", sorted(f.__name__ for f in REFUSED if f in vars(np.random).values())
)
def test_refusals(name):
    with pytest.raises(ConversionError, match=f"^{name} "):
        fgrad.grad(lambda x: getattr(fnp.random, name)(x))(0.5)


def test_refused_options():
    rng = fnp.random.default_rng(0)
    with pytest.raises(MissingRuleError, match="choice with respect to p"):
        fgrad.grad(lambda p: rng.choice(2, p=[p, 1 - p]))(0.5)
    with pytest.raises(ConversionError, match="into a NumPy array"):
        fgrad.vjp(lambda x: rng.permuted(x, out=np.empty(3)), A)


def test_parameters_are_checked_as_numpy_does():
    rng = fnp.random.default_rng(0)
    with pytest.raises(ValueError, match="scale < 0"):
        fgrad.grad(lambda x: rng.normal(0.0, x))(-1.0)
    with pytest.raises(ValueError, match="Output size"):
        fgrad.vjp(lambda x: rng.normal(x, size=2), A)
    with pytest.warns(RuntimeWarning, match="covariance"):
        fgrad.vjp(lambda m: rng.multivariate_normal(m, -np.eye(3)), A)


def test_it_is_numpys_generator():
    rng = fnp.random.default_rng(0)
    assert isinstance(rng, np.random.Generator)
    assert fnp.random.default_rng(rng) is rng
    shared = np.random.default_rng(0)
    assert fnp.random.default_rng(shared).bit_generator is shared.bit_generator
    for maker in (fnp.random.default_rng, fnp.random.RandomState):
        rng = maker(0)
        rng.normal()
        for twin in (copy.deepcopy(rng), pickle.loads(pickle.dumps(rng))):
            assert type(twin) is type(rng)
            assert twin.normal() == copy.deepcopy(rng).normal()
    assert all(
        type(r) is fnp.random.Generator for r in fnp.random.default_rng(0).spawn(2)
    )


def test_every_distribution_is_tested():
    tested = {
        *CALLS,
        *GATHERS,
        "gamma",
        "vonmises",
        "multivariate_normal",
        "permuted",
        "shuffle",
    }
    derived = {name for name in dir(np.random.Generator) if
               getattr(np.random.Generator, name) in DERIVED}  # fmt: skip
    assert tested == derived
