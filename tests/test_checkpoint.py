"""`checkpoint`: the same derivatives from less memory, in any composition."""

import threading
import tracemalloc
import weakref

import numpy as np
import pytest

from fgrad import (
    checkpoint,
    errors,
    grad,
    hessian,
    hvp,
    index_add,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    linearize,
    vjp,
    vmap,
)
from fgrad._engine.box import stored
from fgrad.testing import check_grads
from tests.test_errors import raised

X = np.array([0.3, 0.8])
W = np.array([[0.2, 0.5], [0.1, -0.4]])


def layer(x, w):
    return np.tanh(w @ x) * x[0]


def test_derivatives():
    check_grads(checkpoint(layer), (X, W), order=3, rtol=1e-9)
    nested = checkpoint(lambda x: checkpoint(np.sin)(x) * x)
    check_grads(nested, (X,), order=3, rtol=1e-9)
    closure = lambda x, w: checkpoint(lambda y: layer(y, w))(x * 2)  # noqa: E731
    check_grads(closure, (X, W), order=3, rtol=1e-9)
    tree = checkpoint(lambda p: {"a": p["x"], "b": np.sin(p["x"]), "n": 3})
    check_grads(lambda x: tree({"x": x})["b"] * tree({"x": x})["a"], (X,), rtol=1e-9)
    check_grads(vmap(checkpoint(layer)), (np.stack([X, -X]), np.stack([W, 2 * W])))
    cube = checkpoint(lambda z: z**3 + np.abs(z))
    check_grads(cube, (np.array([0.5 + 1j, -0.3j]),), order=2, rtol=1e-8)
    assert checkpoint(layer)(X, W).tolist() == layer(X, W).tolist()


def all_kinds(wrap):
    """Arguments, closures, trees, other transforms and checkpoints inside."""

    def f(x):
        v = np.linspace(0.5, -0.3, 3)
        y = wrap(lambda a, b: np.tanh(v * a) * b[0])(x, x[::-1])
        z = wrap(lambda a: a * y + np.sum(y) * x)(y)
        tree = wrap(lambda p: {"u": np.sin(p["u"]), "n": 3, "v": p["u"] * p["v"]})
        p = tree({"u": z, "v": x})
        q = wrap(lambda: np.cumsum(p["v"]) * p["n"])()  # no argument at all
        r = wrap(lambda a: wrap(np.exp)(-(a**2)) + wrap(lambda b: b * a)(q))(p["u"])
        s = wrap(lambda a: index_add(a, np.array([0, 2]), a[1:] * 2))(r)
        t = wrap(lambda a: vmap(lambda e: np.sin(e) * np.sum(x))(a))(s)
        u = wrap(lambda a: grad(lambda e: np.sum(np.tanh(e * a) ** 2))(x))(t)
        return u + wrap(lambda a: a)(x) * 0.1

    return f


def weighed(f):
    return lambda x: np.sum(f(x) * np.cos(x))


TRANSFORMS = {
    "grad": lambda f: grad(weighed(f)),
    "jvp": lambda f: lambda x: jvp(f, (x,), (np.cos(x),))[1],
    "linearize": lambda f: lambda x: linearize(f, x)[1](np.cos(x)),
    "vjp": lambda f: lambda x: vjp(f, x)[1](np.cos(x))[0],
    "hvp": lambda f: lambda x: hvp(weighed(f), (x,), (np.sin(x),))[1],
    "jacrev": lambda f: lambda x: jacrev(f)(x) @ np.arange(3.0),
    "jacfwd": lambda f: lambda x: jacfwd(f)(x) @ np.arange(3.0),
    "vmap": lambda f: lambda x: np.sum(vmap(f)(np.stack([x, x * 0.5])), 0),
    "shared": lambda f: (
        lambda x: np.sum(vmap(lambda k: f(x * k))(np.array([1.0, 0.3])), 0)
    ),
    "checkpoint": checkpoint,
}

PAIRS = [
    *((name,) for name in TRANSFORMS),
    *((inner, outer) for inner in ("grad", "jvp", "vmap") for outer in TRANSFORMS),
    ("grad", "vmap", "grad"),
    ("shared", "grad", "hvp"),
    ("hvp", "shared", "grad"),
    ("grad", "grad", "jacfwd"),
    ("jvp", "grad", "jvp"),
    ("vmap", "jacrev", "vjp"),
]


@pytest.mark.parametrize("names", PAIRS, ids=" ".join)
def test_compositions(names):
    """The first name is the innermost transform."""
    plain, ours = all_kinds(lambda f: f), all_kinds(checkpoint)
    for name in names:
        plain, ours = TRANSFORMS[name](plain), TRANSFORMS[name](ours)
    x = np.array([0.3, -0.4, 0.8])
    expected = plain(x)
    size = np.max(np.abs(expected))
    np.testing.assert_allclose(ours(x), expected, rtol=1e-9, atol=1e-10 * size)


def test_hessians_and_jacobians():
    f, g = all_kinds(lambda f: f), all_kinds(checkpoint)
    x = np.array([0.3, -0.4, 0.8])
    np.testing.assert_allclose(jacobian(g)(x), jacobian(f)(x), rtol=1e-12)
    np.testing.assert_allclose(hessian(weighed(g))(x), hessian(weighed(f))(x))
    xs = np.stack([x, -x])
    np.testing.assert_allclose(
        vmap(hessian(weighed(g)))(xs), vmap(hessian(weighed(f)))(xs)
    )


def test_values_of_enclosing_examples():
    """In replay the function meets values that were batched by a finished `vmap`."""

    def total(w):
        each = lambda x: checkpoint(lambda w: np.where(x > 0, w * x, w * w))(w)  # noqa: E731
        return np.sum(vmap(each)(np.array([3.0, -1.0])))

    assert grad(total)(2.0) == 3 + 2 * 2
    assert grad(grad(total))(2.0) == 2


def test_what_a_checkpointed_function_stored_keeps_its_derivative():
    kept = []

    def stores(x):
        kept.append(np.sin(x))
        return x * 2

    assert grad(lambda x: checkpoint(stores)(x) + kept[0])(0.0) == 3.0
    # What it stored while a trace was open once more has leaked like anything else.
    message = raised(errors.LeakedTracerError, lambda: kept[1] + 1)
    assert message.startswith("this value was traced by grad(<lambda>) and used after")


def test_a_pullback_may_be_called_again():
    _, pullback = vjp(checkpoint(layer), X, W)
    g = np.ones(2)
    first, again = pullback(g), pullback(g)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])


def test_how_often_it_runs():
    """Each order about doubles it."""
    runs = []

    def f(x):
        runs.append(1)
        return np.exp(np.sin(x))

    derivative = lambda x: checkpoint(f)(checkpoint(f)(x)) * x  # noqa: E731
    for most in (1, 2, 4, 8, 16):
        runs.clear()
        derivative(0.5)
        assert most / 2 < len(runs) / 2 <= most
        derivative = grad(derivative)


def test_a_result_that_nobody_uses_is_not_replayed():
    f = checkpoint(lambda x: (x / x, x * 2))
    with np.errstate(all="ignore"):
        gradient = grad(lambda x: np.sum(f(x)[1]))(np.array([0.0, 1.0]))
    np.testing.assert_array_equal(gradient, 2)


def test_it_must_return_the_same_again():
    words = (
        " did something else when it ran again: a checkpointed function must depend on "
        "its arguments only. Draw random numbers outside, and pass them to it."
    )
    scales = iter([1.0, 2.0, 3.0])

    def impure(x, y):
        return x * 2 if next(scales) == 1.0 else y * 3

    def f(z):
        a, b = z * 2, z * 3
        return checkpoint(lambda: None)() or checkpoint(impure)(a, b)

    assert raised(errors.RuleError, lambda: grad(f)(1.0)) == "impure" + words
    rng = np.random.default_rng(0)

    def dropout(x):
        return x * (rng.random(x.shape) < 0.5)

    x = np.ones((50, 40))
    for derivative in (
        grad(lambda x: np.sum(checkpoint(dropout)(x))),
        vmap(grad(lambda x: np.sum(checkpoint(dropout)(x)))),
        grad(lambda x: np.sum(vmap(checkpoint(dropout))(x))),
        grad(lambda x: np.sum(grad(lambda x: np.sum(checkpoint(dropout)(x) ** 2))(x))),
    ):
        message = raised(errors.RuleError, lambda d=derivative: d(x))
        assert message == "dropout" + words
    lengths = iter([1, 2])
    longer = checkpoint(lambda x: [x * 2] * next(lengths))
    assert raised(errors.RuleError, lambda: grad(lambda x: longer(x)[0])(1.0)) == (
        "<lambda>" + words
    )
    signs = iter([1, -1])
    turned = checkpoint(lambda x: (x * 2, next(signs)))
    assert raised(errors.RuleError, lambda: grad(lambda x: turned(x)[0])(1.0)) == (
        "<lambda>" + words
    )
    # Not a number is the same as itself, and what is no number is not compared.
    same = checkpoint(lambda x: (x / x, object(), np.inf * x, x + 0 * next(noise)))
    noise = iter([1.0, 1.0 + 1e-15])
    with np.errstate(all="ignore"):
        gradient = grad(lambda x: np.sum(same(x)[3]))(np.array([0.0, 1.0]))
    np.testing.assert_array_equal(gradient, 1)


def test_an_exception_when_it_runs_again_leaves_everything_closed():
    runs, boxes = [], []

    def fails(x):
        runs.append(1)
        boxes.append(x)
        if len(runs) > 1:
            raise KeyError("second")
        return x * 2

    with pytest.raises(KeyError, match="second"):
        grad(lambda x: vmap(checkpoint(fails))(x).sum())(X)
    for box in boxes:
        message = raised(errors.LeakedTracerError, lambda box=box: box + 1)
        assert message.startswith("this value was batched by vmap(fails) and used")


def decay(state, rate):
    return {"x": state["x"] - rate * np.sin(state["x"]), "t": state["t"] + 1.0}


def test_loops():
    def plain(x, rate, n):
        state = {"x": x, "t": 0.0}
        for _ in range(n):
            state = decay(state, rate)
        return state["x"] * state["t"]

    for n, every in ((0, 3), (7, 3), (9, 3), (4, 10)):
        loop = checkpoint(decay, every=every)

        def ours(x, rate, loop=loop, n=n):
            state = loop({"x": x, "t": 0.0}, n, rate)
            return state["x"] * state["t"]

        np.testing.assert_array_equal(ours(X, 0.1), plain(X, 0.1, n))
        check_grads(ours, (X, 0.1), rtol=1e-9)
    inputs = np.array([1.0, 2.0, 3.0])
    filtered = checkpoint(lambda s, x, a: a * s + x, every=2)
    np.testing.assert_allclose(grad(filtered, 2)(0.0, inputs, 0.5), 2 + 2 * 0.5)
    np.testing.assert_allclose(grad(filtered, 1)(0.0, inputs, 0.5), [0.25, 0.5, 1])
    for every in (0, -1, 1.5, "2"):
        with pytest.raises(ValueError, match="checkpoint needs every >= 1"):
            checkpoint(decay, every=every)
    with pytest.raises(TypeError, match=r"checkpoint needs a function, but got 3\."):
        checkpoint(3)
    for steps in (2.0, None, iter([1.0])):
        with pytest.raises(TypeError, match="needs the number of steps, or a sequence"):
            checkpoint(decay, every=2)({"x": X, "t": 0}, steps, 0.1)
    ours = checkpoint(lambda s: s * 2.0, every=2)(1.0, np.int64(3))
    assert ours == 8.0


@pytest.mark.parametrize("n", [64, 256])
@pytest.mark.parametrize("name", ["grad", "vmap", "mapped"])
def test_memory_of_loops_grows_like_the_root(n, name):
    """States that are alive at once, in the run or in replay."""

    def most(every):
        states, alive = [], [0]

        def step(x):
            x = x - 0.1 * np.sin(x)
            states.append(weakref.ref(stored(x)))
            alive.append(sum(state() is not None for state in states))
            return x

        loop = checkpoint(step, every=every) if every else repeated(step)
        {
            "grad": lambda x: grad(lambda x: np.sum(loop(x, n)))(x),
            "vmap": vmap(grad(lambda x: np.sum(loop(x, n)))),
            "mapped": grad(lambda x: np.sum(vmap(lambda x: loop(x, n))(x))),
        }[name](np.stack([X, -X]))
        return max(alive)

    def repeated(step):
        def loop(x, n):
            for _ in range(n):
                x = step(x)
            return x

        return loop

    root = round(n**0.5)
    assert most(None) >= n
    assert most(root) <= 2 * root + 2


N = 40_000  # replay frees large arrays at once, as a larger program has


def blocks(wrap):
    """Ten blocks of twenty operations that keep an array each."""

    def block(x):
        for _ in range(20):
            x = np.tanh(x) * 0.9
        return x

    def f(x):
        for _ in range(10):
            x = wrap(block)(x)
        return np.sum(x**2)

    return f


X2, V2 = np.linspace(-1, 1, N).reshape(10, -1), np.cos(np.arange(N)).reshape(10, -1)

MEASURED = {
    "grad": lambda f: grad(f)(X2),
    "vjp": lambda f: vjp(f, X2)[1](1.0)[0],
    "linearize": lambda f: linearize(f, X2)[1](V2),
    "hvp": lambda f: hvp(f, (X2,), (V2,))[1],
    "jvp of grad": lambda f: jvp(grad(f), (X2,), (V2,))[1],
    "grad of jvp": lambda f: grad(lambda x: jvp(f, (x,), (V2,))[1])(X2),
    "grad of grad": lambda f: grad(lambda x: np.sum(grad(f)(x) * V2))(X2),
    "vmap of grad": lambda f: vmap(grad(f))(X2),
    "grad of vmap": lambda f: grad(lambda x: np.sum(vmap(f)(x)))(X2),
    "vmap of hvp": lambda f: vmap(lambda x, v: hvp(f, (x,), (v,))[1])(X2, V2),
    "hvp of vmap": lambda f: hvp(lambda x: np.sum(vmap(f)(x)), (X2,), (V2,))[1],
    "grad of vmap of grad": lambda f: grad(lambda x: np.sum(vmap(grad(f))(x) * V2))(X2),
}


@pytest.mark.parametrize("name", MEASURED)
def test_memory_is_saved_at_every_level(name):
    def peak(wrap):
        tracemalloc.start()
        try:
            found = MEASURED[name](blocks(wrap))
            return tracemalloc.get_traced_memory()[1] / (8 * N), found
        finally:
            tracemalloc.stop()

    plain, expected = peak(lambda f: f)
    ours, found = peak(checkpoint)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-13)
    assert plain > 200
    assert ours < plain / 4


def test_threads():
    """One pullback, and one function, in many threads that open traces again."""

    def f(x):
        y = checkpoint(lambda a: np.tanh(a) * a[0])(x)
        return checkpoint(lambda a: np.cumsum(np.sin(a) * y))(y)

    xs = np.linspace(0, 1, 12).reshape(3, 4)
    _, pullback = vjp(vmap(f), xs)
    second = lambda x: grad(lambda x: np.sum(grad(lambda x: np.sum(f(x)))(x)))(x)  # noqa: E731
    tasks = [
        lambda: pullback(np.ones((3, 4)))[0],
        lambda: hvp(lambda x: np.sum(vmap(f)(x)), (xs,), (xs,))[1],
        lambda: second(xs[1]),
    ]
    expected = [task() for task in tasks]
    wrong = []

    def work(seed):
        for i in range(20):
            k = (seed + i) % 3
            if not np.array_equal(tasks[k](), expected[k]):
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.filterwarnings("ignore:a derivative is nan")
@pytest.mark.parametrize("x", [np.zeros(2), np.array([0.0, 1.0]), 0.0])
def test_a_cotangent_that_just_happens_to_be_zero(x):
    """It is no zero that masks a nan: the segment says what it says without."""
    for fun in (
        lambda s: lambda x: np.sum(x * s(x)),
        lambda s: lambda x: np.sum(s(x) ** 2),
        lambda s: lambda x: np.sum(s(x * x)) ** 2,
        lambda s: lambda x: np.sum(np.where(x > 0, s(x), 0.0)),
    ):
        kept = checkpoint(lambda t: np.sqrt(t))
        plain = grad(fun(np.sqrt))(x)
        np.testing.assert_array_equal(grad(fun(kept))(x), plain)
